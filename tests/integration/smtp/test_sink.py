"""The sink by itself: spoken to by the standard library's client, and run as a program."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import socket
import ssl
from pathlib import Path

import pytest

from hatobin.intake.sink import (
    Answer,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Rule,
    SinkOptions,
    SinkThread,
    Unasked,
    parse_rule,
    run_sink,
)

BODY = "Subject: =?UTF-8?B?44GT44KT44Gr44Gh44Gv?=\r\n\r\n.dot\r\nhello\r\n"


def test_the_standard_library_delivers_to_it_with_tls_and_a_password() -> None:
    options = SinkOptions(tls="starttls", credentials={"hato": "himitsu"}, require_auth=True)
    with SinkThread(options) as sink:
        context = ssl.create_default_context(cadata=sink.certificate.decode())
        with smtplib.SMTP("localhost", sink.port) as client:
            client.starttls(context=context)
            client.login("hato", "himitsu")
            client.sendmail("a@example.jp", ["b@example.jp", "c@example.jp"], BODY)
        (envelope,) = sink.wait_for(1)
        assert envelope.rcpts == ["b@example.jp", "c@example.jp"]
        assert envelope.data == BODY.encode()
        assert (envelope.tls, envelope.user) == (True, "hato")
        assert sink.counters.most_recipients == 2


def test_it_keeps_to_the_order_of_commands() -> None:
    with (
        SinkThread(SinkOptions(max_size=100)) as sink,
        smtplib.SMTP("localhost", sink.port) as client,
    ):
        assert client.docmd("RCPT TO:<a@b.jp>")[0] == 503
        assert client.docmd("MAIL FROM:a@b.jp")[0] == 501
        assert client.docmd("MAIL FROM:<a@b.jp> SIZE=101")[0] == 552
        assert client.docmd("MAIL FROM:<a@b.jp>")[0] == 250
        assert client.docmd("MAIL FROM:<a@b.jp>")[0] == 503
        assert client.docmd("DATA")[0] == 554
        assert client.docmd("RCPT TO:a@b.jp")[0] == 501
        assert client.docmd("RCPT TO:<a@b.jp>")[0] == 250
        assert client.data("x" * 200)[0] == 552
        assert client.docmd("STARTTLS")[0] == 502
        assert client.docmd("AUTH PLAIN")[0] == 504
        assert client.docmd("EXPN")[0] == 502
        assert client.rset()[0] == client.noop()[0] == 250
        assert sink.envelopes == []


def test_it_listens_on_this_machine_only_unless_told() -> None:
    with SinkThread() as sink:
        assert sink.sink.options.host == "127.0.0.1"
        other = socket.socket()
        other.settimeout(5)
        with other, pytest.raises(OSError, match="."):
            other.connect(("127.0.0.2", sink.port))


def test_a_rule_can_be_changed_while_it_runs_and_counts_its_uses() -> None:
    full = Rule(stage="rcpt", recipient="*@FULL.example", action=Answer(452, "4.2.2 Full"), nth=2)
    with SinkThread(SinkOptions(rules=(full,))) as sink:
        with smtplib.SMTP("localhost", sink.port) as client:
            client.mail("a@example.jp")
            assert [client.rcpt("b@full.example")[0] for _ in range(3)] == [250, 452, 250]
            assert client.rcpt("b@empty.example")[0] == 250
            sink.misbehave(Rule(stage="rcpt", action=Answer(550, "5.1.1 No")))
            assert client.rcpt("b@empty.example")[0] == 550
            sink.misbehave()
            assert client.rcpt("b@full.example")[0] == 250
        assert sink.counters.faults == 2


def test_a_share_of_messages_fails_repeatably() -> None:
    options = SinkOptions(rules=(Rule(stage="mail", action=Answer(451, "Later"), share=0.5),))
    seen = []
    for _ in range(2):
        with SinkThread(options) as sink, smtplib.SMTP("localhost", sink.port) as client:
            client.ehlo()
            codes = []
            for _ in range(40):
                codes.append(client.mail("a@example.jp")[0])
                client.rset()
            seen.append(codes)
    assert seen[0] == seen[1]
    assert {250, 451} == set(seen[0])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("rcpt/*@full.example=452 4.2.2 Mailbox full",
         Rule(stage="rcpt", recipient="*@full.example", action=Answer(452, "4.2.2 Mailbox full"))),
        ("dot#3=close", Rule(stage="dot", nth=3, action=Close())),
        ("dot=keep-close", Rule(stage="dot", action=Close(keep=True))),
        ("dot=keep-hang", Rule(stage="dot", action=Hang(keep=True))),
        ("data%0.1=hang", Rule(stage="data", share=0.1, action=Hang())),
        ("mail*2=451 4.3.0 Later", Rule(stage="mail", times=2, action=Answer(451, "4.3.0 Later"))),
        ("ehlo=delay 2.5", Rule(stage="ehlo", action=Delay(2.5))),
        ("connect=endless", Rule(stage="connect", action=Endless())),
        ("connect=garbage", Rule(stage="connect", action=Garbage())),
        ("starttls=unasked 250 extra", Rule(stage="starttls", action=Unasked("250 extra"))),
        ("dot/a@b.jp#2*1=550", Rule(stage="dot", recipient="a@b.jp", nth=2, times=1,
                                    action=Answer(550, "As you wish"))),
    ],
)  # fmt: skip
def test_a_rule_is_read_as_the_command_line_writes_it(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "rcpt", "lunch=close", "rcpt=", "rcpt=explode", "rcpt=999 x", "ehlo=delay soon"]
)
def test_a_rule_that_says_nothing_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        parse_rule(text)


def test_it_runs_as_a_program_and_writes_down_what_came(tmp_path: Path) -> None:
    said: list[str] = []

    def deliver(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("a@example.jp", "b@example.jp", BODY.replace("hello", "h\x1b[31m"))
        os.kill(os.getpid(), signal.SIGTERM)

    async def story() -> int:
        running = asyncio.create_task(
            run_sink(
                SinkOptions(),
                say=said.append,
                folder=tmp_path / "mail",
                jsonl=tmp_path / "log.jsonl",
            )
        )
        async with asyncio.timeout(20):
            while not said:
                await asyncio.sleep(0.005)
            await asyncio.to_thread(deliver, int(said[0].split(";")[0].rpartition(":")[2]))
            return (await running).messages

    assert asyncio.run(story()) == 1
    assert "#1 <a@example.jp> to <b@example.jp>" in said[1]
    assert "“こんにちは”" in said[1]
    assert said[2] == "1 messages in 1 connections"
    (stored,) = (tmp_path / "mail").glob("*.eml")
    assert stored.read_bytes().startswith(
        b"Return-Path: <a@example.jp>\r\nX-Envelope-To: b@example.jp"
    )
    record = json.loads((tmp_path / "log.jsonl").read_text())
    assert (record["mail_from"], record["rcpts"]) == ("a@example.jp", ["b@example.jp"])
    assert record["data"] == BODY.replace("hello", "h\x1b[31m")
