"""Between a process and its PostgreSQL: passes everything on, until the moment of which it was told.

The process is the real one and knows nothing of it. At the moment, one message of the conversation is
held back, so that a test can kill the process exactly there.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_READY = (
    b"Z\x00\x00\x00\x05I"  # ReadyForQuery, outside a transaction: all that was asked is durable
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """``nth`` transaction with a statement that holds ``words``.

    ``done`` False: its last request (COMMIT, or the statement itself where it stands alone) does not reach
    the server. True: it has, and is durable, but the process does not hear of it.
    """

    words: str
    nth: int = 1
    alone: bool = False
    done: bool = False


@dataclass
class _Line:
    """One connection, with what was prepared on it."""

    near: socket.socket
    far: socket.socket
    prepared: dict[bytes, str] = field(default_factory=dict)
    in_question: bool = False
    deaf: bool = False

    def close(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class DatabaseTap:
    """``with DatabaseTap(socket_folder, port, Moment(...)) as tap``: the process gets ``tap.folder``.

    ``tap.held`` is set when the moment has come; ``let_go`` then ends that connection on both sides, as
    the death of the process would.
    """

    def __init__(self, socket_folder: str, port: int, moment: Moment) -> None:
        self._target = f"{socket_folder}/.s.PGSQL.{port}"
        self._port = port
        self._moment = moment
        self._count = 0
        self._lock = threading.Lock()
        self._lines: list[_Line] = []
        self._held_line: _Line | None = None
        self.held = threading.Event()
        self._released = threading.Event()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="tap-")
        self.folder = self._folder.name
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(Path(self.folder) / f".s.PGSQL.{self._port}"))
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.let_go()
        self._server.close()
        for line in self._lines:
            line.close()
        self._folder.cleanup()

    def let_go(self) -> None:
        """The held connection ends."""
        self._released.set()
        if self._held_line is not None:
            self._held_line.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            line = _Line(near, far)
            self._lines.append(line)
            for pump in (self._ask, self._answer):
                threading.Thread(target=pump, args=(line,), daemon=True).start()

    def _ask(self, line: _Line) -> None:
        """From the process to the server, message by message."""
        with contextlib.suppress(OSError, EOFError), line.near.makefile("rb") as stream:
            size = _exactly(stream, 4)
            line.far.sendall(size + _exactly(stream, int.from_bytes(size) - 4))
            while True:
                kind = _exactly(stream, 1)
                size = _exactly(stream, 4)
                body = _exactly(stream, int.from_bytes(size) - 4)
                if self._is_the_moment(line, kind, body):
                    self._hold(line)
                line.far.sendall(kind + size + body)
        line.close()

    def _answer(self, line: _Line) -> None:
        """From the server to the process."""
        with contextlib.suppress(OSError):
            tail = b""
            while chunk := line.far.recv(65536):
                if line.deaf:
                    tail = (tail + chunk)[-len(_READY) :]
                    if tail == _READY:
                        self.held.set()
                    continue
                line.near.sendall(chunk)
        line.close()

    def _is_the_moment(self, line: _Line, kind: bytes, body: bytes) -> bool:
        text = self._statement(line, kind, body)
        if not text or self.held.is_set():
            return False
        moment = self._moment
        if moment.words in text:
            line.in_question = True
        last = moment.words in text if moment.alone else text.strip() == "COMMIT"
        if not (line.in_question and last):
            return False
        line.in_question = False
        with self._lock:
            self._count += 1
            return self._count == moment.nth

    def _statement(self, line: _Line, kind: bytes, body: bytes) -> str:
        """The text of the statement that a message starts; empty for other messages."""
        if kind == b"Q":
            return body.rstrip(b"\0").decode()
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            line.prepared[name] = text.decode()
        elif kind == b"B":
            _portal, name, _ = body.split(b"\0", 2)
            return line.prepared.get(name, "")
        return ""

    def _hold(self, line: _Line) -> None:
        self._held_line = line
        if self._moment.done:
            line.deaf = True
            return
        self.held.set()
        self._released.wait()
        raise EOFError


def _exactly(stream: object, count: int) -> bytes:
    found: bytes = stream.read(count)  # type: ignore[attr-defined]
    if len(found) < count:
        raise EOFError
    return found
