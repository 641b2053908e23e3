"""The sink as a program: ``hatobin sink``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.server import Sink
from hatobin.wire.message_facts import read_facts

Keep = Callable[[Envelope, int], None]


async def run_sink(
    options: SinkOptions,
    *,
    say: Callable[[str], None],
    maildir: Path | None = None,
    jsonl: Path | None = None,
    stop: asyncio.Event | None = None,
) -> Counters:
    """Takes messages until SIGINT or SIGTERM (or ``stop``), saying a line for each; returns sums.

    ``maildir``: a file per message in ``new/``. ``jsonl``: appended, one object per line with
    ``mail_from, rcpts, at, helo, session, tls, user, size, data`` (``data`` as text; bytes that are
    not UTF-8 as lone surrogates). Nothing is kept in memory. Raises OSError when the port is taken
    or the folder cannot be written.
    """
    count = 0
    with ExitStack() as stack:
        keeps = list(_keeps(stack, maildir, jsonl))

        def deliver(envelope: Envelope) -> None:
            nonlocal count
            count += 1
            for keep in keeps:
                keep(envelope, count)
            say(_line(envelope, count))

        sink = Sink(options, deliver)
        await sink.start()
        say(f"listening on {options.host}:{sink.port}; messages end here (Ctrl-C stops)")
        try:
            with _stopped_by_signals(stop or asyncio.Event()) as stopped:
                await stopped.wait()
        finally:
            await sink.stop()
    say(f"{sink.counters.messages} messages in {sink.counters.connections} connections")
    return sink.counters


@contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[asyncio.Event]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _keeps(stack: ExitStack, maildir: Path | None, jsonl: Path | None) -> Iterator[Keep]:
    if maildir is not None:
        for name in ("tmp", "new", "cur"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        yield lambda envelope, number: _to_maildir(maildir, envelope, number)
    if jsonl is not None:
        stream = stack.enter_context(jsonl.open("a", encoding="ascii"))
        yield lambda envelope, _number: _to_jsonl(stream, envelope)


def _to_maildir(folder: Path, envelope: Envelope, number: int) -> None:
    name = f"{envelope.at.timestamp():.6f}.{os.getpid()}_{number}.sink"
    trace = f"Return-Path: <{envelope.mail_from}>\r\n" + "".join(
        f"X-Envelope-To: {rcpt}\r\n" for rcpt in envelope.rcpts
    )
    (folder / "tmp" / name).write_bytes(trace.encode() + envelope.data)
    (folder / "tmp" / name).rename(folder / "new" / name)


def _to_jsonl(stream: TextIO, envelope: Envelope) -> None:
    record = {
        "mail_from": envelope.mail_from,
        "rcpts": envelope.rcpts,
        "at": envelope.at.isoformat(),
        "helo": envelope.helo,
        "session": envelope.session_id,
        "tls": envelope.tls,
        "user": envelope.user,
        "size": len(envelope.data),
        "data": envelope.data.decode("utf-8", "surrogateescape"),
    }
    stream.write(json.dumps(record) + "\n")
    stream.flush()


def _line(envelope: Envelope, number: int) -> str:
    subject = read_facts(envelope.data).subject
    text = (
        f"{envelope.at.astimezone():%H:%M:%S} #{number} <{envelope.mail_from}> to "
        f"<{'>, <'.join(envelope.rcpts)}> {len(envelope.data):,} bytes “{subject}”"
    )
    # A stranger's subject does not get to steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in text)
