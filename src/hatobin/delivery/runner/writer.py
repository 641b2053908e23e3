"""From claimed rows to letters that may leave: open, merge, compose, and the last-byte check."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from hatobin.delivery.rules.decide import cannot_be_made
from hatobin.delivery.rules.last_byte import Refusal
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.ledger import Ledger, ReadyLetter
from hatobin.delivery.runner.order import CannotSend, Made, Order, open_order, refused, slip_of
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.services.control import halt

_log = structlog.get_logger("hatobin.sender")
_REMEMBERED = 64  # opened dispatches kept in memory


class Writer:
    """Makes letters. A dispatch that must not go on is halted here."""

    def __init__(self, line: Line, ledger: Ledger) -> None:
        self._line = line
        self._ledger = ledger
        self._orders: dict[UUID, Order] = {}

    async def write(self, dispatch_id: UUID, rows: Sequence[Row]) -> list[ReadyLetter]:
        """The letters of claimed rows; rows without one are settled. Raises DatabaseAway."""
        aside = [row for row in rows if row["suppressed"] or not row["unchanged"]]
        if aside:
            await self._ledger.settle([slip_of(row) for row in aside])
        try:
            order = await self._order(dispatch_id)
            made = await self._make(order, [row for row in rows if row not in aside])
            await self._check_strangers(order, made)
        except CannotSend as problem:
            _log.error("dispatch is halted", dispatch=str(dispatch_id), code=problem.code)
            await in_thread(halt, dispatch_id, problem.code, problem.detail)
            await self._ledger.settle([slip_of(row) for row in rows])
            return []
        return [each.letter for each in made]

    async def _order(self, dispatch_id: UUID) -> Order:
        if dispatch_id not in self._orders:
            row = (await self._line.run("dispatch", dispatch=dispatch_id))[0]
            while len(self._orders) >= _REMEMBERED:
                del self._orders[next(iter(self._orders))]
            self._orders[dispatch_id] = await _opened(row)
        return self._orders[dispatch_id]

    async def _make(self, order: Order, rows: Sequence[Row]) -> list[Made]:
        made = []
        for row in rows:
            try:
                made.append(order.make(row))
            except CannotSend:
                raise
            except Exception as problem:  # one person's letter never takes the others' sender down
                _log.warning(
                    "a letter cannot be made", delivery=row["id"], problem=type(problem).__name__
                )
                await self._ledger.record(slip_of(row), cannot_be_made())
            await asyncio.sleep(0)  # connections go on between two letters
        return made

    async def _check_strangers(self, order: Order, made: Sequence[Made]) -> None:
        """Whether an address that stands in a letter belongs to another person of the workspace."""
        keys = sorted({key for each in made for key in each.strange})
        if not keys:
            return
        known = await self._line.run("strangers", workspace=order.workspace_id, keys=keys)
        others = {bytes(row["address_key"]) for row in known}
        for each in made:
            for key, place in each.strange.items():
                if key in others:
                    raise refused(Refusal(rule="other-person", place=place), each.letter.slip)


async def _opened(row: Row) -> Order:
    """One dispatch that cannot be opened is halted; every other one goes on."""
    try:
        return await open_order(row)
    except (CannotSend, DatabaseAway):
        raise
    except Exception as problem:
        _log.error("a dispatch cannot be opened", dispatch=str(row["id"]), problem=repr(problem))
        raise CannotSend("cannot-read") from problem
