"""SMTP replies (RFC 5321 section 4.2, enhanced status codes RFC 2034 and RFC 3463)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_LINES = 128
MAX_BYTES = 64 * 1024
_REMEMBERED = 80  # octets of a line that may come again

_LINE = re.compile(rb"([2-5][0-9][0-9])([ -]|$)(.*)", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?= |\Z)")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class BadReply(ValueError):
    """What came is no SMTP reply, or has no end. ``kind``: ``not-smtp`` or ``endless``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer. ``text`` holds its own words, lines joined by ``\\n``, controls removed.

    ``enhanced`` ("4.7.28") is taken off every line of ``text``; None when there is none or when
    its class contradicts the code.
    """

    code: int
    enhanced: str | None
    text: str

    @property
    def positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300

    @property
    def intermediate(self) -> bool:
        """3yz: go on."""
        return 300 <= self.code < 400

    @property
    def transient(self) -> bool:
        """4yz: not now."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """5yz: never as it is."""
        return self.code >= 500

    def __str__(self) -> str:
        return " ".join(filter(None, [str(self.code), self.enhanced, self.text]))


class ReplyReader:
    """Turns bytes into replies as they arrive. One for a connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[bytes] = []
        self._code = 0
        self._size = 0

    @property
    def clean(self) -> bool:
        """Whether nothing of a next reply has arrived."""
        return not self._buffer and not self._lines

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies completed by ``data``, one by one: those before a bad one still count.

        Raises :class:`BadReply`; then the reader is spent.
        """
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            reply = self._take(line.removesuffix(b"\r"))
            if reply:
                yield reply
        if self._size + len(self._buffer) > MAX_BYTES:
            raise BadReply("endless")

    def _take(self, line: bytes) -> Reply | None:
        if not self._lines and len(line) <= _REMEMBERED:
            reply = _whole(line)
            if reply:
                return reply
        found = _LINE.fullmatch(line)
        if not found or (self._lines and int(found[1]) != self._code):
            raise BadReply("not-smtp")
        self._code = int(found[1])
        self._lines.append(found[3])
        self._size += len(line)
        if len(self._lines) > MAX_LINES or self._size > MAX_BYTES:
            raise BadReply("endless")
        if found[2] == b"-":
            return None
        reply = _reply(self._code, self._lines)
        self._lines, self._size = [], 0
        return reply


def parse_reply(data: bytes) -> Reply:
    """Reads one whole reply, for logs and tests. Raises :class:`BadReply`."""
    reader = ReplyReader()
    replies = list(reader.feed(data))
    if len(replies) != 1 or not reader.clean:
        raise BadReply("not-smtp")
    return replies[0]


@lru_cache(maxsize=256)
def _whole(line: bytes) -> Reply | None:
    """A reply of one line: servers say the same few again and again."""
    found = _LINE.fullmatch(line)
    return _reply(int(found[1]), [found[3]]) if found and found[2] != b"-" else None


def _reply(code: int, raw: list[bytes]) -> Reply:
    lines = [_CONTROL.sub("", line.decode("utf-8", "replace")) for line in raw]
    found = _ENHANCED.match(lines[0])
    if not found or int(found[1]) != code // 100:
        return Reply(code, None, "\n".join(map(str.strip, lines)))
    enhanced = found[0]
    words = [line.removeprefix(enhanced).strip() for line in lines]
    return Reply(code, enhanced, "\n".join(words))
