"""The sink itself, for an event loop (``Sink``) and for code without one (``SinkThread``)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from hatobin.intake.sink.actions import CertificateKind
from hatobin.intake.sink.certificate import Certificates
from hatobin.intake.sink.conversation import Conversation
from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import Faults, Rule
from hatobin.intake.sink.journal import Journal
from hatobin.intake.sink.limits import Limit, Limits
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.session import Session

_PORT_TRIES = 20  # until one is free on all hosts
_GOODBYES = 1000  # looks, a millisecond apart


class Sink:
    """``envelopes`` collects what comes, unless ``deliver`` is given: it then gets each message.

    An exception in ``deliver`` closes the connection without an answer. ``journal_failed`` is called
    once when the journal's disk refuses; whoever waits for a reply then gets none, and the connections
    are dropped.
    """

    def __init__(
        self,
        options: SinkOptions | None = None,
        deliver: Callable[[Envelope], None] | None = None,
        journal_failed: Callable[[OSError], None] | None = None,
    ) -> None:
        self.options = options or SinkOptions()
        self.envelopes: list[Envelope] = []
        self.counters = Counters()
        self.faults = Faults(self.options.rules, self.options.seed)
        self.limits = Limits(self.options.limits)
        self.journal: Journal | None = None
        self.certificates = Certificates(self._hosts)
        self._deliver = deliver or self.envelopes.append
        self._journal_failed = journal_failed
        self._open: set[Conversation] = set()
        self._servers: list[asyncio.Server] = []

    @property
    def port(self) -> int:
        """Where it listens first, once started."""
        return self.addresses[0][1]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Everywhere it listens, once started."""
        if not self._servers:
            raise RuntimeError("the sink is not started")
        return [each.sockets[0].getsockname()[:2] for each in self._servers]

    @property
    def certificate(self) -> bytes:
        """PEM, of the one that it shows when no rule says otherwise."""
        return b"" if self.options.tls == "none" else self.certificates.pem()

    async def start(self) -> None:
        """Listens. Raises OSError when a port is taken or the journal cannot be written."""
        if self.options.journal is not None:
            self.journal = Journal(self.options.journal, self._on_journal_failed)
        try:
            for port in self.options.ports or (self.options.port,):
                await self._listen(port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stops listening, drops every connection, and closes the journal."""
        for server in self._servers:
            server.close()
        for conversation in tuple(self._open):
            conversation.abort()
        for server in self._servers:
            await server.wait_closed()
        for _ in range(_GOODBYES):  # the dropped connections say so on the loop's next turns
            if not self._open:
                break
            await asyncio.sleep(0.001)
        if self.journal is not None:
            journal, self.journal = self.journal, None
            await journal.close()

    def misbehave(self, *rules: Rule) -> None:
        """These rules from now on instead of those before; none at all: behave."""
        self.faults = Faults(rules, self.options.seed)

    def limit(self, *limits: Limit) -> None:
        """These limits from now on, counted from zero; none at all: take whatever comes."""
        self.limits = Limits(limits)

    def context(self, kind: CertificateKind) -> ssl.SSLContext:
        """Part of Floor."""
        return self.certificates.context(kind)

    def enter(self, conversation: Conversation) -> int:
        """Part of Floor."""
        self._open.add(conversation)
        self.counters.connections += 1
        self.counters.open_now = len(self._open)
        self.counters.most_at_once = max(self.counters.most_at_once, len(self._open))
        return self.counters.connections

    def leave(self, conversation: Conversation) -> None:
        """Part of Floor."""
        self._open.discard(conversation)
        self.counters.open_now = len(self._open)

    def take(self, envelope: Envelope) -> None:
        """Part of Floor."""
        self._deliver(envelope)
        counters = self.counters
        counters.messages += 1
        counters.octets += len(envelope.data)
        counters.most_recipients = max(counters.most_recipients, len(envelope.rcpts))

    @property
    def _hosts(self) -> tuple[str, ...]:
        return self.options.hosts or (self.options.host,)

    async def _listen(self, port: int) -> None:
        """On all hosts; the system's choice of a port must be free on all of them."""
        for left in reversed(range(_PORT_TRIES)):
            opened: list[asyncio.Server] = []
            chosen = port
            try:
                for host in self._hosts:
                    opened.append(await self._server(host, chosen))
                    chosen = opened[0].sockets[0].getsockname()[1]
            except OSError as error:
                for server in opened:
                    server.close()
                if port or not opened or not left or error.errno != errno.EADDRINUSE:
                    raise
            else:
                self._servers += opened
                return

    async def _server(self, host: str, port: int) -> asyncio.Server:
        implicit = self.options.tls == "tls"
        return await asyncio.get_running_loop().create_server(
            lambda: Session(self, implicit_tls=implicit), host, port, backlog=1024
        )

    def _on_journal_failed(self, error: OSError) -> None:
        for conversation in tuple(self._open):
            conversation.abort()
        if self._journal_failed is not None:
            self._journal_failed(error)


class SinkThread:
    """A sink on a loop of its own: ``with SinkThread(options) as sink: ... sink.port``."""

    def __init__(
        self,
        options: SinkOptions | None = None,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self.sink = Sink(options)
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.sink.start(), self._loop).result(30)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.sink.stop(), self._loop).result(30)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @property
    def port(self) -> int:
        """Where it listens first."""
        return self.sink.port

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Everywhere it listens."""
        return self.sink.addresses

    @property
    def envelopes(self) -> list[Envelope]:
        """What came so far: a copy."""
        return list(self.sink.envelopes)

    @property
    def counters(self) -> Counters:
        """Sums so far, still counting."""
        return self.sink.counters

    @property
    def certificate(self) -> bytes:
        """PEM, when started with TLS."""
        return self.sink.certificate

    def misbehave(self, *rules: Rule) -> None:
        """These rules from now on; none at all: behave."""
        self.sink.misbehave(*rules)

    def limit(self, *limits: Limit) -> None:
        """These limits from now on, counted from zero; none at all: take whatever comes."""
        self.sink.limit(*limits)

    def wait_for(self, count: int, *, within: float = 30.0) -> list[Envelope]:
        """The envelopes once there are ``count``. Raises TimeoutError after ``within`` seconds."""
        deadline = time.monotonic() + within
        while len(self.sink.envelopes) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.sink.envelopes)} of {count} messages came")
            time.sleep(0.005)
        return self.envelopes
