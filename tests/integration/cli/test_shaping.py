"""``hatobin shaping``: what applies, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    made = Terminal(tmp_path_factory.mktemp("shaping") / "data")
    words = ("--email", "hanako@office.example", "--workspace", "Office")
    made.run("createowner", *words, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810")
    return made


def test_a_file_is_checked_by_lines_and_the_status_says_it(terminal: Terminal) -> None:
    bad = terminal.write("bad.toml", "[default]\nconections = 1\n")
    done = terminal.run("shaping", "check", bad)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("bad.toml:2: default.conections: ")
    assert "connections" in done.err
    told = terminal.run("shaping", "check", "--json", bad)
    assert (told.status, told.json["ok"], told.json["problems"][0]["line"]) == (2, False, 2)
    good = terminal.write("good.toml", "[default]\nconnections = 50\n")
    assert terminal.run("shaping", "check", good).status == 0
    own = terminal.run("shaping", "check", "--workspace", "Office", good)
    assert own.status == 2
    assert "at most 10" in own.err
    odd = terminal.write("odd.toml", "# é", "latin-1")
    assert terminal.run("shaping", "check", odd, "--json").error["code"] == "cannot-read"


def test_what_applies_is_shown_with_its_place(terminal: Terminal) -> None:
    file = terminal.write("own.toml", "[default]\nconnections = 4\n")
    done = terminal.run("shaping", "show", "example.jp", HATOBIN_SHAPING_FILE=file)
    assert done.status == 0, done.err
    assert f"Connections at a time: 4  ({Path(file).absolute()}:2)" in done.out
    shown = terminal.run("shaping", "show", "docomo.ne.jp", "--json").json
    assert (shown["destination"], shown["values"][1]["value"]) == ("docomo", "5/s")
    whole = terminal.run("shaping", "show", HATOBIN_LANGUAGE="ja")
    assert "毎秒5通" in whole.out
    broken = terminal.write("broken.toml", "nonsense")
    refused = terminal.run("shaping", "show", "--json", HATOBIN_SHAPING_FILE=broken)
    assert (refused.status, refused.error["code"]) == (2, "shaping-file")
