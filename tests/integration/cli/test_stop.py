"""``hatobin stop``: one letter for good, a workspace or everything until it is lifted."""

from __future__ import annotations

import pytest
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.slow

FIRST, SECOND = "さくら市役所", "みどり商店"


@pytest.fixture(scope="module")
def office(terminal: Terminal) -> Terminal:
    """Two workspaces."""
    for number, name in enumerate((FIRST, SECOND)):
        words = ("--email", f"owner{number}@office.example", "--workspace", name)
        done = terminal.run("createowner", *words, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810")
        assert done.status == 0, done.err
    return terminal


def test_what_to_stop_must_be_said(office: Terminal) -> None:
    assert office.run("stop", "--json").error["code"] == "bad-usage"
    both = office.run("stop", "--all", "--workspace", FIRST, "--json")
    assert (both.status, both.error["code"]) == (2, "bad-usage")
    assert office.run("stop", "--workspace", "nowhere", "--json").error["code"] == "which-workspace"
    assert (
        office.run("stop", "no such letter", "--workspace", FIRST, "--json").error["code"]
        == "no-letter"
    )
    assert office.run("stop", "--status", "--json").json == {"stops": []}
    assert office.run("stop", "--status").out.strip() == "No emergency stop stands."


def test_help_and_errors_call_a_letter_a_letter(office: Terminal) -> None:
    help_text = office.run("stop", "--help").out
    assert "[LETTER]" in help_text
    assert "CAMPAIGN" not in help_text
    assert office.run("stop", "--json").error["option"] == "LETTER"


def test_a_workspace_is_stopped_shown_and_lifted(office: Terminal) -> None:
    done = office.run("stop", "--workspace", FIRST, "--reason", "wrong list", "--json")
    assert done.status == 0, done.err
    (stop,) = done.json["stops"]
    assert (stop["everywhere"], stop["workspace"], stop["reason"]) == (False, FIRST, "wrong list")
    assert (stop["sending"], stop["held"], stop["in_flight"]) == (0, 0, 0)
    shown = office.run("stop", "--status", "--workspace", FIRST)
    assert FIRST in shown.out
    assert "wrong list" in shown.out
    assert office.run("stop", "--status", "--workspace", SECOND, "--json").json == {"stops": []}
    lifted = office.run("stop", "--lift", "--workspace", FIRST, "--json")
    assert lifted.json == {"lifted": True, "letters": 0}
    assert office.run("stop", "--lift", "--workspace", FIRST, "--json").error["code"] == "no-stop"


def test_everything_is_stopped_and_a_letter_that_is_sent_then_is_refused(office: Terminal) -> None:
    assert office.run("stop", "--all").status == 0
    people = office.write("p.csv", "氏名,メール\n山田花子,hanako@example.jp\n")
    text = office.write("t.txt", "{{ 氏名 }} 様\n")
    sending = office.run(
        "send", "--list-file", people, "--from", "広報 <news@office.example>", "--subject", "x",
        "--text-file", text, "--workspace", SECOND, "--postal-address", "1-1", "--contact", "a",
        "--egress", "sandbox", "--yes", "--json",
    )  # fmt: skip
    assert sending.status == 2
    assert sending.error["code"] == "emergency-stop"
    lifted = office.run("stop", "--lift", "--all")
    assert lifted.out.startswith("The stop is lifted.")


def test_it_speaks_japanese(office: Terminal) -> None:
    japanese = Terminal(office.folder, "ja_JP.UTF-8")
    assert "緊急停止" in japanese.run("stop", "--status").out
