"""The mechanics of a connection: lines, bodies, replies, TLS; slow, deaf or cut where a fault wants it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from typing import cast

from hatobin.intake.sink.tls import TlsLayer

_LONGEST_LINE = 16 * 1024
_LONGEST_BODY = 256 * 1024 * 1024
_DOT = b"\r\n.\r\n"
_SMALL_WINDOW = 4096
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, zero seconds, which makes close() send a RST


class Connection(asyncio.Protocol, ABC):
    """Reads what comes, line by line or body by body, and leaves its meaning to a subclass.

    While ``_held`` nothing is worked on: a delay or the journal is waited for. Once ``_deaf`` nothing
    will be. While ``_tls_due`` the next bytes are a handshake.
    """

    def __init__(self, *, implicit_tls: bool) -> None:
        self.tls = False
        self.client = self.server = ""
        self._tls_due = implicit_tls
        self._layer: TlsLayer | None = None
        self._buffer = bytearray()
        self._out: list[str] = []
        self._held = self._deaf = self._closed = False
        self._in_body = self._body_began = False
        self._scanned = 0
        self._pace = 0  # octets of a body a second; 0: as they come

    # a subclass says what things mean

    @abstractmethod
    def come(self) -> None:
        """The connection stands; TLS from the first byte is still to come."""

    @abstractmethod
    def gone(self) -> None:
        """It does not any more; ``_in_body`` tells whether a body was cut off."""

    @abstractmethod
    def hello(self) -> ssl.SSLContext | None:
        """The first bytes of a handshake are here. None: it was dealt with in another way."""

    @abstractmethod
    def encrypted(self) -> None:
        """The handshake is over."""

    @abstractmethod
    def take_line(self, line: str) -> None:
        """A command, or the answer to a challenge."""

    @abstractmethod
    def begin_body(self) -> None:
        """The first bytes of a body are here."""

    @abstractmethod
    def take_body(self, data: bytes) -> None:
        """A body that ended with its dot, still stuffed."""

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self.client = transport.get_extra_info("peername")[0]
        self.server = "{}:{}".format(*transport.get_extra_info("sockname")[:2])
        self.come()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._deaf:
            return
        came = len(data)
        if self._tls_due or self._layer is not None:
            data = self._decrypt(data)
        self._buffer += data
        if self._in_body and self._body_began and self._pace:
            self._sip(came)
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._closed = True
        self.gone()

    # what the meaning is made with

    def say(self, reply: str) -> None:
        """Queues a reply (CRLF between lines, none at the end)."""
        if reply:
            self._out.append(reply)

    def expect_body(self) -> None:
        """What comes next is a body."""
        self._in_body, self._body_began, self._scanned, self._pace = True, False, 0, 0

    def expect_tls(self) -> None:
        """What comes next is a handshake; what was said ahead of it does not count (RFC 3207)."""
        self._tls_due = True
        self._buffer.clear()

    def close(self) -> None:
        """Hangs up after what was said."""
        self._flush()
        self._closed = True
        if self._layer is not None and not self._transport.is_closing():
            self._layer.goodbye()
            self._transport.write(self._layer.outgoing())
        self._transport.close()

    def reset(self) -> None:
        """Ends with a TCP RST."""
        self._closed = True
        with contextlib.suppress(OSError):  # it may be gone already
            connected = self._transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def abort(self) -> None:
        """Drops the connection, whatever was said."""
        self._closed = True
        self._transport.abort()

    def go_deaf(self, *, stop_reading: bool) -> None:
        """Never says a word again. ``stop_reading``: so that the sender's network fills up."""
        self._deaf = self._held = True
        if stop_reading:
            self._transport.pause_reading()

    def slow_down(self, octets: int) -> None:
        """Reads the body that began at so many bytes a second."""
        self._pace = octets
        with contextlib.suppress(OSError):
            connected = self._transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
        self._sip(len(self._buffer))

    def flood(self) -> None:
        """A reply that never ends, as fast as the other side reads it."""
        self._deaf = self._held = True
        if not self._transport.is_closing():
            if self._transport.get_write_buffer_size() < _LONGEST_LINE:
                self._send(b"250-and another thing\r\n" * 200)
            asyncio.get_running_loop().call_later(0.001, self.flood)

    def send_raw(self, data: bytes) -> None:
        """Bytes that are no reply, after what was said."""
        self._flush()
        self._send(data)

    def _sip(self, octets: int) -> None:
        self._held = True
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(octets / self._pace, self._swallowed)

    def _swallowed(self) -> None:
        if not self._closed:
            self._held = False
            self._transport.resume_reading()
            self._work()

    def _decrypt(self, data: bytes) -> bytes:
        if self._layer is None:
            context = self.hello()
            if context is None:
                self._deaf = True  # to what else it says; what was decided may still be under way
                return b""
            self._tls_due, self._layer = False, TlsLayer(context)
        layer = self._layer
        try:
            plain = layer.feed(data)
        except ssl.SSLError:  # the other side does not like us, and was told
            self._transport.write(layer.outgoing())
            self.close()
            return b""
        self._transport.write(layer.outgoing())
        if layer.ready and not self.tls:
            self.tls = True
            self.encrypted()
        if layer.ended:
            self.close()
        return plain

    def _work(self) -> None:
        while self._buffer and not (self._held or self._closed):
            if not (self._read_body() if self._in_body else self._read_line()):
                break
        self._flush()

    def _flush(self) -> None:
        if self._out:
            if not self._transport.is_closing():
                self._send("\r\n".join([*self._out, ""]).encode("utf-8", "replace"))
            self._out.clear()

    def _send(self, data: bytes) -> None:
        if self._layer is None:
            self._transport.write(data)
        else:
            self._layer.wrap(data)
            self._transport.write(self._layer.outgoing())

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
            self.begin_body()
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
