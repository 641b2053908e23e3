"""The mechanics of a receiving conversation: lines, bodies, replies, TLS, and faults in all of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import (
    Action,
    Answer,
    Close,
    Delay,
    Endless,
    Faults,
    Garbage,
    Hang,
    Stage,
    Unasked,
)
from hatobin.intake.sink.options import SinkOptions

Effect = Callable[[], str]  # does what is asked for and returns the reply; "" says nothing

_LONGEST_LINE = 16 * 1024
_LONGEST_BODY = 256 * 1024 * 1024
_DOT = b"\r\n.\r\n"


class Floor(Protocol):
    """What a conversation needs from its sink."""

    options: SinkOptions
    counters: Counters
    faults: Faults
    context: ssl.SSLContext | None

    def enter(self, conversation: Conversation) -> int:
        """Counts a connection in; returns its number."""

    def leave(self, conversation: Conversation) -> None:
        """Counts it out."""

    def take(self, envelope: Envelope) -> None:
        """Keeps a message."""


class Conversation(asyncio.Protocol):
    """Reads what comes, line by line or body by body, and leaves its meaning to a subclass.

    While ``_held`` nothing is read: a delay or TLS is under way. Once ``_deaf`` nothing will be.
    """

    def __init__(self, floor: Floor, *, tls: bool) -> None:
        self.floor = floor
        self.options = floor.options
        self.number = 0
        self.tls = tls
        self._buffer = bytearray()
        self._out: list[str] = []
        self._held = self._deaf = self._closed = False
        self._in_body = self._body_began = False
        self._scanned = 0
        self._task: asyncio.Task[None] | None = None
        self.begin()

    # a subclass says what things mean

    def begin(self) -> None:
        """Before the greeting, and again after STARTTLS (RFC 3207 section 4.2)."""
        raise NotImplementedError

    def take_line(self, line: str) -> None:
        """A command, or the answer to a challenge."""
        raise NotImplementedError

    def take_body(self, data: bytes) -> None:
        """A body that ended with its dot, still stuffed."""
        raise NotImplementedError

    def recipients(self) -> list[str]:
        """Of the open transaction."""
        raise NotImplementedError

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self.number = self.floor.enter(self)
        self.perform("connect", lambda: "220 localhost ESMTP Hatobin sink, nothing leaves")
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if not self._deaf:
            self._buffer += data
            self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._closed = True
        self.floor.counters.unfinished += self._in_body
        self.floor.leave(self)

    # what the meaning is made with

    def say(self, reply: str) -> None:
        """Queues a reply (CRLF between lines, none at the end)."""
        if reply:
            self._out.append(reply)

    def expect_body(self) -> None:
        """What comes next is a body."""
        self._in_body, self._body_began, self._scanned = True, False, 0

    def close(self) -> None:
        """Hangs up after what was said."""
        self._flush()
        self._closed = True
        self._transport.close()

    def abort(self) -> None:
        """Drops the connection."""
        self._closed = True
        self._transport.abort()

    def perform(self, stage: Stage, effect: Effect, recipients: list[str] | None = None) -> None:
        """The usual effect and reply, or the fault that a rule asks for."""
        action = self.floor.faults.at(stage, recipients or ())
        if action is None:
            self.say(effect())
        else:
            self.floor.counters.faults += 1
            self._misbehave(stage, action, effect)

    def upgrade(self, context: ssl.SSLContext) -> None:
        """TLS, as soon as what was said is out."""
        self._held = True
        self._task = asyncio.get_running_loop().create_task(self._start_tls(context))

    def _misbehave(self, stage: Stage, action: Action, effect: Effect) -> None:
        match action:
            case Answer(code, text):
                self._answer(stage, f"{code} {text}", effect if code < 400 else None)
            case Hang(keep):
                if keep:
                    effect()
                self._deaf = self._held = True
                if stage == "body":  # so that the sender's network fills up
                    self._transport.pause_reading()
            case Close(keep):
                if keep:
                    effect()
                self.close()
            case Delay(seconds):
                self._held = True
                self._flush()
                asyncio.get_running_loop().call_later(seconds, self._go_on, effect)
            case Endless():
                self._deaf = self._held = True
                self._flood()
            case Garbage():
                self._flush()
                self._transport.write(bytes(range(256)) * 4 + b"\r\n")
            case Unasked(line):
                self.say(effect())
                self.say(line)

    def _answer(self, stage: Stage, reply: str, effect: Effect | None) -> None:
        if effect:
            effect()
        self.say(reply)
        if stage == "body":  # nobody asked yet: a server that says so hangs up (RFC 5321 3.8)
            self.close()

    def _go_on(self, effect: Effect) -> None:
        if not self._closed:
            self._held = False
            self.say(effect())
            self._work()

    def _flood(self) -> None:
        if not self._transport.is_closing():
            if self._transport.get_write_buffer_size() < _LONGEST_LINE:
                self._transport.write(b"250-and another thing\r\n" * 200)
            asyncio.get_running_loop().call_later(0.001, self._flood)

    def _work(self) -> None:
        while self._buffer and not (self._held or self._closed):
            if not (self._read_body() if self._in_body else self._read_line()):
                break
        self._flush()

    def _flush(self) -> None:
        if self._out and not self._transport.is_closing():
            lines = "".join(f"{reply}\r\n" for reply in self._out)
            self._transport.write(lines.encode("utf-8", "replace"))
        self._out.clear()

    def _read_line(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_LINE:
                self.say("500 5.5.2 Line too long")
                self.close()
            return False
        line = self._buffer[:end].decode("utf-8", "replace").rstrip("\r")
        del self._buffer[: end + 1]
        self.take_line(line)
        return True

    def _read_body(self) -> bool:
        if not self._body_began:
            self._body_began = True
            self.perform("body", lambda: "", self.recipients())
            return True
        end = 0
        if not self._buffer.startswith(_DOT[2:]):
            found = self._buffer.find(_DOT, max(0, self._scanned - len(_DOT)))
            if found < 0:
                self._scanned = len(self._buffer)
                if self._scanned > _LONGEST_BODY:
                    self.close()
                return False
            end = found + 2
        data = bytes(self._buffer[:end])
        del self._buffer[: end + 3]
        self._in_body = False
        self.take_body(data)
        return True

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        self._buffer.clear()  # what was said before the encryption does not count
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_side=True
            )
        except OSError:  # ssl.SSLError is one: the other side did not like us
            transport = None
        if transport is None:
            self.abort()
            return
        self._transport = transport
        self.tls, self._held = True, False
        self.begin()
        self._work()  # the first command may have come together with the end of the handshake
