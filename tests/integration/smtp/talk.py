"""What the SMTP stories share: a loop of either kind, a sink, an endpoint with short patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from hatobin.delivery.egress.smtp_client import Endpoint, Envelope, SmtpConnection, Timeouts
from hatobin.intake.sink import Rule, Sink, SinkOptions
from hatobin.wire.address import Address, parse_address

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

SENDER = "news@example.co.jp"
HANAKO = parse_address("hanako@example.jp")
TARO = parse_address("taro@example.jp")
BODY = b"From: news@example.co.jp\r\nTo: hanako@example.jp\r\nSubject: hello\r\n\r\nHello.\r\n"
MIDDLING = BODY + b"Words of one line.\r\n" * 2_000  # too long to be kept until its dot
LONG = Timeouts(greeting=20, command=20, data=20, block=20, dot=20, tls=20)

_WAITS = {"connect": "greeting", "body": "block", "data": "data", "dot": "dot"}


def impatient(stage: str) -> Timeouts:
    """Gives up soon at this stage, and at no other that a busy machine could be slow in."""
    return replace(LONG, **{_WAITS.get(stage, "command"): 0.5})


@asynccontextmanager
async def sinking(*rules: Rule, **options: Any) -> AsyncIterator[Sink]:
    sink = Sink(SinkOptions(rules=rules, **options))
    await sink.start()
    try:
        yield sink
    finally:
        await sink.stop()


def endpoint(sink: Sink, **changes: Any) -> Endpoint:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": sink.port,
        "security": "none",
        "helo_name": "sender.example.co.jp",
        "timeouts": LONG,
    }
    return Endpoint(**(values | changes))


@asynccontextmanager
async def connected(sink: Sink, **changes: Any) -> AsyncIterator[SmtpConnection]:
    connection = await SmtpConnection.open(endpoint(sink, **changes))
    try:
        yield connection
    finally:
        await connection.close()


async def until(condition: Callable[[], object], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.005)


def offer(
    connection: SmtpConnection, mail_from: str, rcpt: Address, body: bytes
) -> Coroutine[Any, Any, None]:
    return connection.offer(Envelope(mail_from, rcpt, body))


async def hand_over(connection: SmtpConnection, body: bytes = BODY) -> int:
    await offer(connection, SENDER, HANAKO, body)
    return (await connection.commit()).code


async def swallow(awaitable: Awaitable[object], kind: type[Exception]) -> Exception:
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} did not come")
