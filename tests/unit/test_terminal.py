"""Commands speak the language of the terminal, before anything is set up."""

from __future__ import annotations

import pytest

from hatobin.common import terminal
from hatobin.common.sentences import in_a_row


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
        ({"LANG": "en_GB.UTF-8", "HATOBIN_LANGUAGE": "ja"}, "ja"),
    ],
)
def test_the_terminal_decides(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("HATOBIN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal.terminal_language() == language
    said = {"ja": "何も送信していません。", "en": "Nothing was sent."}
    assert terminal.gettext("Nothing was sent.") == said[language]


def test_japanese_letters_take_two_columns() -> None:
    assert terminal.columns("鳩便 ok") == 7


def test_sentences_follow_each_other_as_their_language_does() -> None:
    assert in_a_row("It is full.", "", "Empty it.") == "It is full. Empty it."
    assert in_a_row("いっぱいです。", "空にしてください。") == "いっぱいです。空にしてください。"


@pytest.mark.parametrize(("count", "said"), [(1, "1 letter?"), (2, "2 letters?")])
def test_one_is_said_as_one(monkeypatch: pytest.MonkeyPatch, count: int, said: str) -> None:
    monkeypatch.setenv("HATOBIN_LANGUAGE", "en")
    text = terminal.ngettext("Send %(count)s letter?", "Send %(count)s letters?", count)
    assert text % {"count": count} == f"Send {said}"
    monkeypatch.setenv("HATOBIN_LANGUAGE", "ja")
    text = terminal.ngettext("Send %(count)s letter?", "Send %(count)s letters?", count)
    assert text % {"count": count} == f"{count}通を配信しますか。"
