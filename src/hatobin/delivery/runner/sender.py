"""One sender: joins the nodes, looks for work, keeps a lane for each road, drains at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

import structlog

from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.rules.decide import not_sent
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.lane import Lane
from hatobin.delivery.runner.ledger import Ledger, ReadyLetter
from hatobin.delivery.runner.node import Node
from hatobin.delivery.runner.order import slip_of
from hatobin.delivery.runner.road import open_road
from hatobin.delivery.runner.writer import Writer

_log = structlog.get_logger("hatobin.sender")
_LOOK = 0.4  # seconds between looks for new work
_TIDY = 2.0  # seconds between looks for dead nodes, deadlines and finished dispatches
_AWAY = 1.0  # seconds between tries while the database is away
_UNREADABLE_REST = 60.0


class Sender:
    """``only``: works for a single dispatch; it still returns what dead senders held.

    ``timeouts``: how long a server may take; RFC 5321's when not given.
    """

    def __init__(self, *, only: UUID | None = None, timeouts: Timeouts | None = None) -> None:
        self._only = only
        self._timeouts = timeouts or Timeouts()
        self._line = Line()
        self._node = Node(self._line)
        self._ledger = Ledger()
        self._writer = Writer(self._line, self._ledger)
        self._lanes: dict[UUID, Lane] = {}
        self._tidied = 0.0

    async def run(self, stop: asyncio.Event, *, drain: float = 20.0) -> None:
        """Sends until ``stop`` is set, then drains: letters whose dot is out are heard to the end,
        for at most ``drain`` seconds; all others wait again.
        """
        try:
            async with asyncio.TaskGroup() as group:
                ledger = group.create_task(self._ledger.run())
                carrying = group.create_task(self._carry(stop))
                await _wait(stop, None)
                await self._drain(carrying, drain)
                ledger.cancel()
        finally:
            await self._leave()

    async def _carry(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as lanes:
            while not stop.is_set():
                pause = _LOOK
                try:
                    await self._look(lanes)
                except DatabaseAway as away:
                    _log.warning("database is away", error=str(away))
                    pause = _AWAY
                await _wait(stop, pause)
            for lane in self._lanes.values():
                await lane.close()

    async def _drain(self, carrying: asyncio.Task[None], seconds: float) -> None:
        done, _late = await asyncio.wait({carrying}, timeout=seconds)
        if not done:
            _log.warning("drain took too long; unanswered letters are in doubt")
            carrying.cancel()
            await asyncio.wait({carrying})

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self._node.leave()
        except (DatabaseAway, TimeoutError):
            _log.warning("database is away; another sender returns what this one held")
        await self._line.close()
        await self._ledger.close()

    async def _look(self, lanes: asyncio.TaskGroup) -> None:
        await self._node.number()
        await self._line.run("begin", only=self._only)
        if time.monotonic() - self._tidied > _TIDY:
            await self._tidy()
        for row in await self._line.run("roads", only=self._only):
            await self._wake(row, lanes)

    async def _tidy(self) -> None:
        await self._node.reap()
        await self._line.run("cancel_stopped")
        await self._line.run("expire")
        settled = [row["id"] for row in await self._line.run("settled")]
        if settled:
            await self._line.together(
                [("lock_dispatches", {"dispatches": settled}), ("finish", {"dispatches": settled})]
            )
        self._tidied = time.monotonic()

    async def _wake(self, row: Row, lanes: asyncio.TaskGroup) -> None:
        road = await open_road(row, self._timeouts)
        if road is None:
            await self._line.run(
                "trouble", egress=row["id"], code="seal-broken", words="", rest=_UNREADABLE_REST
            )
            return
        if road.id not in self._lanes:
            lane = self._lanes[road.id] = Lane(road, self._ledger, self._line, self._fetch)
            lanes.create_task(lane.run())
        self._lanes[road.id].wake(road)

    async def _fetch(self, egress_id: UUID, limit: int) -> list[ReadyLetter]:
        """Claims and makes letters, a fair share from each dispatch that has some due."""
        node = await self._node.number()
        due = await self._line.run("due", egress=egress_id, only=self._only)
        letters: list[ReadyLetter] = []
        try:
            for position, row in enumerate(due):
                share = -(-(limit - len(letters)) // (len(due) - position))
                if share > 0:
                    letters += await self._claimed(row["id"], node, share)
        except DatabaseAway:
            _log.warning("database is away, claiming stops")
        return letters

    async def _claimed(self, dispatch_id: UUID, node: int, limit: int) -> Sequence[ReadyLetter]:
        rows = await self._line.run("claim", dispatch=dispatch_id, node=node, limit=limit)
        try:
            return await self._writer.write(dispatch_id, rows) if rows else ()
        except DatabaseAway:
            for row in rows:  # written when the database is back
                self._ledger.record(slip_of(row), not_sent())
            raise


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
