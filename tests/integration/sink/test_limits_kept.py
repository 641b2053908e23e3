"""Limits on the wire: connections, messages per connection, rates, greylisting."""

from __future__ import annotations

from pathlib import Path

from tests.integration.sink.client import Client, until
from tests.integration.sink.conftest import Started

from hatobin.intake.sink import Answer, ConnectionLimit, Greylist, RateLimit, read_journal


def test_a_client_address_opens_only_so_many_connections(start: Started, journal: Path) -> None:
    sink = start(limits=(ConnectionLimit(at_once=2),))
    with Client(sink.port) as first, Client(sink.port) as second:
        with Client(sink.port, shy=True) as third:
            assert third.reply() == (421, "4.7.0 Too many connections from your address")
            assert third.reply()[0] == 0
        with Client(sink.port, source="127.0.0.9") as elsewhere:
            assert elsewhere.letter() == 250
        assert [first.letter(), second.say("QUIT")[0]] == [250, 221]
        until(lambda: sink.counters.open_now == 1, "the second has left")
        with Client(sink.port) as fourth:
            assert fourth.letter() == 250
    assert sink.counters.refusals == 1
    refused = [entry for entry in read_journal(journal) if not entry.taken]
    assert [(entry.stage, entry.client) for entry in refused] == [("connect", "127.0.0.1")]


def test_after_so_many_messages_the_next_mail_is_refused_for_now(start: Started) -> None:
    sink = start(limits=(ConnectionLimit(messages=2),))
    with Client(sink.port) as client:
        assert [client.letter() for _ in range(3)] == [250, 250, 421]
        assert client.reply()[0] == 0
    with Client(sink.port) as client:
        assert client.letter() == 250


def test_or_the_server_hangs_up_after_the_last(start: Started, journal: Path) -> None:
    sink = start(limits=(ConnectionLimit(messages=2, messages_reply=None),))
    with Client(sink.port) as client:
        assert [client.letter() for _ in range(2)] == [250, 250]
        assert client.reply()[0] == 0
    assert [entry.taken for entry in read_journal(journal)] == [True, True]


def test_a_message_that_was_not_taken_does_not_count(start: Started) -> None:
    sink = start("dot#1=452 Full", limits=(ConnectionLimit(messages=1),))
    with Client(sink.port) as client:
        assert [client.letter() for _ in range(3)] == [452, 250, 421]


def test_a_rate_is_kept_for_each_client_address(start: Started, journal: Path) -> None:
    limit = RateLimit(messages=2, seconds=60, stage="mail", reply=Answer(451, "4.7.1 Slower"))
    sink = start(limits=(limit,))
    with Client(sink.port) as client, Client(sink.port, source="127.0.0.9") as other:
        assert [client.letter() for _ in range(3)] == [250, 250, 451]
        assert other.letter() == 250
    (refused,) = (entry for entry in read_journal(journal) if not entry.taken)
    assert refused.fault == "rate: 2 in 60 s per client"


def test_a_rate_is_kept_for_a_recipient_domain_and_told_in_its_own_words(start: Started) -> None:
    limit = RateLimit(messages=1, seconds=60, per="domain", domain="gmail.example")
    sink = start(limits=(limit,))
    with Client(sink.port) as client, Client(sink.port, source="127.0.0.9") as other:
        assert client.letter("a@gmail.example") == 250
        assert client.letter("a@free.example") == 250
        assert other.say("MAIL FROM:<a@b.example>")[0] == 250
        code, text = other.say("RCPT TO:<b@GMAIL.example>")
        assert code == 421
        assert text.startswith("4.7.28 Our system has detected an unusual rate")
        assert other.reply()[0] == 0


def test_a_rate_may_be_told_only_after_the_dot(start: Started) -> None:
    limit = RateLimit(messages=1, seconds=60, stage="dot", reply=Answer(454, "Throttling failure"))
    sink = start(limits=(limit,))
    with Client(sink.port) as client:
        assert [client.letter() for _ in range(3)] == [250, 454, 454]
    assert sink.counters.messages == 1


def test_a_first_try_is_put_off_and_a_later_one_let_in(start: Started) -> None:
    sink = start(limits=(Greylist(seconds=0.5, domain="grey.example"),))
    with Client(sink.port) as client:
        assert client.envelope("a@free.example")[-1] == 354
        client.send()
        assert client.reply()[0] == 250
        codes: list[int] = []

        def let_in() -> bool:
            codes.append(client.envelope("a@grey.example")[-1])
            if codes[-1] != 354:
                client.say("RSET")
            return codes[-1] == 354

        until(let_in, "greylisting ends")
        assert set(codes[:-1]) == {451}
        client.send()
        assert client.reply()[0] == 250
        assert client.envelope("other@grey.example")[-1] == 451


def test_limits_can_be_changed_while_it_runs(start: Started) -> None:
    sink = start()
    with Client(sink.port) as client:
        sink.limit(RateLimit(messages=1, seconds=60, reply=Answer(452, "Slower")))
        assert [client.letter(), client.letter()] == [250, 452]
        sink.limit()
        client.say("RSET")
        assert client.letter() == 250
