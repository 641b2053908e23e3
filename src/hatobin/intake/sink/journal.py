"""The sink's own record of what it took: durable before the sender hears about it.

A JSON object a line, each on disk before the reply that it names leaves (or the connection is closed
without one). Lines that come while the disk is busy go together in the next write, so that the disk's
slowness costs time and not throughput. What a test finds here with ``taken`` would be in a mailbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

Event = Literal["message", "cut-off", "fault"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One event.

    ``message``: a body that ended with its dot, taken or not. ``cut-off``: one that did not. ``fault``: a rule
    or a limit got in the way outside of a body, at ``stage``. ``sha256`` and ``size``: of the body without its dot
    stuffing; of a cut-off one, what had come. ``reply``: what is about to be said, CRLF between lines; empty:
    nothing, ever. ``fault``: the rule or limit that was applied. ``at``: Unix time; ``monotonic``: the
    machine's clock that is never set, comparable between its processes.
    """

    event: Event
    stage: str
    at: float
    monotonic: float
    connection: int
    client: str
    server: str
    helo: str
    tls: bool
    mail_from: str
    rcpts: tuple[str, ...]
    message_id: str  # without the brackets
    sha256: str
    size: int
    taken: bool
    reply: str
    fault: str


_NAMES = tuple(field.name for field in fields(JournalEntry))


def read_journal(path: Path) -> list[JournalEntry]:
    """All entries. A last line without its end was never durable, and nobody was told: left out.

    Raises ValueError, naming the line, on anything else that is not an entry.
    """
    entries = []
    *lines, _torn = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
            if not isinstance(found, dict) or found.keys() != set(_NAMES):
                raise ValueError("not an entry of this version")
            entries.append(JournalEntry(**(found | {"rcpts": tuple(found["rcpts"])})))
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
    return entries


class JournalInUse(OSError):
    """Another sink writes to this file."""


class Journal:
    """Appends entries. Belongs to the loop on which it was opened.

    ``failed`` is called once when the disk refuses; nobody who waits is answered after that.
    """

    def __init__(self, path: Path, failed: Callable[[OSError], None]) -> None:
        """Raises OSError when the file cannot be opened, JournalInUse when somebody else has it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise JournalInUse(error.errno, "another sink writes to it", str(path)) from error
        _forget_torn_end(self._file)
        _sync_folder(path.parent)
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._waiting: list[tuple[bytes, Callable[[], None]]] = []
        self._busy: asyncio.Future[None] | None = None
        self._broken = False

    def add(self, entry: JournalEntry, then: Callable[[], None]) -> None:
        """Calls ``then`` once the entry is on disk."""
        line = json.dumps({name: getattr(entry, name) for name in _NAMES}).encode("ascii") + b"\n"
        self._waiting.append((line, then))
        if self._busy is None and not self._broken:
            # Not at once: what else this turn of the loop brings goes with it.
            self._busy = self._loop.create_future()
            self._loop.call_soon(self._write)

    async def close(self) -> None:
        """Waits for the disk and lets go of the file."""
        while self._busy is not None:
            await asyncio.wait([self._busy])
        self._disk.shutdown()
        os.close(self._file)

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        written = self._loop.run_in_executor(
            self._disk, _append, self._file, b"".join(line for line, _ in batch)
        )
        written.add_done_callback(lambda _: self._written(written, [then for _, then in batch]))

    def _written(self, written: asyncio.Future[None], thens: list[Callable[[], None]]) -> None:
        try:
            written.result()
        except OSError as error:
            self._broken = True
            self._idle()
            self._failed(error)
            return
        for then in thens:
            then()
        if self._waiting:
            self._write()
        else:
            self._idle()

    def _idle(self) -> None:
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.set_result(None)


def _append(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    os.fdatasync(file)


def _forget_torn_end(file: int) -> None:
    """A line that a crash cut short was never durable as a whole: its reply never left."""
    size = end = os.fstat(file).st_size
    while end:
        start = max(0, end - 65536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(file, end)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some file systems cannot, and need not
        os.fsync(handle)
    os.close(handle)
