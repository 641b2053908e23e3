"""What servers do wrong, and that each time it is known whether the letter can have been delivered."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.integration.smtp.talk import (
    BODY,
    HANAKO,
    LONG,
    MIDDLING,
    SENDER,
    TARO,
    Run,
    connected,
    endpoint,
    hand_over,
    impatient,
    offer,
    sinking,
    swallow,
    until,
)

from hatobin.delivery.egress.errors import (
    ConnectFailed,
    ConnectionLost,
    EgressError,
    GreetingRefused,
    InDoubt,
    Refused,
)
from hatobin.delivery.egress.smtp_client import SmtpConnection
from hatobin.intake.sink import (
    Answer,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Rule,
    Unasked,
)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(("code", "temporary"), [(550, False), (451, True)])
def test_a_refusal_names_its_stage_and_the_connection_stays_usable(
    run: Run[None], stage: Any, code: int, temporary: bool, pipelining: bool
) -> None:
    rule = Rule(stage=stage, action=Answer(code, f"{code // 100}.1.1 Not today"), times=1)

    async def story() -> None:
        async with sinking(rule, pipelining=pipelining) as sink, connected(sink) as connection:
            refused = await swallow(offer(connection, SENDER, HANAKO, BODY), Refused)
            assert isinstance(refused, Refused)
            assert (refused.stage, refused.temporary) == (stage, temporary)
            assert refused.reply is not None
            assert (refused.reply.code, refused.reply.text) == (code, "Not today")
            assert connection.alive
            assert await hand_over(connection) == 250
            assert (len(sink.envelopes), sink.counters.connections) == (1, 1)

    run(story())


def test_a_refused_recipient_does_not_stand_in_the_way_of_the_next(run: Run[None]) -> None:
    rule = Rule(stage="rcpt", recipient="hanako@*", action=Answer(550, "5.1.1 Unknown"))

    async def story() -> None:
        async with sinking(rule) as sink, connected(sink) as connection:
            for _ in range(3):
                await swallow(offer(connection, SENDER, HANAKO, BODY), Refused)
                await offer(connection, SENDER, TARO, BODY)
                assert (await connection.commit()).positive
            assert [envelope.rcpts for envelope in sink.envelopes] == [["taro@example.jp"]] * 3

    run(story())


def test_a_server_that_wants_the_body_without_a_recipient_gets_none(run: Run[None]) -> None:
    rules = (
        Rule(stage="rcpt", action=Answer(550, "5.1.1 Unknown")),
        Rule(stage="data", action=Answer(354, "Go on anyway")),
    )

    async def story() -> None:
        async with sinking(*rules) as sink, connected(sink) as connection:
            refused = await swallow(offer(connection, SENDER, HANAKO, BODY), Refused)
            assert isinstance(refused, Refused)
            assert refused.stage == "rcpt"
            assert not connection.alive
            assert sink.envelopes == []

    run(story())


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_421_is_a_refusal_for_now_and_the_end_of_the_connection(run: Run[None], stage: Any) -> None:
    async def story() -> None:
        rule = Rule(stage=stage, action=Answer(421, "4.7.28 Slow down"))
        async with sinking(rule) as sink, connected(sink) as connection:
            refused = await swallow(offer(connection, SENDER, HANAKO, BODY), Refused)
            assert isinstance(refused, Refused)
            assert (refused.stage, refused.temporary) == (stage, True)
            assert not connection.alive

    run(story())


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("action", "kind"),
    [(Close(), "closed"), (Hang(), "timeout"), (Garbage(), "not-smtp"), (Endless(), "endless"),
     (Answer(354, "What?"), "unexpected-reply")],
)  # fmt: skip
def test_trouble_before_the_dot_means_certainly_not_delivered(
    run: Run[None], stage: Any, action: Any, kind: str
) -> None:
    if stage == "data" and kind == "unexpected-reply":
        action = Answer(250, "What?")

    async def story() -> None:
        rule = Rule(stage=stage, action=action)
        timeouts = impatient(stage) if isinstance(action, Hang) else LONG
        async with sinking(rule) as sink, connected(sink, timeouts=timeouts) as connection:
            lost = await swallow(offer(connection, SENDER, HANAKO, BODY), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert (lost.kind, lost.temporary) == (kind, True)
            assert not connection.alive
            assert sink.envelopes == []

    run(story())


def test_a_server_that_hangs_up_in_the_middle_of_the_body_has_not_got_the_letter(
    run: Run[None],
) -> None:
    async def story() -> None:
        async with (
            sinking(Rule(stage="body", action=Close())) as sink,
            connected(sink) as connection,
        ):
            await offer(connection, SENDER, HANAKO, MIDDLING)
            await until(lambda: not connection.alive)
            await swallow(connection.commit(), ConnectionLost)
            assert connection.messages_sent == 0
            assert sink.envelopes == []

    run(story())


def test_a_server_that_stops_reading_a_large_body_is_given_up_before_the_dot(
    run: Run[None],
) -> None:
    large = BODY + (b"x" * 76 + b"\r\n") * 400_000

    async def story() -> None:
        rule = Rule(stage="body", action=Hang())
        async with sinking(rule) as sink, connected(sink, timeouts=impatient("body")) as connection:
            lost = await swallow(offer(connection, SENDER, HANAKO, large), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert lost.kind == "timeout"
            assert sink.envelopes == []

    run(story())


def test_a_refusal_spoken_during_the_body_is_the_answer_and_the_dot_is_not_sent(
    run: Run[None],
) -> None:
    async def story() -> None:
        rule = Rule(stage="body", action=Answer(552, "5.3.4 Too much"))
        async with sinking(rule) as sink, connected(sink) as connection:
            await offer(connection, SENDER, HANAKO, MIDDLING)
            await until(lambda: not connection.alive)
            reply = await connection.commit()
            assert (reply.code, connection.messages_sent) == (552, 0)
            assert sink.envelopes == []

    run(story())


@pytest.mark.parametrize(
    ("action", "kind", "delivered"),
    [
        (Close(), "closed", 0),
        (Close(keep=True), "closed", 1),
        (Hang(), "timeout", 0),
        (Garbage(), "not-smtp", 0),
        (Endless(), "endless", 0),
        (Answer(354, "More?"), "unexpected-reply", 1),
    ],
)
def test_no_sensible_answer_to_the_dot_leaves_the_letter_in_doubt(
    run: Run[None], action: Any, kind: str, delivered: int
) -> None:
    async def story() -> None:
        rule = Rule(stage="dot", action=action)
        timeouts = impatient("dot") if isinstance(action, Hang) else LONG
        async with sinking(rule) as sink, connected(sink, timeouts=timeouts) as connection:
            await offer(connection, SENDER, HANAKO, BODY)
            doubt = await swallow(connection.commit(), InDoubt)
            assert isinstance(doubt, InDoubt)
            assert doubt.kind == kind
            assert connection.messages_sent == 1
            assert not connection.alive
            assert len(sink.envelopes) == delivered

    run(story())


@pytest.mark.parametrize("code", [250, 451, 550, 554])
def test_the_answer_to_the_dot_is_handed_on_and_the_conversation_continues(
    run: Run[None], code: int
) -> None:
    async def story() -> None:
        rule = Rule(stage="dot", action=Answer(code, "So be it"), times=1)
        async with sinking(rule) as sink, connected(sink) as connection:
            assert await hand_over(connection) == code
            assert await hand_over(connection) == 250
            assert len(sink.envelopes) == (2 if code == 250 else 1)

    run(story())


def test_421_after_the_dot_is_a_clear_no_and_the_end_of_the_connection(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(Rule(stage="dot", action=Answer(421, "4.3.2 Closing"))) as sink:
            async with connected(sink) as connection:
                assert await hand_over(connection) == 421
                assert not connection.alive

    run(story())


def test_a_late_answer_is_waited_for(run: Run[None]) -> None:
    rules = [Rule(stage=stage, action=Delay(0.05)) for stage in ("connect", "ehlo", "rcpt", "dot")]

    async def story() -> None:
        async with sinking(*rules) as sink, connected(sink) as connection:
            assert await hand_over(connection) == 250
            assert len(sink.envelopes) == 1

    run(story())


def test_words_nobody_asked_for_end_the_connection(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(Rule(stage="data", action=Unasked("250 2.0.0 taken"))) as sink:
            async with connected(sink) as connection:
                lost = await swallow(hand_over(connection), ConnectionLost)
                assert isinstance(lost, ConnectionLost)
                assert lost.kind == "unasked"
                assert sink.envelopes == []
        async with sinking(Rule(stage="dot", action=Unasked("250 2.0.0 and the next"))) as sink:
            async with connected(sink) as connection:
                assert await hand_over(connection) == 250
                await until(lambda: not connection.alive)
                lost = await swallow(offer(connection, SENDER, TARO, BODY), ConnectionLost)
                assert len(sink.envelopes) == 1

    run(story())


@pytest.mark.parametrize(
    ("stage", "action", "error", "kind", "temporary"),
    [
        ("connect", Answer(554, "5.7.1 Blocked"), GreetingRefused, "greeting-refused", False),
        ("connect", Answer(421, "4.3.2 Busy"), GreetingRefused, "greeting-refused", True),
        ("connect", Garbage(), GreetingRefused, "not-smtp", False),
        ("connect", Endless(), GreetingRefused, "endless", False),
        ("connect", Unasked("250 hello"), GreetingRefused, "unasked", False),
        ("connect", Close(), ConnectFailed, "closed", True),
        ("connect", Hang(), ConnectFailed, "greeting-timeout", True),
        ("ehlo", Answer(550, "5.7.1 Who?"), GreetingRefused, "ehlo-refused", False),
        ("ehlo", Answer(451, "4.3.0 Later"), GreetingRefused, "ehlo-refused", True),
        ("ehlo", Close(), ConnectFailed, "closed", True),
    ],
)
def test_a_conversation_that_does_not_begin_says_why(
    run: Run[None], stage: Any, action: Any, error: type[EgressError], kind: str, temporary: bool
) -> None:
    async def story() -> None:
        async with sinking(Rule(stage=stage, action=action)) as sink:
            timeouts = impatient(stage) if isinstance(action, Hang) else LONG
            opening = SmtpConnection.open(endpoint(sink, timeouts=timeouts))
            failure = await swallow(opening, error)
            assert isinstance(failure, EgressError)
            assert (failure.kind, failure.temporary) == (kind, temporary)
            if isinstance(action, Answer):
                assert failure.reply is not None
                assert failure.reply.code == action.code

    run(story())


def test_nobody_at_home_and_no_such_host_are_told_apart(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            gone = endpoint(sink)
            strange = endpoint(sink, host="no-such-host.invalid")
            impossible = endpoint(sink, host="x" * 64 + ".example")
        refused = await swallow(SmtpConnection.open(gone), ConnectFailed)
        assert isinstance(refused, ConnectFailed)
        assert (refused.kind, refused.temporary) == ("refused", True)
        for place in (strange, impossible):
            unknown = await swallow(SmtpConnection.open(place), ConnectFailed)
            assert isinstance(unknown, ConnectFailed)
            assert unknown.kind in {"host-unknown", "dns"}

    run(story())


def test_a_server_that_leaves_while_idle_is_noticed(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            assert await hand_over(connection) == 250
            await sink.stop()
            await until(lambda: not connection.alive)
            lost = await swallow(offer(connection, SENDER, HANAKO, BODY), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert lost.kind == "closed"
            await connection.quit()

    run(story())


def test_a_web_server_is_not_taken_for_a_mail_server(run: Run[None]) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, family=socket.AF_INET)
        port = server.sockets[0].getsockname()[1]
        async with sinking() as sink:
            failure = await swallow(SmtpConnection.open(endpoint(sink, port=port)), GreetingRefused)
        assert isinstance(failure, GreetingRefused)
        assert failure.kind == "not-smtp"
        server.close()

    run(story())
