"""This sender's part in each lane's limits, asked for every few seconds, and how its lanes are, told with it.

A lane sends nothing before it has a share, and nothing after the share has ended: so the senders together
keep every limit, whoever joins, dies or is cut off. docs/mechanisms/scale.md.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
import structlog

from hatobin.delivery.rules.shaping import Hit, Why
from hatobin.delivery.rules.shaping.values import Rate
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.lane import Lane

_log = structlog.get_logger("hatobin.sender")
_EVERY = 2.0  # seconds between reports of a lane
_SELDOM, _MANY = 5.0, 500  # … when there are many lanes
_LASTS = 15.0  # seconds that a share holds
_SETTLE = 0.02  # seconds in which new lanes gather for one report
_TOLD_DOMAINS = 50

Key = tuple[UUID, str]


class Shares:
    """``lanes`` are the sender's own, by (road, site)."""

    def __init__(self, line: Line, lanes: Mapping[Key, Lane]) -> None:
        self._line = line
        self._lanes = lanes
        self._reported: dict[Key, float] = {}
        self._node = 0
        self._new = asyncio.Event()

    def ask(self) -> None:
        """There is a lane without a share."""
        self._new.set()

    async def run(self, node: Callable[[], int]) -> None:
        """Reports until cancelled. ``node()`` is this sender's number."""
        while True:
            try:
                async with asyncio.timeout(_EVERY / 2):
                    await self._new.wait()
                await asyncio.sleep(_SETTLE)
            except TimeoutError:
                pass
            self._new.clear()
            try:
                await self._report(node())
            except DatabaseAway:
                _log.warning("database is away; lanes keep their shares until these end")
                await asyncio.sleep(_EVERY / 2)
            except psycopg.Error as problem:  # what one lane tells may not be the end of all
                _log.error("lanes could not be reported", problem=type(problem).__name__)
                await asyncio.sleep(_EVERY / 2)

    async def _report(self, node: int) -> None:
        now = asyncio.get_running_loop().time()
        if not node:
            return
        if node != self._node:  # what the old number held is for others
            self._node = node
            self._reported.clear()
        active = {key: lane for key, lane in self._lanes.items() if lane.wants_share(now)}
        pause = _SELDOM if len(active) > _MANY else _EVERY
        due = {
            key: lane
            for key, lane in active.items()
            if now - self._reported.get(key, -_LASTS) >= pause
        }
        gone = [key for key in self._reported if key not in active]
        if gone:
            await self._line.run("leave_lanes", node=node, **_keys(gone))
            for key in gone:
                del self._reported[key]
                if key in self._lanes:
                    self._lanes[key].granted(0, 1, now)
        if due:
            await self._ask(due, node, now)

    async def _ask(self, due: Mapping[Key, Lane], node: int, now: float) -> None:
        values = self._values(due, now)
        rows = await self._line.together(
            [
                ("lock_lanes", {"egresses": values["egresses"]}),
                ("lanes", {"node": node, "seconds": _LASTS, **values}),
            ]
        )
        for row in rows:
            key = row["egress_id"], row["site"]
            lane = due[key]
            self._reported[key] = now
            lane.granted(row["connections"], row["most"], now + _LASTS)
            if row["wake_asked_at"] not in {None, lane.woken_at}:
                lane.woken_at = row["wake_asked_at"]
                lane.wake()
        roads = list({key[0] for key in due})
        for row in await self._line.run("hits", egresses=roads, node=node):
            self._hear(row)

    def _hear(self, row: Row) -> None:
        """Another sender was told to slow down: this one need not be told so too."""
        lane = self._lanes.get((row["egress_id"], row["site"]))
        if lane is None or lane.heard.get(row["node"]) == row["hit_at"]:
            return
        lane.heard[row["node"]] = row["hit_at"]
        hit = _hit_from(row["hit"], row["age"])
        if hit.seconds > 0:
            lane.obey(hit)

    def _values(self, due: Mapping[Key, Lane], now: float) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = _keys(due)
        values |= {name: [] for name in _FIELDS}
        for lane in due.values():
            why = _why(lane, now)
            rest = lane.resting(now)
            hit, hit_at = lane.last_hit
            told = (
                lane.pace.most,
                lane.pace.open,
                lane.waiting,
                lane.in_hand,
                lane.accepted,
                lane.refused,
                lane.meter.per_minute(now, lane.accepted + lane.refused),
                lane.last_reply,
                why.code if why else ("dead" if rest else ""),
                json.dumps(_params(why.params, now) if why else lane.mood.params),
                rest or None,
                None if hit is None else json.dumps(asdict(hit)),
                None if hit is None else now - hit_at,
                lane.pace.policy.title[:120],
                _some_domains(lane.domains),
            )
            for name, value in zip(_FIELDS, told, strict=True):
                values[name].append(value)
        return values


def _why(lane: Lane, now: float) -> Why | None:
    """What holds it up. That nothing was granted to a lane whose server cannot be reached is no cause."""
    why = lane.pace.why_slow(now)
    return None if why and why.code == "no-lease" and lane.mood.rest(now) else why


_FIELDS = (
    "most", "open", "waiting", "in_hand", "accepted", "refused", "per_minute", "replies", "whys",
    "params", "nexts", "hits", "hit_ages", "titles", "domains",
)  # fmt: skip


def _keys(keys: Iterable[Key]) -> dict[str, list[Any]]:
    pairs = list(keys)
    return {"egresses": [each[0] for each in pairs], "sites": [each[1] for each in pairs]}


def _some_domains(domains: Collection[str]) -> str:
    """A lane may have very many; the screens show what is told."""
    return ",".join(sorted(islice(domains, _TOLD_DOMAINS)))


def _params(params: Mapping[str, object], now: float) -> dict[str, object]:
    """As a screen can use them: a moment of this process's clock becomes seconds from now."""
    return {
        name: round(value - now, 1) if name == "until" and isinstance(value, float) else value
        for name, value in params.items()
        if not isinstance(value, float) or abs(value) != float("inf")
    }


def _hit_from(told: Mapping[str, Any], age: float) -> Hit:
    rate = told["rate"]
    return Hit(
        rule=told["rule"],
        actions=tuple(told["actions"]),
        seconds=told["seconds"] - age,
        rate=Rate(**rate) if rate else None,
        said=told["said"],
    )
