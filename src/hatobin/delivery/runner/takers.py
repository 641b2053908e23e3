"""Carriers that wait for a letter, and the clock that calls them when the next one may leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Takers:
    """For one event loop. ``alarm``: called beside them when the clock calls."""

    def __init__(self, loop: asyncio.AbstractEventLoop, alarm: Callable[[], None]) -> None:
        self._loop = loop
        self._alarm = alarm
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, seconds: float) -> bool:
        """Whether it was called within this time."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
            return True
        except TimeoutError:
            return False
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def call(self) -> None:
        """All of them look again."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def call_at(self, at: float) -> None:
        """At this time of the loop, unless they are called before; ``inf``: somebody else will."""
        if self._timer_at <= self._loop.time() and at != float("inf"):
            self._timer_at = at
            self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self.call()
        self._alarm()

    def close(self) -> None:
        """Calls them a last time."""
        if self._timer is not None:
            self._timer.cancel()
        self.call()
