"""A client that says exactly what it is told, on a plain socket."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Self

LETTER = b"Message-ID: <one@example.jp>\r\nSubject: hello\r\n\r\n.dot\r\nhello\r\n"


class Client:
    """``with Client(port) as client``: greeted and introduced, unless ``shy``."""

    def __init__(
        self, port: int, *, host: str = "127.0.0.1", source: str = "127.0.0.1", shy: bool = False
    ) -> None:
        self.socket: socket.socket = socket.create_connection(
            (host, port), timeout=20, source_address=(source, 0)
        )
        self._unread = b""
        if not shy:
            assert self.reply()[0] == 220
            assert self.say("EHLO client.example")[0] == 250

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def say(self, line: str) -> tuple[int, str]:
        """A command, and the reply to it."""
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> tuple[int, str]:
        """(code, text with LF between its lines). (0, "") when the other side hung up."""
        lines = []
        while True:
            line = self._line()
            if not line:
                return 0, ""
            lines.append(line[4:])
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    def envelope(self, recipient: str = "hanako@example.jp") -> list[int]:
        """MAIL, RCPT and DATA, as far as they are welcome; the codes."""
        codes = []
        for line in ("MAIL FROM:<news@example.co.jp>", f"RCPT TO:<{recipient}>", "DATA"):
            codes.append(self.say(line)[0])
            if codes[-1] >= 400 or not codes[-1]:
                break
        return codes

    def letter(self, recipient: str = "hanako@example.jp", body: bytes = LETTER) -> int:
        """A whole letter; the last code."""
        *_, last = self.envelope(recipient)
        if last == 354:
            self.send(body)
            last = self.reply()[0]
        return last

    def send(self, body: bytes = LETTER) -> None:
        """A body with its dot; nothing is waited for."""
        stuffed = body.replace(b"\r\n.", b"\r\n..")
        self.socket.sendall(stuffed + b".\r\n")

    def secure(self, context: ssl.SSLContext, name: str = "localhost") -> None:
        """TLS from here on. Raises ssl.SSLError or OSError."""
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def is_silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            came = self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(20)
        self._unread += came
        return False

    def rest(self, most: int = 1 << 20) -> bytes:
        """All that comes until the other side hangs up, or ``most``. Raises ConnectionResetError."""
        while len(self._unread) < most and (came := self.socket.recv(65536)):
            self._unread += came
        return self._unread

    def _line(self) -> str:
        while b"\r\n" not in self._unread:
            came = self.socket.recv(65536)
            if not came:
                return ""
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line.decode("utf-8", "replace")


def until(condition: Callable[[], object], what: str, within: float = 20) -> None:
    """Waits for something. Raises AssertionError when it does not come about."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"did not come about: {what}"
        time.sleep(0.005)
