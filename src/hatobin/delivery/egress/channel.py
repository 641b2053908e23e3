"""Bytes to replies: one TCP connection, read in the order in which it was asked.

A reply that nobody asked for breaks the channel: somebody may be putting words into the server's
mouth. The one exception is 421, which a server may say at any time before it hangs up (RFC 5321
section 3.8).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

from hatobin.wire.reply import BadReply, Reply, ReplyReader

_TICK = 1.0  # seconds between looks at a deadline


class Broken(Exception):
    """The channel is of no more use.

    ``kind``: closed, timeout, not-smtp, endless, unasked, shutting-down, unexpected-reply.
    """

    def __init__(self, kind: str, reply: Reply | None = None, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.reply = reply
        self.detail = detail


class Channel(asyncio.Protocol):
    """Used by one task at a time."""

    def __init__(self) -> None:
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._asked = 0
        self._broken: Broken | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._blocked = False
        self._transport: asyncio.Transport | None = None
        self._secure = False
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._late = False
        self.unsent = 0  # octets that the operating system had not taken when the channel broke

    @property
    def broken(self) -> Broken | None:
        """Why the channel is of no more use; None while it works."""
        return self._broken

    @property
    def secure(self) -> bool:
        """Whether TLS is on."""
        return self._secure

    @property
    def tls(self) -> tuple[str, str]:
        """(version, cipher), such as ``TLSv1.3`` and ``TLS_AES_256_GCM_SHA384``; empty without TLS."""
        found = self._transport.get_extra_info("ssl_object") if self._transport else None
        if found is None or found.cipher() is None:
            return "", ""
        return found.version(), found.cipher()[0]

    def ask(self, data: bytes, replies: int = 1) -> None:
        """Writes; the server owes so many more replies."""
        self._asked += replies
        self.write(data)

    def write(self, data: bytes) -> None:
        """Writes something that has no answer of its own; into a broken channel, nothing."""
        if not self._broken and self._transport is not None:
            self._transport.write(data)

    def expect(self) -> None:
        """The server speaks first: the greeting."""
        self._asked += 1

    async def read(self, timeout: float) -> Reply:
        """The next reply that was asked for. Raises :class:`Broken`."""
        while not self._replies:
            await self._wait(timeout)
        return self._replies.popleft()

    def ready(self, count: int) -> Sequence[Reply]:
        """The next replies, so many of them; none while one is still out, or the channel is broken."""
        if self._broken or len(self._replies) < count:
            return ()
        return tuple(islice(self._replies, count))

    def take(self, count: int) -> None:
        """Done with so many replies that were ready."""
        for _number in range(count):
            self._replies.popleft()

    @property
    def blocked(self) -> bool:
        """Whether octets wait for the operating system to take them."""
        return self._blocked

    async def drain(self, timeout: float) -> None:
        """Until the operating system has taken all bytes. Raises :class:`Broken`."""
        while self._blocked:
            await self._wait(timeout)
        if self._broken:
            raise self._broken

    async def start_tls(
        self, context: ssl.SSLContext, host: str, timeout: float, *, greeting: bool
    ) -> None:
        """Turns TLS on; with ``greeting`` the server then speaks first.

        Raises what the TLS library raises, or Broken ``unasked`` for earlier bytes.
        """
        if self._broken:
            raise self._broken
        if not self._reader.clean or self._replies or self._transport is None:
            raise Broken("unasked")
        if greeting:  # it may come together with the end of the handshake
            self.expect()
        transport = await asyncio.get_running_loop().start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=timeout
        )
        if transport is None:
            raise ConnectionResetError
        self._secure = True
        self._attach(transport)

    def abort(self) -> None:
        """Drops the connection and whatever was not sent yet."""
        self._break(Broken("closed"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self, timeout: float) -> None:
        if self._broken:
            raise self._broken
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        self._deadline = loop.time() + timeout
        if self._timer is None or timeout < _TICK:
            self._arm(loop, min(timeout, _TICK))
        try:
            await waiter
        finally:
            self._waiter = None
        if self._late:
            raise Broken("timeout")

    def _arm(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """A clock for each connection costs less than one for each wait."""
        self._timer = None
        if self._waiter is None or self._broken:
            return
        left = self._deadline - loop.time()
        if left > 0:
            self._arm(loop, min(left, _TICK))
            return
        self._late = True
        self._break(Broken("timeout"))
        self.abort()

    def _attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # So low that "not blocked" means: nothing waits on our side. Not 0, at which asyncio's TLS
        # layer pauses a writer that has nothing to write.
        transport.set_write_buffer_limits(high=1, low=0)

    def _break(self, broken: Broken) -> None:
        if self._broken is None:
            self._broken = broken
            if self._transport is not None:
                self.unsent = self._transport.get_write_buffer_size()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _take(self, reply: Reply) -> None:
        if self._asked:
            self._asked -= 1
            self._replies.append(reply)
            self._wake()
        elif not self._broken:
            self._break(Broken("shutting-down" if reply.code == 421 else "unasked", reply))

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._attach(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._broken:
            return
        try:
            for reply in self._reader.feed(data):
                self._take(reply)
        except BadReply as error:
            self._break(Broken(error.kind))

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._break(Broken("closed", detail=str(exc or "")))

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._blocked = True

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._blocked = False
        self._wake()


@contextlib.contextmanager
def closing_on_error(channel: Channel) -> Iterator[None]:
    """Drops the connection when the block does not end well, cancellation included."""
    try:
        yield
    except BaseException:
        channel.abort()
        raise
