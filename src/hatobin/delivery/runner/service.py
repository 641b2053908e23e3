"""A mail service as a sender drives it: its client, and threads of its own to wait for its answers in.

Shared threads would let letters that are marked queue behind a service that is slow, and the rest of the
sender with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hatobin.delivery.egress.providers import ProviderClient, ProviderOutcome, ProviderReply
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.runner.ledger import Slip
from hatobin.delivery.tokens import word_of

Still = Callable[[Slip], Coroutine[Any, Any, bool]]  # whether a letter whose mark is old may leave
_PATIENCE = 5.0  # seconds for the database


class Service:
    """``connections`` requests at a time."""

    def __init__(self, client: ProviderClient, connections: int) -> None:
        self.name = client.name
        self._client = client
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix=client.name)

    async def send(self, letter: ReadyLetter, still: Still) -> ProviderReply | None:
        """One request, which is the dot; None when nothing was sent. ``still`` is asked where the mark has grown
        old before there was a connection.

        Raises what the client raises; a ValueError says that no request was made.
        """
        loop = asyncio.get_running_loop()

        def may_go() -> bool:
            if not letter.slip.is_stale:
                return True
            asked = asyncio.run_coroutine_threadsafe(still(letter.slip), loop)
            try:
                return asked.result(_PATIENCE)
            except TimeoutError:
                return False

        try:
            sending = self._threads.submit(self._send, letter, may_go)
        except RuntimeError:  # the settings were changed, and this one is closed
            return None
        return await asyncio.wrap_future(sending)

    def close(self) -> None:
        """Waits for requests that are out."""
        self._threads.shutdown()
        self._client.close()

    def _send(self, letter: ReadyLetter, may_go: Callable[[], bool]) -> ProviderReply | None:
        if not may_go():
            return None
        key = word_of(letter.slip.id, "message")
        envelope = letter.envelope
        reply = self._client.send(envelope.mail_from, envelope.rcpt, envelope.body, key, may_go)
        return None if reply.outcome is ProviderOutcome.STOPPED else reply
