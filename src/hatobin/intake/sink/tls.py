"""TLS on a connection that a conversation owns: bytes in, bytes out, so that it can misbehave anywhere."""

from __future__ import annotations

import contextlib
import ssl

# TLS 1.2 record: alert, fatal, handshake_failure (RFC 5246 section 7.2).
HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"


class TlsLayer:
    """The server's side. ``ready`` once the handshake is over."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.ready = False
        self.ended = False  # the other side said goodbye

    def feed(self, data: bytes) -> bytes:
        """Takes what came over the wire; returns what it says. Raises ssl.SSLError.

        ``outgoing`` has something to say afterwards, even when this raises.
        """
        self._incoming.write(data)
        if not self.ready:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                return b""
            self.ready = True
        plain = []
        try:
            while chunk := self._tls.read(65536):
                plain.append(chunk)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return b"".join(plain)

    def wrap(self, data: bytes) -> None:
        """Queues what is to be said. Before the handshake is over nothing can be."""
        if self.ready:
            self._tls.write(data)

    def goodbye(self) -> None:
        """Queues the end, so that the other side does not take it for an attack."""
        if self.ready:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()

    def outgoing(self) -> bytes:
        """What is to go over the wire now."""
        return self._outgoing.read()
