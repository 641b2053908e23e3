"""``hatobin doctor`` and what every command says when it cannot begin."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import need_program
from tests.doubles.ports import free_port
from tests.doubles.wire_tap import WireTap
from tests.integration.cli.terminal import Terminal


def findings(done: Any) -> dict[str, list[dict[str, Any]]]:
    """By name."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for each in done.json["findings"]:
        by_name.setdefault(each["name"], []).append(each)
    return by_name


def ports() -> dict[str, str]:
    return {"HATOBIN_PORT": str(free_port()), "HATOBIN_SANDBOX_PORT": str(free_port())}


def test_a_new_installation_is_told_to_migrate_and_is_well_then(terminal: Terminal) -> None:
    before = terminal.run("doctor", "--json", **ports())
    assert before.status == 1
    assert findings(before)["schema"][0]["advice"] == "Run: hatobin migrate"
    assert terminal.run("migrate").status == 0
    after = terminal.run("doctor", "--json", **ports())
    assert after.status == 0, after.out
    names = {"settings", "disk", "ports", "keys", "database", "schema", "clock", "sealing"}
    assert findings(after).keys() == names
    assert all(each["ok"] for each in after.json["findings"])
    text = terminal.run("doctor", **ports())
    assert "PROBLEM" not in text.out
    assert "PostgreSQL" in text.out


def test_a_relay_that_is_down_is_named_with_advice(terminal: Terminal) -> None:
    people = terminal.write("one.csv", "メール\na@example.jp\n")
    body = terminal.write("one.txt", "お知らせ")
    with WireTap() as tap:
        words = ["--list-file", people, "--text-file", body, "--subject", "x", "--kind", "notice"]
        legal = ["--from", "a@example.jp", "--postal-address", "中央1-1", "--contact", "広報課"]
        road = ["--egress", f"smtp://127.0.0.1:{tap.port}", "--yes"]
        assert terminal.run("send", *words, *legal, *road).status == 0
        well = terminal.run("doctor", "--json", **ports())
        assert well.status == 0, well.out
    ill = terminal.run("doctor", "--json", **ports())
    assert ill.status == 1
    (egress,) = findings(ill)["egress"]
    assert str(tap.port) in egress["text"]
    assert egress["advice"]


def test_a_port_that_another_program_uses_is_told_from_our_own(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = terminal.run("doctor", "--json", **(ports() | {"HATOBIN_PORT": port}))
    assert done.status == 1
    web = findings(done)["ports"][0]
    assert "another program" in web["text"]
    assert "HATOBIN_PORT" in web["advice"]


@pytest.mark.parametrize(
    ("environment", "name", "said"),
    [
        ({"HATOBIN_PORT": "eighty"}, "settings", "HATOBIN_PORT"),
        ({"HATOBIN_BASE_URL": "ftp://x"}, "settings", "HATOBIN_BASE_URL"),
        ({"HATOBIN_DNS_SERVERS": "ns.example.jp"}, "settings", "HATOBIN_DNS_SERVERS"),
        ({"HATOBIN_MASTER_KEY": "himitsu-himitsu"}, "keys", "HATOBIN_MASTER_KEY"),
        ({"HATOBIN_MASTER_KEY_FILE": "/nowhere/key"}, "settings", "HATOBIN_MASTER_KEY_FILE"),
        ({"DATABASE_URL": "postgres://u:himitsu@127.0.0.1:1/x"}, "database", "refused"),
        ({"DATABASE_URL": "mysql://u:himitsu@127.0.0.1/x"}, "settings", "DATABASE_URL"),
        ({"DATABASE_URL": "not a url, himitsu"}, "settings", "DATABASE_URL"),
        ({"HATOBIN_DATABASE_URL": "postgres://u:himitsu@h:x/y"}, "settings", "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://u:himitsu@[::1/y"}, "settings", "DATABASE_URL"),
    ],
)
def test_each_part_that_is_ill_is_named_and_no_secret_is_shown(
    terminal: Terminal, environment: dict[str, str], name: str, said: str
) -> None:
    done = terminal.run("doctor", "--json", **(ports() | environment))
    assert done.status == 1, done.out
    (ill,) = [each for each in findings(done)[name] if not each["ok"]]
    assert said in ill["text"]
    assert ill["advice"]
    assert "himitsu" not in done.out + done.err


def test_other_commands_say_it_in_a_sentence_too(terminal: Terminal) -> None:
    people = terminal.write("two.csv", "メール\na@example.jp\n")
    words = ["import", people, "--list", "x", "--basis", "given", "--json"]
    away = terminal.run(*words, DATABASE_URL="postgres://u:p@127.0.0.1:1/x")
    assert (away.status, away.error["code"]) == (2, "cannot-start")
    assert "hatobin doctor" in away.err
    wrong = terminal.run(*words, HATOBIN_PORT="eighty")
    assert (wrong.status, wrong.error["code"]) == (2, "cannot-start")
    other = terminal.run(*words, DATABASE_URL="mysql://u:p@127.0.0.1/x")
    assert (other.status, other.error["code"]) == (2, "cannot-start")
    assert "DATABASE_URL: must be like postgres://" in other.err
    for command in ("web", "sender", "worker", "sandbox", "migrate"):
        done = terminal.run(command, DATABASE_URL="postgres://u:p@127.0.0.1:1/x")
        assert done.status == 1, command
        assert "Traceback" not in done.err
        assert "does not answer" in done.err


def test_a_data_folder_that_cannot_be_is_named(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    done = terminal.run("doctor", "--json", HATOBIN_DATA_DIR=str(file / "data"))
    assert done.status == 1
    assert "HATOBIN_DATA_DIR" in done.json["findings"][0]["text"]
    for command in ("serve", "migrate"):
        refused = terminal.run(command, HATOBIN_DATA_DIR=str(file / "data"))
        assert refused.status == 1
        assert "Traceback" not in refused.err
        assert str(file) in refused.err


def test_a_data_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = Terminal(closed).shell(f'{as_anybody(closed)} "$@"', "migrate")
    assert done.status == 1
    assert f"You may not write to the data folder {closed}." in done.err


def as_anybody(closed: Path) -> str:
    """What stands before a command so that this folder is closed to it: root goes without what opens every folder."""
    if not os.access(closed, os.W_OK):
        return ""
    without = "-dac_override,-dac_read_search"
    return f"{need_program('setpriv')} --inh-caps {without} --bounding-set {without}"
