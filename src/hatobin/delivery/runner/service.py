"""A mail service as a sender drives it: its client, and threads of its own to wait for its answers in.

Shared threads would let letters that are marked queue behind a service that is slow, and the rest of the
sender with them.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from hatobin.delivery.egress.providers import ProviderClient, ProviderReply
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.tokens import word_of


class Service:
    """``connections`` requests at a time."""

    def __init__(self, client: ProviderClient, connections: int) -> None:
        self.name = client.name
        self._client = client
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix=client.name)

    async def send(self, letter: ReadyLetter) -> ProviderReply | None:
        """One request, which is the dot; None when nothing was sent: its mark was too old at the last moment.

        Raises what the client raises; a ValueError says that no request was made.
        """
        try:
            sending = self._threads.submit(self._send, letter)
        except RuntimeError:  # the settings were changed, and this one is closed
            return None
        return await asyncio.wrap_future(sending)

    def close(self) -> None:
        """Waits for requests that are out."""
        self._threads.shutdown()
        self._client.close()

    def _send(self, letter: ReadyLetter) -> ProviderReply | None:
        if letter.slip.is_stale:
            return None
        key = word_of(letter.slip.id, "message")
        envelope = letter.envelope
        return self._client.send(envelope.mail_from, envelope.rcpt, envelope.body, key)
