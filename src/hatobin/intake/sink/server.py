"""The sink itself, for an event loop (``Sink``) and for code without one (``SinkThread``)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from hatobin.intake.sink.certificate import server_context
from hatobin.intake.sink.conversation import Conversation
from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import Faults, Rule
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.session import Session


class Sink:
    """``envelopes`` collects what comes, unless ``deliver`` is given: it then gets each message.

    An exception in ``deliver`` closes the connection without an answer.
    """

    def __init__(
        self,
        options: SinkOptions | None = None,
        deliver: Callable[[Envelope], None] | None = None,
    ) -> None:
        self.options = options or SinkOptions()
        self.envelopes: list[Envelope] = []
        self.counters = Counters()
        self.faults = Faults(self.options.rules)
        self.context: ssl.SSLContext | None = None
        self.certificate = b""  # PEM, once started with TLS
        self._deliver = deliver or self.envelopes.append
        self._open: set[Conversation] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        if self._server is None:
            raise RuntimeError("the sink is not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        options = self.options
        if options.tls != "none":
            self.context, self.certificate = server_context()
        implicit = options.tls == "tls"
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Session(self, tls=implicit),
            options.host,
            options.port,
            ssl=self.context if implicit else None,
            backlog=1024,
        )

    async def stop(self) -> None:
        """Stops listening and drops every connection."""
        if self._server is not None:
            self._server.close()
            for conversation in tuple(self._open):
                conversation.abort()
            await self._server.wait_closed()
            await asyncio.sleep(0)  # the dropped connections say so on the loop's next turn

    def misbehave(self, *rules: Rule) -> None:
        """These rules from now on instead of those before; none at all: behave."""
        self.faults = Faults(rules)

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


class SinkThread:
    """A sink on a loop of its own: ``with SinkThread(options) as sink: ... sink.port``."""

    def __init__(self, options: SinkOptions | None = None) -> None:
        self.sink = Sink(options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.sink.start(), self._loop).result(30)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.sink.stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.sink.port

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

    def wait_for(self, count: int, *, within: float = 30.0) -> list[Envelope]:
        """The envelopes once there are ``count``. Raises TimeoutError after ``within`` seconds."""
        deadline = time.monotonic() + within
        while len(self.sink.envelopes) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.sink.envelopes)} of {count} messages came")
            time.sleep(0.005)
        return self.envelopes
