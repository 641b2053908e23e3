"""Commands that need neither database nor data folder: help, ``openapi``, ``sink``."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.doubles.service import until
from tests.integration.cli.terminal import Terminal

from hatobin.api.urls import api
from hatobin.cli.main import hatobin
from hatobin.config import commands

commands.add_to(hatobin)
LETTER = "Subject: =?UTF-8?B?44GT44KT44Gr44Gh44Gv?=\r\n\r\n.dot\r\nhello\r\n"


@pytest.fixture
def nowhere(tmp_path: Path) -> Terminal:
    """A terminal whose data folder cannot be made."""
    (tmp_path / "file").write_text("")
    return Terminal(tmp_path / "file" / "data")


def test_help_lists_every_command_and_needs_nothing(nowhere: Terminal) -> None:
    done = nowhere.run("--help")
    assert done.status == 0
    assert all(f"  {name} " in done.out for name in hatobin.commands)
    assert "sink" in done.out
    assert nowhere.run("send", "--help", HATOBIN_PORT="eighty").status == 0
    assert nowhere.run("--version").out.startswith("hatobin, version ")


def test_openapi_prints_the_file_that_is_served(tmp_path: Path) -> None:
    done = Terminal(tmp_path / "unused").run("openapi")
    assert done.status == 0, done.err
    assert done.json == json.loads(json.dumps(api.get_openapi_schema()))
    assert not (tmp_path / "unused").exists()


@contextmanager
def sink(terminal: Terminal, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A running sink and its port."""
    running = terminal.start("sink", "--port", "0", *words)
    said = running.stderr if "--json" in words else running.stdout
    assert said is not None
    first = said.readline()
    assert "listening on 127.0.0.1:" in first, first
    try:
        yield int(first.split(";")[0].rpartition(":")[2]), running
    finally:
        running.terminate()
        running.communicate(timeout=30)


def test_it_prints_envelopes_as_json_and_writes_letters(nowhere: Terminal, tmp_path: Path) -> None:
    folder, log = tmp_path / "mail", tmp_path / "log.jsonl"
    words = ("--json", "--folder", str(folder), "--log", str(log), "--count", "2")
    with sink(nowhere, *words) as (port, running):
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("a@example.jp", ["b@example.jp"], LETTER)
            client.sendmail("a@example.jp", ["c@example.jp", "d@example.jp"], LETTER)
        assert running.wait(30) == 0
        out, err = (stream.read() for stream in (running.stdout, running.stderr) if stream)
    first, second = map(json.loads, out.splitlines())
    assert (first["number"], first["mail_from"]) == (1, "a@example.jp")
    assert second["rcpts"] == ["c@example.jp", "d@example.jp"]
    assert first["subject"] == "こんにちは"
    assert Path(first["file"]).read_bytes().endswith(LETTER.encode())
    assert len(list(folder.glob("*.eml"))) == 2
    assert [json.loads(line)["data"] for line in log.read_text().splitlines()] == [LETTER] * 2
    assert "2 messages" in err


def test_it_misbehaves_as_it_is_told(nowhere: Terminal) -> None:
    words = ("--fault", "rcpt/*@full.example=452 4.2.2 Full", "--fault", "dot#2=keep-close")
    with sink(nowhere, *words) as (port, _running):
        with smtplib.SMTP("127.0.0.1", port) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="Full"):
                client.sendmail("a@example.jp", "x@full.example", LETTER)
            client.sendmail("a@example.jp", "x@example.jp", LETTER)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.sendmail("a@example.jp", "y@example.jp", LETTER)


def test_it_asks_for_a_password_behind_tls(nowhere: Terminal, tmp_path: Path) -> None:
    words = ("--tls", "starttls", "--user", "hato:himitsu", "--require-auth")
    folder = tmp_path / "mail"
    with sink(nowhere, *words, "--folder", str(folder)) as (port, _running):
        context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
        with smtplib.SMTP("localhost", port) as client:
            client.starttls(context=context)
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.sendmail("a@example.jp", "b@example.jp", LETTER)
            client.login("hato", "himitsu")
            client.sendmail("a@example.jp", "b@example.jp", LETTER)
        until(lambda: len(list(folder.glob("*.eml"))) == 1, "the letter")


def test_what_it_cannot_do_is_said_in_a_sentence(nowhere: Terminal) -> None:
    for words, said in (
        (["--fault", "rcpt=explode"], "explode"),
        (["--fault", "lunch=close"], "stage"),
        (["--user", "nobody"], "NAME:PASSWORD"),
        (["--require-auth"], "--user"),
        (["--port", "70000"], "--port"),
    ):
        done = nowhere.run("sink", *words)
        assert done.status == 2, words
        assert said in done.err
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = nowhere.run("sink", "--port", str(other.getsockname()[1]))
    assert taken.status == 1
    assert "--port" in taken.err
    assert "Traceback" not in taken.err
