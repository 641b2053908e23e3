"""The name server of ``names`` in a thread of its own, and the product told to ask it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.test import override_settings

from tests.doubles.names import NameServer


@contextmanager
def serving(zone: Mapping[str, Mapping[str, list[str]]]) -> Iterator[NameServer]:
    """A server of real packets; its ``zone`` may be changed while it runs."""
    server = NameServer({name: dict(kinds) for name, kinds in zone.items()})
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    end = asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "the name server does not start"
        yield server
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()


@contextmanager
def asked_by_the_product(
    zone: Mapping[str, Mapping[str, list[str]]] | None = None,
) -> Iterator[NameServer]:
    """As ``serving``; services of this process ask it and nobody else."""
    with serving(zone or {}) as server:
        ours = settings.HATOBIN.model_copy(
            update={"dns_servers": [server.host], "dns_port": server.port}
        )
        with override_settings(HATOBIN=ours):
            yield server
