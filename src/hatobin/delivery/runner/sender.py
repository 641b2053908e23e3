"""One sender: joins the nodes, looks for work, keeps a lane for each road, drains at the end."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import structlog

from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.queries.shaping import ShapingBroken
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.feeder import Feeder
from hatobin.delivery.runner.lane import Shared
from hatobin.delivery.runner.ledger import Ledger
from hatobin.delivery.runner.node import Node
from hatobin.delivery.runner.policies import StoredPolicies
from hatobin.delivery.runner.road import Roads
from hatobin.delivery.runner.routes import Routes
from hatobin.delivery.runner.seats import Seats
from hatobin.delivery.runner.shares import Shares
from hatobin.delivery.runner.writer import Writer
from hatobin.delivery.services.direct_roads import Outside, the_world
from hatobin.delivery.services.lots import LOT

_log = structlog.get_logger("hatobin.sender")
_LOOK = 0.4  # seconds between looks for new work
_TIDY = 2.0  # seconds between looks for dead nodes, deadlines and finished dispatches
_AWAY = 1.0  # seconds between tries while the database is away
_UNREADABLE_REST = 60.0
_FALL_BACK_AFTER = 300.0  # seconds of trouble after which letters go by the fall-back


class Sender:
    """``only``: works for a single dispatch; it still returns what dead senders held.

    ``timeouts``: how long a server may take; what shaping says when not given. ``outside``: the network
    of direct roads; the world when not given.
    """

    def __init__(
        self,
        *,
        only: UUID | None = None,
        timeouts: Timeouts | None = None,
        outside: Outside | None = None,
    ) -> None:
        self._only = only
        self._line = Line()
        self._node = Node(self._line)
        self._ledger = Ledger()
        self._lots = Line()
        self._writer = Writer(self._ledger)
        self._about_lanes = Line()
        policies = StoredPolicies(self._about_lanes)
        self._roads = Roads(timeouts, outside or the_world(policies))
        self._feeder = Feeder(self._lots, only)
        self._shares = Shares(self._about_lanes, self._feeder.lanes)
        self._hungry = asyncio.Event()
        self._tidied = 0.0
        self._strays: set[int] = set()

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
        async with asyncio.TaskGroup() as carriers:
            shared = Shared(
                ledger=self._ledger,
                line=self._line,
                writer=self._writer,
                routes=Routes(self._line),
                seats=Seats(),
                hungry=self._hungry.set,
                ask_share=self._shares.ask,
                spawn=carriers.create_task,
            )
            helping = [
                carriers.create_task(self._feed(shared)),
                carriers.create_task(self._shares.run(lambda: self._ledger.node)),
            ]
            while not stop.is_set():
                pause = _LOOK
                try:
                    await self._look()
                except DatabaseAway as away:
                    _log.warning("database is away", error=str(away))
                    pause = _AWAY
                await _wait(stop, pause)
            for task in helping:
                task.cancel()
            self._feeder.close()

    async def _drain(self, carrying: asyncio.Task[None], seconds: float) -> None:
        began = time.monotonic()
        done, _late = await asyncio.wait({carrying}, timeout=seconds)
        if not done:
            _log.warning("drain took too long; unanswered letters are in doubt")
            carrying.cancel()
            await asyncio.wait({carrying})
        try:
            async with asyncio.timeout(max(1.0, seconds - (time.monotonic() - began))):
                await self._ledger.flush()
        except TimeoutError:
            _log.warning("database is away; outcomes that were not written are in doubt")

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self._node.leave()
        except (DatabaseAway, TimeoutError):
            _log.warning("database is away; another sender returns what this one held")
        for line in (self._line, self._lots, self._about_lanes):
            await line.close()
        await self._writer.close()
        await self._ledger.close()
        await self._roads.close()

    async def _look(self) -> None:
        self._ledger.node = await self._node.number()
        await self._line.together([("turnstile", {}), ("begin", {"only": self._only})])
        if time.monotonic() - self._tidied > _TIDY:
            await self._tidy()
        for row in await self._line.run("roads", only=self._only):
            await self._wake(row)
        self._feeder.forget_idle()
        self._hungry.set()

    async def _tidy(self) -> None:
        await self._node.reap()
        await self._give_up_strays()
        await self._line.run("cancel_stopped")
        await self._line.run("expire")
        for row in await self._line.run("to_fall_back", seconds=_FALL_BACK_AFTER):
            await self._fall_back(row)
        await self._line.run("old_troubles")
        settled = [row["id"] for row in await self._line.run("settled")]
        if settled:
            await self._line.together(
                [
                    ("lock_dispatches", {"dispatches": settled}),
                    ("stray", {"dispatches": settled}),
                    ("orphans", {"dispatches": settled}),
                    ("finish", {"dispatches": settled}),
                ]
            )
        self._tidied = time.monotonic()

    async def _give_up_strays(self) -> None:
        """Lots whose lease was committed while the answer was lost: nobody here knows of them."""
        rows = await self._line.run("held_lots", node=self._ledger.node)
        unknown = {row["id"] for row in rows} - self._feeder.lots()
        # Twice in a row: not one that is being given back just now.
        for lot in unknown & self._strays:
            self._ledger.release_lot(lot, self._ledger.node, 0.0, None)
        self._strays = unknown

    async def _fall_back(self, row: Row) -> None:
        """What waits on a road that has not worked for a while goes by the one that was named for that."""
        moved = await self._line.run(
            "move_lots",
            dispatch=None,
            by_domain=row["by_domain"],
            lot=LOT,
            **{"from": row["id"], "to": row["fallback_id"]},
        )
        _log.warning("letters go by the fall-back", road=str(row["id"]), lots=moved[0]["lots"])

    async def _wake(self, row: Row) -> None:
        try:
            road = await self._roads.open(row)
        except ShapingBroken as broken:
            _log.error("the shaping file cannot be used; nothing is sent", problem=str(broken))
            return
        except DatabaseAway:
            raise
        except Exception as problem:  # what is odd about one road is no trouble of the others
            _log.error("a road cannot be opened", road=str(row["id"]), problem=repr(problem))
            await self._cannot_open(row, "bad-setting")
            return
        if road is not None:
            self._feeder.look(road)
        else:
            await self._cannot_open(row, "seal-broken")

    async def _cannot_open(self, row: Row, code: str) -> None:
        await self._line.run(
            "trouble", egress=row["id"], code=code, words="", rest=_UNREADABLE_REST
        )

    async def _feed(self, shared: Shared) -> None:
        """Brings lots to lanes that want some, until cancelled."""
        while True:
            await self._hungry.wait()
            self._hungry.clear()
            try:
                await self._feeder.feed(self._ledger.node, shared)
            except DatabaseAway:
                _log.warning("database is away, nothing is leased")


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
