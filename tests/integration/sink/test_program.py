"""The sink as a process of its own: several addresses, a modes file, killed and started again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.doubles.oracle import check_promises, compare
from tests.doubles.sink_process import SinkProcess
from tests.integration.sink.client import Client, until


def test_it_listens_on_several_addresses_and_ports(tmp_path: Path) -> None:
    hosts = ("--host", "127.0.0.1", "--host", "127.0.0.2")
    with SinkProcess(tmp_path, *hosts, "--port", "0") as sink:
        assert [host for host, _port in sink.addresses] == ["127.0.0.1", "127.0.0.2"] * 2
        ports = [port for _host, port in sink.addresses]
        assert ports[0] == ports[1] != ports[2] == ports[3]
        for host, port in sink.addresses:
            with Client(port, host=host) as client:
                assert client.letter() == 250
        assert [entry.server for entry in sink.entries()] == [f"{h}:{p}" for h, p in sink.addresses]


def test_its_modes_come_from_a_file(tmp_path: Path) -> None:
    modes = tmp_path / "modes.toml"
    modes.write_text(
        '[[fault]]\nname = "full"\nstage = "rcpt"\ndomain = "full.example"\naction = "452 Full"\n'
        "[[connections]]\nmessages = 1\n"
    )
    with SinkProcess(tmp_path, "--modes", str(modes), "--fault", "rcpt/x@*=550 No") as sink:
        with Client(sink.port) as client:
            assert client.letter("a@full.example") == 452
            client.say("RSET")
            assert client.letter("x@full.example") == 550
            client.say("RSET")
            assert [client.letter(), client.letter()] == [250, 421]
        assert [entry.fault for entry in sink.entries()] == [
            "full", "rcpt=550 No", "", "connections: 1 messages",
        ]  # fmt: skip


def test_the_same_seed_gives_the_same_fates(tmp_path: Path) -> None:
    def fates(name: str, seed: str) -> list[int]:
        folder = tmp_path / name
        folder.mkdir()
        with SinkProcess(folder, "--fault", "rcpt%0.5=452 No", "--seed", seed) as sink:
            with Client(sink.port) as client:
                client.say("MAIL FROM:<a@b.jp>")
                return [client.say(f"RCPT TO:<p{number}@c.jp>")[0] for number in range(40)]

    assert fates("one", "3") == fates("two", "3") != fates("three", "4")


def test_a_wrong_modes_file_is_refused_with_line_and_key(tmp_path: Path) -> None:
    modes = tmp_path / "modes.toml"
    modes.write_text('[[fault]]\nstage = "rcpt"\naction = "explode"\n')
    with pytest.raises(RuntimeError, match=r"modes\.toml, line 3: fault\.action: 'explode'"):
        SinkProcess(tmp_path, "--modes", str(modes)).__enter__()
    with pytest.raises(RuntimeError, match=r"missing\.toml cannot be read"):
        SinkProcess(tmp_path, "--modes", str(tmp_path / "missing.toml")).__enter__()


def test_killed_in_the_middle_its_journal_holds_all_that_was_answered(tmp_path: Path) -> None:
    answered: set[str] = set()

    def deliver(port: int, number: int) -> None:
        try:
            with Client(port) as client:
                for letter in range(100_000):
                    name = f"{number}-{letter}@b.jp"
                    body = f"Message-ID: <{name}>\r\n\r\nhello\r\n".encode()
                    if client.letter("hanako@example.jp", body) != 250:
                        return
                    answered.add(name)
        except (ConnectionError, ValueError):  # ValueError: a reply that was cut short
            return

    with SinkProcess(tmp_path) as sink:
        threads = [
            threading.Thread(target=deliver, args=(sink.port, number)) for number in range(8)
        ]
        for thread in threads:
            thread.start()
        until(lambda: len(answered) > 300, "some letters are taken")
        sink.kill()
        for thread in threads:
            thread.join(30)
    with SinkProcess(tmp_path, port=sink.port) as again:
        with Client(again.port) as client:
            assert client.letter() == 250
        entries = again.entries()
    taken = [entry for entry in entries if entry.taken]
    ledger = dict.fromkeys(answered, "accepted") | {"one@example.jp": "accepted"}
    unanswered = {entry.message_id for entry in taken} - ledger.keys()
    assert len(unanswered) <= 8  # one for each connection that was open
    ledger |= dict.fromkeys(unanswered, "in-doubt")
    check_promises(compare(taken, ledger), in_doubt_at_most=8)
