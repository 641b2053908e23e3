"""Each way of misbehaving, as a client sees it, and what the journal says about it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.sink.client import LETTER, Client, until
from tests.integration.sink.conftest import Started

from hatobin.intake.sink import parse_rule, read_journal

BEFORE_THE_BODY = ["mail", "rcpt", "data"]


@pytest.mark.parametrize("stage", BEFORE_THE_BODY)
@pytest.mark.parametrize("code", [451, 554])
def test_a_refusal_at_a_stage_leaves_the_conversation_open(
    start: Started, journal: Path, stage: str, code: int
) -> None:
    sink = start(f"{stage}*1={code} No")
    with Client(sink.port) as client:
        assert client.envelope()[-1] == code
        client.say("RSET")
        assert client.letter() == 250
    refused, taken = read_journal(journal)
    assert (refused.event, refused.stage, refused.taken) == ("fault", stage, False)
    assert (refused.reply, refused.fault) == (f"{code} No", f"{stage}={code} No")
    assert taken.taken
    assert taken.reply.startswith("250 ")


@pytest.mark.parametrize("stage", ["connect", "ehlo", *BEFORE_THE_BODY, "dot"])
def test_421_is_said_and_ends_the_connection(start: Started, journal: Path, stage: str) -> None:
    sink = start(f"{stage}=421 4.3.2 Closing")
    with Client(sink.port, shy=True) as client:
        said = [client.reply()[0]]
        if stage != "connect":
            said.append(client.say("EHLO client.example")[0])
        if stage in {*BEFORE_THE_BODY, "dot"}:
            said.append(client.letter())
        assert said[-1] == 421
        assert client.reply()[0] == 0
    (entry,) = read_journal(journal)
    assert (entry.taken, entry.reply) == (False, "421 4.3.2 Closing")
    assert entry.event == ("message" if stage == "dot" else "fault")


@pytest.mark.parametrize("stage", [*BEFORE_THE_BODY, "dot"])
@pytest.mark.parametrize("word", ["hang", "close", "reset"])
def test_silence_hanging_up_and_a_reset_take_nothing(
    start: Started, journal: Path, stage: str, word: str
) -> None:
    sink = start(f"{stage}={word}")
    with Client(sink.port) as client:
        for line in ("MAIL FROM:<a@example.jp>", "RCPT TO:<b@example.jp>", "DATA"):
            if stage == line[:4].lower():
                client.socket.sendall(line.encode() + b"\r\n")
                break
            client.say(line)
        else:
            client.send()
        if word == "hang":
            assert client.is_silent()
        elif word == "close":
            assert client.rest() == b""
        else:
            with pytest.raises(ConnectionResetError):
                client.rest()
    assert sink.envelopes == []
    (entry,) = read_journal(journal)
    assert (entry.stage, entry.taken, entry.reply) == (stage, False, "")


@pytest.mark.parametrize("word", ["keep-hang", "keep-close", "keep-reset"])
def test_what_was_kept_counts_as_taken_though_nobody_says_so(
    start: Started, journal: Path, word: str
) -> None:
    sink = start(f"dot={word}")
    with Client(sink.port) as client:
        client.envelope()
        client.send()
        if word == "keep-hang":
            assert client.is_silent()
        elif word == "keep-close":
            assert client.rest() == b""
        else:
            with pytest.raises(ConnectionResetError):
                client.rest()
    assert [envelope.data for envelope in sink.envelopes] == [LETTER]
    (entry,) = read_journal(journal)
    assert (entry.event, entry.taken, entry.reply, entry.fault) == (
        "message",
        True,
        "",
        f"dot={word}",
    )


@pytest.mark.alone
def test_a_late_reply_to_what_was_taken_at_once(start: Started, journal: Path) -> None:
    sink = start("dot=keep-delay 1")
    with Client(sink.port) as client:
        client.envelope()
        began = time.monotonic()
        client.send()
        until(
            lambda: [entry.taken for entry in read_journal(journal)] == [True], "the letter is kept"
        )
        assert time.monotonic() - began < 1
        assert client.reply()[0] == 250
        assert time.monotonic() - began >= 1
        assert client.letter(body=b"Subject: next\r\n\r\n") == 250


def test_who_does_not_wait_for_a_delayed_dot_has_not_delivered(
    start: Started, journal: Path
) -> None:
    sink = start("dot=delay 30")
    with Client(sink.port) as client:
        client.envelope()
        client.send()
        until(lambda: sink.counters.faults, "the dot came")
    until(lambda: read_journal(journal), "it is written down")
    (entry,) = read_journal(journal)
    assert (entry.event, entry.taken, entry.message_id) == ("message", False, "one@example.jp")
    assert sink.envelopes == []


def test_a_delay_may_end_in_something_else(start: Started) -> None:
    sink = start("data=delay 0.2 then 421 4.4.2 Too slow")
    with Client(sink.port) as client:
        began = time.monotonic()
        assert client.envelope() == [250, 250, 421]
        assert time.monotonic() - began >= 0.2


def test_any_stage_can_be_late_by_chance(start: Started) -> None:
    sink = start("any=delay 0.05-0.1")
    with Client(sink.port) as client:
        began = time.monotonic()
        assert client.letter() == 250
        assert time.monotonic() - began >= 4 * 0.05
    assert sink.counters.faults == 6


def test_a_body_is_read_slowly(start: Started) -> None:
    sink = start("body=slow 20000")
    with Client(sink.port) as client:
        began = time.monotonic()
        assert client.letter(body=LETTER + b"x" * 78 + b"\r\n" * 4000) == 250
        assert time.monotonic() - began >= 0.4
    assert len(sink.envelopes[0].data) > 8000


def test_a_large_body_that_is_read_slowly_fills_the_senders_network(start: Started) -> None:
    sink = start("body=slow 1000")
    with Client(sink.port) as client:
        client.envelope()
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.sendall(b"x" * 20_000_000)
    assert sink.envelopes == []


@pytest.mark.parametrize("stage", ["connect", "mail", "dot"])
def test_garbage_and_endless_replies(start: Started, journal: Path, stage: str) -> None:
    with Client(start(f"{stage}=garbage").port, shy=True) as client:
        _reach(client, stage)
        assert b"\x00\x01\x02\x03" in client.rest(1000)
    journal.unlink()
    with Client(start(f"{stage}=endless").port, shy=True) as client:
        _reach(client, stage)
        assert client.rest(500_000).count(b"250-and another thing\r\n") > 10_000
    assert [entry.taken for entry in read_journal(journal)] == [False]


def _reach(client: Client, stage: str) -> None:
    """Says all that comes before a stage, and what asks for its reply."""
    if stage != "connect":
        client.reply()
        client.say("EHLO client.example")
    if stage == "mail":
        client.socket.sendall(b"MAIL FROM:<a@example.jp>\r\n")
    if stage == "dot":
        client.envelope()
        client.send()


def test_421_between_messages_comes_unasked(start: Started, journal: Path) -> None:
    sink = start("between#2=421 4.3.2 Closing")
    with Client(sink.port) as client:
        assert [client.letter(), client.letter()] == [250, 250]
        assert client.reply() == (421, "4.3.2 Closing")
        assert client.reply()[0] == 0
    assert [(e.stage, e.taken) for e in read_journal(journal)] == [
        ("dot", True),
        ("dot", True),
        ("between", False),
    ]


def test_idle_clients_are_told_to_go_and_busy_ones_are_not(start: Started) -> None:
    sink = start("between=delay 0.5 then 421 4.4.2 Idle")
    with Client(sink.port) as client:
        began = time.monotonic()
        assert [client.letter(), client.letter()] == [250, 250]
        assert client.reply() == (421, "4.4.2 Idle")
        assert time.monotonic() - began >= 0.5
    assert sink.counters.faults == 1


def test_a_body_that_does_not_end_is_written_down_as_not_taken(
    start: Started, journal: Path
) -> None:
    sink = start()
    with Client(sink.port) as client:
        client.envelope()
        client.socket.sendall(LETTER[:40])
    until(lambda: read_journal(journal), "the end of the connection")
    (entry,) = read_journal(journal)
    assert (entry.event, entry.taken, entry.reply) == ("cut-off", False, "")
    assert (entry.message_id, entry.rcpts) == ("one@example.jp", ("hanako@example.jp",))
    assert entry.size == 40
    assert sink.counters.unfinished == 1


@pytest.mark.parametrize("word", ["hang", "close", "reset", "452 4.3.1 Disk full", "garbage"])
def test_a_body_can_be_cut_off_by_the_server_and_is_written_down_once(
    start: Started, journal: Path, word: str
) -> None:
    sink = start(f"body={word}")
    with Client(sink.port) as client:
        client.envelope()
        client.socket.sendall(LETTER)
        until(lambda: read_journal(journal), "it is written down")
    until(lambda: sink.counters.open_now == 0 or word == "hang", "it is over")
    (entry,) = read_journal(journal)
    assert (entry.event, entry.fault) == ("cut-off", f"body={word}")
    assert sink.envelopes == []


def test_servers_and_domains_have_their_own_troubles(start: Started) -> None:
    sink = start(hosts=("127.0.0.1", "127.0.0.2"))
    down = replace(parse_rule("connect=421 4.3.2 Down"), server="127.0.0.2")
    sink.misbehave(down, parse_rule("rcpt/*@full.example=452 Full"))
    assert sink.addresses == [("127.0.0.1", sink.port), ("127.0.0.2", sink.port)]
    with Client(sink.port, host="127.0.0.2", shy=True) as client:
        assert client.reply()[0] == 421
    with Client(sink.port) as client:
        assert client.letter("a@full.example") == 452
        client.say("RSET")
        assert client.letter("a@empty.example") == 250
