"""A mail service's API on this machine: it plays recorded answers, and can fall silent anywhere."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came, as it was."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class MailService:
    """``with MailService() as service``: answers from ``answers`` in turn, the last one again and again.

    An answer is a recorded one (``status``, ``headers``, ``body``), or a word for what goes wrong:
    ``silent`` (reads the request, never answers), ``hang-up`` (reads it, closes), ``deaf`` (never reads),
    ``half`` (begins an answer, closes).
    """

    def __init__(self) -> None:
        self.answers: list[dict[str, Any] | str] = []
        self.asked: list[Asked] = []
        self._connections = 0
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        # A small window, so that a deaf server is felt before a whole letter is in the network's hands.
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                accepted, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
                self._open.append(accepted)
                number = self._connections
            threading.Thread(target=self._talk, args=(accepted, number), daemon=True).start()

    def _talk(self, accepted: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, EOFError):
            if self._next(take=False) == "deaf":
                self._ended.wait()
                return
            with accepted.makefile("rb") as stream:
                while self._answer(accepted, _read(stream, number)):
                    pass
            accepted.shutdown(socket.SHUT_RDWR)

    def _answer(self, accepted: socket.socket, asked: Asked) -> bool:
        with self._lock:
            self.asked.append(asked)
        answer = self._next(take=True)
        if answer == "silent":
            self._ended.wait()
            return False
        if answer == "hang-up":
            return False
        if answer == "half":
            accepted.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": "<20')
            return False
        assert isinstance(answer, dict), answer
        accepted.sendall(_written(answer))
        return True

    def _next(self, *, take: bool) -> dict[str, Any] | str:
        with self._lock:
            if take and len(self.answers) > 1:
                return self.answers.pop(0)
            return self.answers[0]


def _read(stream: Any, number: int) -> Asked:
    line = stream.readline().decode().strip()
    if not line:
        raise EOFError
    headers: dict[str, str] = {}
    while text := stream.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Asked(line=line, headers=headers, body=body, connection=number)


def _written(answer: dict[str, Any]) -> bytes:
    body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
    raw = body.encode()
    head = [f"HTTP/1.1 {answer['status']} Recorded", f"Content-Length: {len(raw)}"]
    head += [f"{name}: {value}" for name, value in answer.get("headers", {}).items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + raw
