"""An SMTP server of its own, sharing no code with the product: it writes down what came over the wire."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Self


@dataclass
class Taken:
    """One transaction: who from, every RCPT, and the raw bytes between DATA and the dot."""

    mail_from: str
    rcpts: list[str] = field(default_factory=list)
    raw: bytes = b""

    def message(self) -> EmailMessage:
        """Parsed by the standard library's strict modern parser."""
        found = email.message_from_bytes(self.raw, policy=email.policy.SMTP)
        assert isinstance(found, EmailMessage)
        return found


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 60

    def handle(self) -> None:
        self._say("220 tap.example ESMTP")
        taken: Taken | None = None
        for line in self.rfile:
            command = line.strip().decode("utf-8", "replace")
            word = command.upper()
            if word.startswith("EHLO"):
                self._say("250-tap.example")
                self._say("250-PIPELINING")
                self._say("250 8BITMIME")
            elif word.startswith("MAIL FROM:"):
                taken = Taken(_path(command))
                self._say("250 2.1.0 ok")
            elif word.startswith("RCPT TO:") and taken:
                taken.rcpts.append(_path(command))
                self._say("250 2.1.5 ok")
            elif word == "DATA" and taken:
                self._say("354 go on")
                body = self._body()
                if body is None:
                    with self.server.lock:
                        self.server.cut_off.append(taken)
                    return
                taken.raw = body
                with self.server.lock:
                    self.server.taken.append(taken)
                taken = None
                self._say("250 2.0.0 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _body(self) -> bytes | None:
        """None when the connection ended without the final dot."""
        lines: list[bytes] = []
        while line := self._line():
            if not line.endswith(b"\n"):
                return None
            if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
                self._complain("a bare line end came over the wire")
            if len(line) > 1000:
                self._complain("a line longer than RFC 5321 allows came over the wire")
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
        return None

    def _line(self) -> bytes:
        """Empty at the end, in whatever way it came."""
        try:
            return self.rfile.readline()
        except OSError:
            return b""

    def _complain(self, text: str) -> None:
        with self.server.lock:
            self.server.complaints.append(text)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[Taken] = []
        self.cut_off: list[Taken] = []
        self.complaints: list[str] = []
        self.lock = threading.Lock()


class WireTap:
    """``with WireTap() as tap``: ``tap.port``, and ``tap.taken`` afterwards.

    ``cut_off``: transactions whose body never ended; they were not taken. The end of the story fails when
    the wire carried what no server may be sent.
    """

    def __enter__(self) -> Self:
        self._server = _Server()
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        if error is None:
            assert not self._server.complaints, self._server.complaints

    @property
    def taken(self) -> list[Taken]:
        with self._server.lock:
            return list(self._server.taken)

    @property
    def cut_off(self) -> list[Taken]:
        with self._server.lock:
            return list(self._server.cut_off)


def _path(command: str) -> str:
    return command[command.index("<") + 1 : command.rindex(">")]
