"""Remembering answers for a while, and asking once where many want to know."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

Clock = Callable[[], datetime]  # aware, UTC

_K = TypeVar("_K")
_V = TypeVar("_V")


class Shelf(Generic[_K, _V]):
    """Keeps at most ``size`` values, each until its time; what was asked for longest ago goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[_K, tuple[_V, datetime, datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: _K, now: datetime) -> tuple[_V, datetime] | None:
        """(value, until when it holds); None when there is none that holds now."""
        found = self._kept.get(key)
        if found is None:
            return None
        value, since, until = found
        if not since <= now < until:  # a clock that was set back does not prolong anything
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return value, until

    def put(self, key: _K, value: _V, now: datetime, lifetime: timedelta) -> None:
        """Keeps ``value`` for ``lifetime``."""
        self._kept[key] = (value, now, now + lifetime)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


class Flights(Generic[_K, _V]):
    """Whoever asks for a key while somebody else's question is under way gets that answer.

    A caller that is cancelled leaves the question under way for the others.
    """

    def __init__(self) -> None:
        self._flying: dict[_K, asyncio.Task[_V]] = {}

    async def join(self, key: _K, ask: Callable[[], Coroutine[Any, Any, _V]]) -> _V:
        """The answer of ``ask``, or of the same question that is under way; raises what it raises."""
        task = self._flying.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(ask())
            self._flying[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def _landed(self, key: _K, task: asyncio.Task[_V]) -> None:
        if self._flying.get(key) is task:
            del self._flying[key]
        if not task.cancelled():
            task.exception()  # nobody may be left to hear it
