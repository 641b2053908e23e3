"""Workbooks, read by a child process that may eat memory, hang or crash without harm.

The file goes to the child through a pipe and rows come back through a pipe: no copy touches a disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import hatobin
from hatobin.audience.sheets.errors import CODES, Code, SheetError
from hatobin.audience.sheets.limits import Limits
from hatobin.audience.sheets.shapes import Kind, Row
from hatobin.audience.sheets.source import SheetSource

_PIECE = 1 << 18
_LONGEST_LINE = 256 << 20  # a row of 1,000 cells of 32,767 letters, escaped
_STDERR_KEPT = 4096
_CHILD = "hatobin.audience.sheets.child"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A visible sheet: its first rows, and the numbers of rows with cells merged across columns."""

    name: str
    rows: int
    head: tuple[Row, ...]
    merged_rows: frozenset[int]
    notes: tuple[str, ...]


def survey(source: SheetSource, limits: Limits) -> tuple[Kind, tuple[Sheet, ...], bool]:
    """(kind, the visible sheets, whether others are hidden). Raises SheetError."""
    with contextlib.closing(_ask(source, None, limits)) as answers:
        first = next(answers)
        sheets = tuple(
            Sheet(
                name=answer["name"],
                rows=answer["rows"],
                head=tuple(map(_row, answer["head"])),
                merged_rows=frozenset(answer["merged_rows"]),
                notes=tuple(answer["notes"]),
            )
            for answer in answers
        )
    return first["kind"], sheets, first["hidden"]


def sheet_rows(source: SheetSource, sheet: str, limits: Limits) -> Generator[Row, None, None]:
    """Every row of one sheet that is not blank. Raises SheetError. Close it when done early."""
    with contextlib.closing(_ask(source, sheet, limits)) as answers:
        for batch in answers:
            yield from map(_row, batch)


def _row(packed: list[Any]) -> Row:
    number, cells, problem = packed
    return Row(number=number, cells=tuple(cells), problem=problem)


def _ask(source: SheetSource, sheet: str | None, limits: Limits) -> Generator[Any, None, None]:
    """The child's answers until it is done; the child is gone when this ends, however it ends."""
    with _Child(limits) as child:
        child.send(json.dumps({"limits": asdict(limits), "sheet": sheet}).encode() + b"\n")
        for chunk in source.chunks():
            if not child.send(chunk):
                break  # it said why, or died: the answers tell
        child.end_of_file()
        for line in child.lines():
            answer = json.loads(line)
            if isinstance(answer, dict) and answer.get("done"):
                return
            if isinstance(answer, dict) and "error" in answer:
                raise _refusal(answer["error"], answer["params"])
            yield answer
        raise child.cause_of_death()


def _refusal(code: str, params: dict[str, object]) -> SheetError:
    return SheetError(cast(Code, code) if code in CODES else "damaged", **params)


class _Child:
    """The process and the time that may be spent waiting for it."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.wait_seconds
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=_environment(),
            start_new_session=True,  # a group of its own, so that it is killed with all it started
        )
        os.set_blocking(self._stdin.fileno(), False)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def send(self, data: bytes) -> bool:
        """Whether the child took it all."""
        waiting = memoryview(data)
        while waiting:
            self._wait(self._stdin.fileno(), select.POLLOUT)
            try:
                waiting = waiting[os.write(self._stdin.fileno(), waiting[:_PIECE]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return False
        return True

    def end_of_file(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def lines(self) -> Iterator[bytes]:
        """Whole lines of its answer. Raises SheetError ``timeout``."""
        stdout = cast(IO[bytes], self._process.stdout).fileno()
        held = bytearray()
        while True:
            self._wait(stdout, select.POLLIN)
            piece = os.read(stdout, _PIECE)
            if not piece:
                return
            held += piece
            if len(held) > _LONGEST_LINE:
                raise SheetError("damaged")
            if b"\n" in piece:
                *whole, rest = bytes(held).split(b"\n")
                held = bytearray(rest)
                yield from whole

    def cause_of_death(self) -> SheetError:
        """Why it ended without its last line."""
        stderr = cast(IO[bytes], self._process.stderr)
        said = stderr.read(_STDERR_KEPT)
        status = self._process.wait()
        if status == -signal.SIGXCPU:
            return SheetError("timeout")
        if b"memory allocation" in said or b"MemoryError" in said or status == -signal.SIGKILL:
            return SheetError("zip-bomb", reason="memory")
        return SheetError("damaged", detail=f"status {status}")

    @property
    def _stdin(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    def _wait(self, descriptor: int, event: int) -> None:
        # Only waiting counts: the caller may take minutes to store what it got.
        started = time.monotonic()
        poll = select.poll()
        poll.register(descriptor, event)
        ready = poll.poll(max(0.0, self._left) * 1000)
        self._left -= time.monotonic() - started
        if not ready:
            raise SheetError("timeout")


def _environment() -> dict[str, str]:
    """No secrets, no settings: only where our code and the libraries are."""
    root = str(Path(hatobin.__file__).resolve().parents[1])
    paths = [root, *(path for path in sys.path if Path(path).is_absolute() and path != root)]
    return {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
