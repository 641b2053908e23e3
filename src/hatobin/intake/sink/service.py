"""The sink as a program: ``hatobin sink``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.server import Sink
from hatobin.wire.message_facts import read_facts

_LAST_REPLY = 0.2  # seconds in which the last sender still hears that its message was taken


async def run_sink(
    options: SinkOptions,
    *,
    say: Callable[[str], None],
    quiet: bool = False,
    show: Callable[[Mapping[str, Any]], None] | None = None,
    folder: Path | None = None,
    jsonl: Path | None = None,
    most: int = 0,
    stop: asyncio.Event | None = None,
) -> Counters:
    """Takes messages until SIGINT or SIGTERM (or ``stop``, or ``most`` of them); returns sums.

    ``show`` gets each message's ``number, mail_from, rcpts, at, helo, session, tls, user, size, subject,
    file``; without it ``say`` gets a line for each, unless ``quiet``. ``folder``: an .eml file per message,
    named in ``file``. ``jsonl``: appended, an object per line with the same and ``data`` (as text; bytes
    that are not UTF-8 as lone surrogates). Nothing is kept in memory. Raises OSError when a port is taken,
    the folder cannot be written, or the journal can no longer be.
    """
    taken = 0
    ended = stop or asyncio.Event()
    broken: list[OSError] = []

    def give_up(error: OSError) -> None:
        broken.append(error)
        ended.set()

    with ExitStack() as stack:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        stream = stack.enter_context(jsonl.open("a", encoding="ascii")) if jsonl else None

        def deliver(envelope: Envelope) -> None:
            nonlocal taken
            taken += 1
            if taken == most:
                asyncio.get_running_loop().call_later(_LAST_REPLY, ended.set)
            if quiet and stream is None and folder is None:
                return
            file = _to_file(folder, envelope, taken) if folder else None
            record = _record(envelope, taken, file)
            if stream is not None:
                _to_jsonl(stream, record, envelope)
            if show is not None:
                show(record)
            elif not quiet:
                say(_line(record))

        sink = Sink(options, deliver, give_up)
        await sink.start()
        if options.tls != "none" and folder is not None:
            (folder / "certificate.pem").write_bytes(sink.certificate)
        places = ", ".join(f"{host}:{port}" for host, port in sink.addresses)
        say(f"listening on {places}; messages end here (Ctrl-C stops)")
        try:
            with _stopped_by_signals(ended) as stopped:
                await stopped.wait()
        finally:
            await sink.stop()
    if broken:
        raise broken[0]
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


def _to_file(folder: Path, envelope: Envelope, number: int) -> Path:
    """The envelope in two header lines that a mailbox would add, then the message as it came."""
    path = folder / f"{envelope.at:%Y%m%d-%H%M%S}-{os.getpid()}-{number:06}.eml"
    trace = f"Return-Path: <{envelope.mail_from}>\r\n" + "".join(
        f"X-Envelope-To: {rcpt}\r\n" for rcpt in envelope.rcpts
    )
    draft = path.with_suffix(".part")
    draft.write_bytes(trace.encode("utf-8", "surrogateescape") + envelope.data)
    draft.rename(path)
    return path


def _record(envelope: Envelope, number: int, file: Path | None) -> dict[str, Any]:
    return {
        "number": number,
        "mail_from": envelope.mail_from,
        "rcpts": envelope.rcpts,
        "at": envelope.at.isoformat(),
        "helo": envelope.helo,
        "session": envelope.session_id,
        "tls": envelope.tls,
        "user": envelope.user,
        "size": len(envelope.data),
        "subject": read_facts(envelope.data).subject,
        "file": str(file) if file else None,
    }


def _to_jsonl(stream: TextIO, record: Mapping[str, Any], envelope: Envelope) -> None:
    whole = {**record, "data": envelope.data.decode("utf-8", "surrogateescape")}
    stream.write(json.dumps(whole) + "\n")
    stream.flush()


def _line(record: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(record["at"]).astimezone()
    text = (
        f"{at:%H:%M:%S} #{record['number']} <{record['mail_from']}> to "
        f"<{'>, <'.join(record['rcpts'])}> {record['size']:,} bytes “{record['subject']}”"
    )
    # A stranger's subject does not get to steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in text)
