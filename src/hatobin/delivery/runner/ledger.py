"""What connections ask of the ledger: mark, record, settle. Many at a time, durable when answered.

One statement carries all that is asked while the one before is under way (group commit): outcomes
first, then marks. So a connection that records a letter and marks its next in the same breath never
has two letters between mark and record (promise P3).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from hatobin.delivery.rules.decide import Outcome, not_sent
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.database import DatabaseAway, Line

_log = structlog.get_logger("hatobin.sender")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_BETWEEN = '","'
_STALE = 1.0  # seconds
_LARGEST = 500  # marks and records in one statement
_ASIDE = frozenset({DeliveryState.SUPPRESSED.value, DeliveryState.CANCELLED.value})


@dataclass(kw_only=True, slots=True)
class Slip:
    """A letter in hand: enough to speak about its row. ``claim`` is its fence; a mark raises it by a number
    that no other sender raises it by: so it also tells whose mark it was.

    ``lot`` was leased by ``node``: a sender that lost its number may lease it again by another.
    ``site`` and ``egress_id`` are where it waits again if it must.
    """

    id: int
    claim: int
    lot: int
    node: int
    dispatch_id: UUID
    egress_id: UUID
    site: str
    marked: bool = False
    asked_at: float = 0.0  # of time.monotonic: when the mark was asked for that is durable

    @property
    def fresh_for(self) -> float:
        """Seconds that the mark is leave to send the dot."""
        return max(0.0, self.asked_at + _STALE - time.monotonic())

    @property
    def is_stale(self) -> bool:
        """Whether the mark is so old that a stop may have come since (promise P5 gives a stop one second)."""
        return time.monotonic() - self.asked_at > _STALE

    @property
    def claim_when_marked(self) -> int:
        """What the row's claim is after our mark; ``sql/step.sql`` reckons the same."""
        return self.claim + (self.node << 20)  # records raise it by one: they never come so far

    def has_mark(self, asked_at: float) -> None:
        """Our mark is durable."""
        self.claim, self.marked, self.asked_at = self.claim_when_marked, True, asked_at


class Verdict(Enum):
    """The answer to a mark."""

    GO = "marked: send the dot"
    ASIDE = "this letter must not leave; its row says why"
    CLOSED = "its dispatch does not send now, or the row is not ours any more"
    UNKNOWN = "the database is away: whether it was marked is not known"


Mark = tuple[Slip, "asyncio.Future[Verdict]"]
Told = tuple[Slip, Outcome, int | None]  # the last: the way it went


class Released(NamedTuple):
    """A lot that is over in this process."""

    lot: int
    node: int
    rest: float
    back: Sequence[int] | None


class Ledger:
    """One line to the database, worked by one task. ``node()`` is the number that holds the lots."""

    def __init__(self) -> None:
        self.node = 0
        self._line = Line(hot=True)
        self._marks: list[Mark] = []
        self._told: list[Told] = []
        self._lots: list[Released] = []
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Works until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            await self._some.wait()
            self._some.clear()
            self._idle.clear()
            try:
                await self._step()
                pause = _FIRST_PAUSE
            except DatabaseAway as away:
                _log.warning(
                    "database is away, outcomes wait", count=len(self._told), error=str(away)
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            if self._marks or self._told or self._lots:
                self._some.set()
            else:
                self._idle.set()

    async def flush(self) -> None:
        """Returns when all that was told is durable."""
        while self._some.is_set() or not self._idle.is_set():
            await asyncio.sleep(0)
            await self._idle.wait()

    async def close(self) -> None:
        """Ends the line."""
        await self._line.close()

    def mark(self, slip: Slip) -> asyncio.Future[Verdict]:
        """May the final dot go out? Promises P5 and P7 are kept here."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._marks.append((slip, future))
        self._some.set()
        return future

    def record(self, slip: Slip, outcome: Outcome, route: int | None = None) -> None:
        """Written with the next statement; while the database is away it is kept and tried again."""
        self._told.append((slip, outcome, route))
        self._some.set()

    def unknown(self, slip: Slip) -> None:
        """Whether it was marked is not known, and it did not leave: both are told; the fence lets one speak."""
        self.record(replace(slip, claim=slip.claim_when_marked, marked=True), not_sent())
        self.record(slip, not_sent())

    def release_lot(self, lot: int, node: int, rest: float, back: Sequence[int] | None) -> None:
        """A lot that was leased by this number is free again after ``rest`` seconds, with these rows
        (None: with all of its own); without any it is done.

        Written with, or behind, the outcomes that were recorded before: while a letter may be between
        mark and record, its lot says who sent it.
        """
        self._lots.append(Released(lot, node, rest, back))
        self._some.set()

    async def settle(self, slips: Sequence[Slip]) -> dict[int, str]:
        """Gives letters in hand that must not leave the state that says why: row > state.

        Raises DatabaseAway.
        """
        rows = await self._line.run(
            "settle",
            dispatches=_dispatches(slips),
            ids=[slip.id for slip in slips],
            claims=[slip.claim for slip in slips],
        )
        return {row["id"]: row["state"] for row in rows}

    async def _step(self) -> None:
        told, self._told = self._told, []
        marks, self._marks = _each_once(self._marks)
        lots, self._lots = self._lots, []
        asked_at = time.monotonic()
        try:
            rows = await self._line.fetch("step", **step_values(told, marks, lots))
        except DatabaseAway:
            self._told = told + self._told
            self._lots = lots + self._lots
            _answer_unknown(marks)
            raise
        await self._answer(marks, {row[0] for row in rows}, asked_at)

    async def _answer(self, marks: Sequence[Mark], marked: set[int], asked_at: float) -> None:
        left = []
        for slip, future in marks:
            if slip.id in marked:
                slip.has_mark(asked_at)
                if not future.done():
                    future.set_result(Verdict.GO)
            else:
                left.append((slip, future))
        if not left:
            return
        try:
            states = await self.settle([slip for slip, _future in left])
        except DatabaseAway:
            _answer_unknown(left)
            return
        for slip, future in left:
            if not future.done():
                aside = states.get(slip.id) in _ASIDE
                future.set_result(Verdict.ASIDE if aside else Verdict.CLOSED)


def _each_once(asked: Sequence[Mark]) -> tuple[list[Mark], list[Mark]]:
    """(marks for one statement, those for the next): of a row that two lots name only one may be told GO."""
    now: dict[int, Mark] = {}
    later: list[Mark] = []
    for mark in asked:
        if len(now) < _LARGEST and mark[0].id not in now:
            now[mark[0].id] = mark
        else:
            later.append(mark)
    return list(now.values()), later


def _answer_unknown(marks: Sequence[Mark]) -> None:
    for _slip, future in marks:
        if not future.done():
            future.set_result(Verdict.UNKNOWN)


def step_values(
    told: Sequence[Told],
    marks: Sequence[tuple[Slip, Any]],
    released: Sequence[Released],
) -> dict[str, Any]:
    """What ``sql/step.sql`` takes: outcomes, marks, and lots that are done or free again."""
    slips = [each[0] for each in told]
    outcomes = [each[1] for each in told]
    marking = [slip for slip, _future in marks]
    lots = list({(slip.lot, slip.node) for slip in marking})
    done = [each for each in released if each.back == []]
    free = [each for each in released if each.back != []]
    return {
        "dispatches": _array({slip.dispatch_id for slip in [*slips, *marking]}),
        "lots": _array([lot for lot, _node in lots]),
        "lot_nodes": _array([node for _lot, node in lots]),
        "done": _array([each.lot for each in done]),
        "done_nodes": _array([each.node for each in done]),
        "back": _array([each.lot for each in free]),
        "back_nodes": _array([each.node for each in free]),
        "rests": _array([each.rest for each in free]),
        "back_ids": _texts(["" if each.back is None else _array(each.back) for each in free]),
        "mark_of": _array([slip.dispatch_id for slip in marking]),
        "of": _array([slip.dispatch_id for slip in slips]),
        "mark_ids": _array([slip.id for slip in marking]),
        "mark_claims": _array([slip.claim for slip in marking]),
        "mark_lots": _array([slip.lot for slip in marking]),
        "mark_nodes": _array([slip.node for slip in marking]),
        "ids": _array([slip.id for slip in slips]),
        "claims": _array([slip.claim for slip in slips]),
        "marked": _array([slip.marked for slip in slips]),
        "egresses": _array([slip.egress_id for slip in slips]),
        "sites": _texts([slip.site for slip in slips]),
        "routes": _array([each[2] for each in told]),
        "states": _texts([outcome.state.value for outcome in outcomes]),
        "reasons": _texts([str(outcome.reason) for outcome in outcomes]),
        "counted": _array([outcome.counted for outcome in outcomes]),
        "retries": _array(
            [None if each.retry_in is None else each.retry_in.total_seconds() for each in outcomes]
        ),
        "codes": _array([outcome.code for outcome in outcomes]),
        "statuses": _texts([outcome.status for outcome in outcomes]),
        "words": _texts([outcome.words for outcome in outcomes]),
    }


def _array(values: Iterable[object]) -> str:
    """A PostgreSQL array of numbers, truth values or identifiers, as text: half the driver's time."""
    return f"{{{','.join(['NULL' if each is None else str(each) for each in values])}}}"


def _texts(values: Iterable[str]) -> str:
    """The same for words of any kind."""
    quoted = [each.replace("\\", "\\\\").replace('"', '\\"') for each in values]
    return f'{{"{_BETWEEN.join(quoted)}"}}' if quoted else "{}"


def _dispatches(slips: Sequence[Slip]) -> list[UUID]:
    return list({slip.dispatch_id for slip in slips})
