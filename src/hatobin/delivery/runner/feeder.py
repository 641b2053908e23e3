"""Leases lots and brings each to its lane: the sender's hand in the queue.

A road with one server has one lane, and its lots are fetched for it. A direct road has as many lanes as
destinations: lanes that are at work are fed by name, and new destinations are found by paging through
the queue, a bounded stretch at each look, so that nothing is scanned again and again in vain.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from hatobin.delivery.egress.errors import EgressError, NoRoute
from hatobin.delivery.models import DispatchKind
from hatobin.delivery.rules.decide import no_route
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.holding import Holding
from hatobin.delivery.runner.lane import Lane, Shared
from hatobin.delivery.runner.road import Road
from hatobin.delivery.services.lots import ANY_SITE

_log = structlog.get_logger("hatobin.sender")
_PAGE, _PAGES = 64, 40  # destinations in one look into the queue, and such looks at one time
_MOST_HELD = 20_000  # letters that wait in this process, of all lanes
_AT_ONCE = 64  # lots being opened
_NO_ANSWER_REST = 300.0  # seconds until a domain is looked up again whose name service says nothing
_MOST_LANES = 50_000
_SIDE_BY_SIDE = 32  # dispatches that take turns in a lane here, though enough waits for it already


class Feeder:
    """``only``: lots of a single dispatch."""

    def __init__(self, line: Line, only: UUID | None) -> None:
        self.lanes: dict[tuple[UUID, str], Lane] = {}
        self.roads: dict[UUID, Road] = {}
        self._line = line
        self._only = only
        self._of_domain: dict[tuple[UUID, str], Lane] = {}
        self._cursor: dict[UUID, str] = {}
        self._room = _MOST_HELD
        self._arriving: set[int] = set()  # leased, and not yet in a lane
        self._found: set[UUID] = set()  # direct roads with new destinations to look for

    def look(self, road: Road) -> None:
        """This road has something due: lanes that found nothing may ask again."""
        self.roads[road.id] = road
        self._found.add(road.id)

    async def feed(self, node: int, shared: Shared) -> None:
        """Leases for every lane that wants more. Raises DatabaseAway."""
        self._room = _MOST_HELD - sum(lane.waiting for lane in self.lanes.values())
        for road in list(self.roads.values()):
            if not road.by_domain:
                lane = await self._lane(road, "", shared)
                anew = road.id in self._found
                if anew:
                    self._found.discard(road.id)
                    lane.dry = False
                    lane.want()
                if not lane.dry:
                    await self._feed_lane(lane, [ANY_SITE], node, anew=anew)
                continue
            if road.id in self._found:
                self._found.discard(road.id)
                await self._discover(road, node, shared)
            busy = [lane for lane in self.lanes.values() if lane.road.id == road.id and lane.busy]
            for lane in busy:
                if not lane.dry and lane.domains and lane.appetite():
                    await self._feed_lane(lane, sorted(lane.domains), node)

    def lots(self) -> set[int]:
        """Every lot that is in this process."""
        return self._arriving.union(*(lane.lots for lane in self.lanes.values()))

    def close(self) -> None:
        """Every lane closes."""
        for lane in self.lanes.values():
            lane.close()

    def forget_idle(self) -> None:
        """Lanes of destinations that have nothing more; those that rest keep their memory."""
        if len(self.lanes) < _MOST_LANES:
            return
        now = asyncio.get_running_loop().time()
        for key, lane in list(self.lanes.items()):
            if lane.is_over and not lane.resting(now):
                del self.lanes[key]
                for domain in lane.domains:
                    self._of_domain.pop((key[0], domain), None)

    async def _feed_lane(
        self, lane: Lane, sites: Sequence[str], node: int, *, anew: bool = False
    ) -> None:
        """``anew``: something new is due. However much waits here of one dispatch, others get their turns."""
        while anew or (lane.appetite() and (self._room > 0 or not lane.waiting)):
            anew = False
            rows = await self._line.run(
                "due_of", egress=lane.road.id, sites=list(sites), only=self._only
            )
            lane.dry = not rows
            wanted = self._wanted(lane, rows)
            leased = await self._lease(wanted, node)
            if not leased:
                return
            await self._load([(lane, _holding(lot, row), lot["ids"]) for lot, row in leased])

    def _wanted(self, lane: Lane, rows: Sequence[Row]) -> list[Row]:
        """Where enough waits here, what has nothing here yet: tests always, others as long as few stand side by
        side. More of them are for other senders."""
        wanted = [row for row in rows if lane.appetite(row["dispatch_id"])]
        if lane.appetite() and (self._room > 0 or not lane.waiting):
            return wanted
        places = max(0, _SIDE_BY_SIDE - lane.dispatches) if self._room > 0 else 0
        tests = [row for row in wanted if row["kind"] == DispatchKind.TEST]
        others = [row for row in wanted if row["kind"] != DispatchKind.TEST]
        return tests + others[:places]

    async def _discover(self, road: Road, node: int, shared: Shared) -> None:
        for _page in range(_PAGES):
            if self._room <= 0:
                await self._take_up(road, await self._due(road, "", urgent=True), node, shared)
                break
            rows = await self._due(road, self._cursor.get(road.id, ""), urgent=False)
            self._cursor[road.id] = _next_cursor(rows)
            await self._take_up(road, rows, node, shared)
            if not self._cursor[road.id]:
                return
        self._found.add(road.id)

    async def _due(self, road: Road, after: str, *, urgent: bool) -> list[Row]:
        """The next destinations with something due; ``urgent``: of tests, for which there is always room."""
        return await self._line.run(
            "due", egress=road.id, after=after, most=_PAGE, only=self._only, urgent=urgent
        )

    async def _take_up(self, road: Road, rows: Sequence[Row], node: int, shared: Shared) -> None:
        now = asyncio.get_running_loop().time()
        wanted, resting = [], []
        for row in rows:
            lane = self._of_domain.get((road.id, row["site"]))
            if lane is not None:
                lane.want()
                lane.dry = False
            if lane is not None and (rest := lane.resting(now)):
                resting += [(lot, rest) for lot in row["lots"]]
            elif lane is None or lane.appetite(row["dispatch_id"]):
                wanted.append(row)
        if resting:
            lots, rests = zip(*resting, strict=True)
            await self._line.run("postpone", lots=list(lots), rests=list(rests))
        leased = await self._lease(wanted, node)
        for start in range(0, len(leased), _AT_ONCE):
            together = leased[start : start + _AT_ONCE]
            lanes = await asyncio.gather(
                *(self._find(road, lot, row, shared) for lot, row in together)
            )
            await self._load(
                [
                    (lane, _holding(lot, row), lot["ids"])
                    for lane, (lot, row) in zip(lanes, together, strict=True)
                    if lane is not None
                ]
            )

    async def _lease(self, rows: Iterable[Row], node: int) -> list[tuple[Row, Row]]:
        """(lot, what is known of it). Senders choose by chance, so that they seldom want the same."""
        wanted = {random.choice(row["lots"]): row for row in rows}  # noqa: S311
        if not wanted:
            return []
        found = await self._line.run("lease", lots=list(wanted), node=node)
        self._arriving.update(lot["id"] for lot in found)
        return [(lot, wanted[lot["id"]]) for lot in found]

    async def _find(self, road: Road, lot: Row, row: Row, shared: Shared) -> Lane | None:
        """The lane of a lot; None when there is none: then its letters have been seen to."""
        try:
            return await self._lane(road, lot["site"], shared)
        except NoRoute as error:
            await self._no_route(lot, row, shared, error)
        except EgressError as error:
            _log.warning("a domain cannot be looked up", kind=error.kind)
            shared.ledger.release_lot(lot["id"], lot["node"], _NO_ANSWER_REST, None)
        self._arriving.discard(lot["id"])
        return None

    async def _lane(self, road: Road, domain: str, shared: Shared) -> Lane:
        """The lane of a domain on this road. Raises NoRoute."""
        site = await road.site(domain)
        key = road.id, site.name
        lane = self.lanes.get(key)
        if lane is None or lane.closing:
            lane = self.lanes[key] = Lane(road, site, shared)
        elif lane.road is not road:
            lane.refresh(road, site)
        if road.by_domain:
            lane.domains.add(domain)
            self._of_domain[(road.id, domain)] = lane
        return lane

    async def _load(self, lots: Sequence[tuple[Lane, Holding, Sequence[int]]]) -> None:
        """Reads their letters, and gives each lot to its lane."""
        if not lots:
            return
        writer = lots[0][0].shared.writer
        try:
            await writer.load([(holding, ids) for _lane, holding, ids in lots])
        except DatabaseAway:
            for _lane, holding, _ids in lots:
                holding.back = None
        for lane, holding, _ids in lots:
            self._room -= len(holding.letters)
            lane.put(holding)
            self._arriving.discard(holding.lot)

    async def _no_route(self, lot: Row, due: Row, shared: Shared, error: NoRoute) -> None:
        """Nobody can take these letters: each ends, or all wait where the name service may know later."""
        if error.temporary:
            shared.ledger.release_lot(lot["id"], lot["node"], _NO_ANSWER_REST, None)
            return
        holding = _holding(lot, due)
        try:
            await shared.writer.load([(holding, lot["ids"])])
        except DatabaseAway:
            shared.ledger.release_lot(lot["id"], lot["node"], 0.0, None)
            return
        for letter in holding.letters:
            shared.ledger.record(holding.slip(letter), no_route(error.kind))
        shared.ledger.release_lot(lot["id"], lot["node"], 0.0, holding.back)


def _holding(lot: Row, due: Row) -> Holding:
    return Holding(
        lot=lot["id"],
        node=lot["node"],
        workspace_id=due["workspace_id"],
        dispatch_id=lot["dispatch_id"],
        egress_id=lot["egress_id"],
        site=lot["site"],
        urgent=due["kind"] == DispatchKind.TEST,
    )


def _next_cursor(rows: Sequence[Row]) -> str:
    """Behind the page; empty where every dispatch's sites were all seen. Sites come in order."""
    by_dispatch: dict[UUID, list[str]] = {}
    for row in rows:
        by_dispatch.setdefault(row["dispatch_id"], []).append(row["site"])
    full = [sites[-1] for sites in by_dispatch.values() if len(sites) >= _PAGE]
    return min(full, default="")
