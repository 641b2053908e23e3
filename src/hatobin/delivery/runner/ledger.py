"""What connections ask of the ledger: mark, settle, record. Many at a time, durable when answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import structlog

from hatobin.delivery.rules.decide import Outcome
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.batches import Batcher
from hatobin.delivery.runner.database import DatabaseAway, Line, Step
from hatobin.wire.address import Address

_log = structlog.get_logger("hatobin.sender")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_ASIDE = frozenset({DeliveryState.SUPPRESSED.value, DeliveryState.CANCELLED.value})


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """A claimed ledger row: enough to speak about it."""

    id: int
    claim: int
    node: int
    dispatch_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyLetter:
    """A letter that passed the last-byte check. ``attempts`` were made before."""

    slip: Slip
    attempts: int
    expires_at: datetime
    mail_from: str
    to: Address
    body: bytes


class Verdict(Enum):
    """The answer to a mark."""

    GO = "marked: send the dot"
    ASIDE = "this letter must not leave; its row says why"
    CLOSED = "its dispatch does not send now, or the row is not ours any more"
    UNKNOWN = "the database is away: whether it was marked is not known"


class Ledger:
    """Two lines to the database, so that marks and records do not wait for each other."""

    def __init__(self) -> None:
        self._marking, self._recording = Line(), Line()
        self._marks: Batcher[Slip, Verdict] = Batcher(self._mark)
        self._records: Batcher[tuple[Slip, Outcome], None] = Batcher(self._record)

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._marks.run())
            group.create_task(self._records.run())

    async def close(self) -> None:
        """Ends both lines."""
        await self._marking.close()
        await self._recording.close()

    async def mark(self, slip: Slip) -> Verdict:
        """May the final dot go out? Promises P5 and P7 are kept here."""
        return await self._marks.put(slip)

    def record(self, slip: Slip, outcome: Outcome) -> asyncio.Future[None]:
        """Done when the outcome is durable. While the database is away it is kept and tried again."""
        return self._records.put((slip, outcome))

    async def settle(self, slips: Sequence[Slip]) -> dict[int, str]:
        """Gives claimed rows that did not leave the state that says why: row > state.

        Raises DatabaseAway.
        """
        rows = await self._marking.together(
            [_gate(slips), ("settle", {"ids": _ids(slips), "claims": _claims(slips)})]
        )
        return {row["id"]: row["state"] for row in rows}

    async def _mark(self, slips: Sequence[Slip]) -> list[Verdict]:
        mark = {"ids": _ids(slips), "claims": _claims(slips), "nodes": [s.node for s in slips]}
        try:
            rows = await self._marking.together([_gate(slips), ("mark", mark)])
            marked = {row["id"] for row in rows}
            left = [slip for slip in slips if slip.id not in marked]
            states = await self.settle(left) if left else {}
        except DatabaseAway as away:
            _log.warning("database is away, nothing is sent", error=str(away))
            return [Verdict.UNKNOWN for _slip in slips]
        return [
            Verdict.GO
            if slip.id in marked
            else Verdict.ASIDE
            if states.get(slip.id) in _ASIDE
            else Verdict.CLOSED
            for slip in slips
        ]

    async def _record(self, items: Sequence[tuple[Slip, Outcome]]) -> list[None]:
        steps = _record_steps(items)
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._recording.together(steps)
            except DatabaseAway as away:
                _log.warning("database is away, outcomes wait", count=len(items), error=str(away))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return [None for _item in items]


def _record_steps(items: Sequence[tuple[Slip, Outcome]]) -> list[Step]:
    slips = [slip for slip, _outcome in items]
    outcomes = [outcome for _slip, outcome in items]
    values: dict[str, Any] = {
        "ids": _ids(slips),
        "claims": _claims(slips),
        "states": [str(outcome.state) for outcome in outcomes],
        "reasons": [str(outcome.reason) for outcome in outcomes],
        "counted": [outcome.counted for outcome in outcomes],
        "retries": [
            o.retry_in.total_seconds() if o.retry_in is not None else None for o in outcomes
        ],
        "codes": [outcome.code for outcome in outcomes],
        "statuses": [outcome.status for outcome in outcomes],
        "words": [outcome.words for outcome in outcomes],
    }
    steps: list[Step] = [_gate(slips), ("record", values)]
    again = {s.dispatch_id for s, outcome in items if outcome.retry_in is not None}
    if again:
        steps.append(("reopen", {"dispatches": sorted(again)}))
    return steps


def _gate(slips: Iterable[Slip]) -> Step:
    return "gate", {"dispatches": sorted({slip.dispatch_id for slip in slips})}


def _ids(slips: Iterable[Slip]) -> list[int]:
    return [slip.id for slip in slips]


def _claims(slips: Iterable[Slip]) -> list[int]:
    return [slip.claim for slip in slips]
