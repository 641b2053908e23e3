"""A small body goes out in one write with its dot and the next letter's commands: what may go wrong then."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

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
    sinking,
    swallow,
)

from hatobin.delivery.egress.errors import ConnectionLost, Refused
from hatobin.delivery.egress.smtp_client import NO_RESET, Endpoint, Envelope, SmtpConnection
from hatobin.intake.sink import Answer, Rule

FIRST = Envelope(SENDER, HANAKO, BODY, ready=True)
SECOND = Envelope(SENDER, TARO, BODY, ready=True)
GREETING = b"220 here\r\n250-here\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(
    talk: Talk, greeting: bytes = GREETING, **buffer: int
) -> AsyncIterator[SmtpConnection]:
    """One that says yes to a first transaction; ``talk`` goes on after the 354."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in greeting.splitlines(keepends=True):
            if not line.startswith((b"220", b"250-")):
                await reader.readline()
            writer.write(line)
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listening = socket.create_server(("127.0.0.1", 0))
    sending = socket.socket()
    if buffer:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer["octets"])
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer["octets"])
    sending.connect(listening.getsockname())
    sending.setblocking(False)
    server = await asyncio.start_server(serve, sock=listening, limit=1024)
    port = listening.getsockname()[1]
    endpoint = Endpoint(
        host="127.0.0.1", port=port, security="none", helo_name="us.example", timeouts=LONG
    )
    connection = await SmtpConnection.open(endpoint, sending)
    try:
        yield connection
    finally:
        await connection.close()
        server.close()
        await asyncio.sleep(0)


def test_nothing_of_it_is_sent_before_it_may_be(run: Run[None]) -> None:
    seen = asyncio.Event()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read(100) == b""
        seen.set()

    async def story() -> None:
        async with a_server(read) as connection:
            await connection.offer(FIRST)
            await connection.close()
            await asyncio.wait_for(seen.wait(), 20)

    run(story())


def test_a_dot_that_is_stuck_on_our_side_is_taken_back(run: Run[None]) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def story() -> None:
        body = MIDDLING[: 30_000 // len(b"Words of one line.\r\n") * 20]
        async with a_server(deaf, octets=2048) as connection:
            await connection.offer(Envelope(SENDER, HANAKO, body))
            began = time.monotonic()
            lost = await swallow(connection.commit(SECOND, within=0.3), ConnectionLost)
            assert time.monotonic() - began < LONG.dot / 2
            assert isinstance(lost, ConnectionLost)
            assert (lost.kind, connection.alive) == ("timeout", False)

    run(story())


def test_a_server_that_answers_in_the_middle_does_not_refuse_the_next_letter(
    run: Run[None],
) -> None:
    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"552 5.3.4 too much\r\n")
        while await reader.readline():
            writer.write(b"500 5.5.2 what?\r\n")

    async def story() -> None:
        async with a_server(hasty) as connection:
            await connection.offer(FIRST)
            assert (await connection.commit(SECOND)).code == 552
            lost = await swallow(connection.offer(SECOND), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert lost.kind == "unexpected-reply"
            assert not connection.alive

    run(story())


@pytest.mark.parametrize("stray", [b"550 5.7.1 bad\r\n", b"451 4.7.1 later\r\n", b"250 ok\r\n"])
def test_a_second_answer_to_a_dot_says_nothing_about_the_next_letter(
    run: Run[None], stray: bytes
) -> None:
    async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline() != b".\r\n":
            pass
        writer.write(b"250 ok\r\n" + stray)
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.read()

    async def story() -> None:
        async with a_server(chatty) as connection:
            await connection.offer(FIRST)
            assert (await connection.commit(SECOND)).code == 250
            lost = await swallow(connection.offer(SECOND), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert lost.kind == "unexpected-reply"

    run(story())


def test_a_server_that_cannot_reset_is_left_and_not_blamed(run: Run[None]) -> None:
    async def stubborn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"502 5.5.1 no such thing\r\n" * 4)
        await reader.read()

    no = GREETING.replace(b"250 ok\r\n250 ok\r\n354 go", b"250 ok\r\n550 nobody\r\n503 no")

    async def story() -> None:
        async with a_server(stubborn, no) as connection:
            await swallow(connection.offer(FIRST), Refused)
            lost = await swallow(connection.offer(SECOND), ConnectionLost)
            assert isinstance(lost, ConnectionLost)
            assert lost.kind == NO_RESET

    run(story())


@pytest.mark.parametrize("size", ["9" * 5_000, "\u0663", "lots", "-1"])
def test_a_size_that_makes_no_sense_is_no_limit(run: Run[None], size: str) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    odd = GREETING.replace(b"250-here", f"250-here\r\n250-SIZE {size}".encode())

    async def story() -> None:
        async with a_server(deaf, odd) as connection:
            await connection.offer(FIRST)
            assert connection.alive

    run(story())


def test_after_a_refused_dot_the_announced_letter_goes_on(run: Run[None]) -> None:
    rule = Rule(stage="dot", action=Answer(452, "4.2.2 Full"), times=1)

    async def story() -> None:
        async with sinking(rule) as sink, connected(sink) as connection:
            await connection.offer(FIRST)
            assert (await connection.commit(SECOND)).code == 452
            if not connection.offer_announced(SECOND):
                await connection.offer(SECOND)
            assert (await connection.commit()).positive
            assert [each.rcpts for each in sink.envelopes] == [[TARO.wire]]

    run(story())


def test_an_announced_letter_needs_no_waiting_once_its_answers_are_there(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await connection.offer(FIRST)
            await connection.commit(SECOND)
            deadline = time.monotonic() + 20
            while not connection.offer_announced(SECOND):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.005)
            assert not connection.offer_announced(SECOND), "it is offered already"
            assert (await connection.commit()).positive
            assert [each.rcpts for each in sink.envelopes] == [[HANAKO.wire], [TARO.wire]]

    run(story())
