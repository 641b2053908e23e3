"""From leased lots to letters that may leave: open, merge, compose, and the last-byte check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import structlog

from hatobin.delivery.rules.decide import cannot_be_made
from hatobin.delivery.rules.last_byte import Refusal
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.holding import HeldLetter, Holding, ReadyLetter
from hatobin.delivery.runner.ledger import Ledger, Slip
from hatobin.delivery.runner.order import CannotSend, Made, Order, open_order, refused
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.services.control import halt

_log = structlog.get_logger("hatobin.sender")
_REMEMBERED = 64  # opened dispatches kept in memory
_FRESH = 600.0  # seconds after which one is opened anew: its keys may have been replaced meanwhile


class Writer:
    """Makes letters. A dispatch that must not go on is halted here."""

    def __init__(self, ledger: Ledger) -> None:
        self._line = Line(hot=True)
        self._ledger = ledger
        self._orders: dict[UUID, tuple[float, Order]] = {}

    async def load(self, lots: Sequence[tuple[Holding, Sequence[int]]]) -> None:
        """Reads the letters of lots that still wait, all in one; those that must not leave are settled.

        Raises DatabaseAway.
        """
        owner = {row: holding for holding, ids in lots for row in ids}
        rows = await self._line.fetch("letters", ids=list(owner))
        found = [HeldLetter._make(row) for row in rows]
        aside = [each for each in found if each.suppressed or not each.unchanged]
        if aside:
            await self._ledger.settle([owner[each.id].slip(each) for each in aside])
            found = [each for each in found if not each.suppressed and each.unchanged]
        halted = {
            each for each in {h.dispatch_id for h, _ids in lots} if not await self._opens(each)
        }
        for holding, _ids in lots:
            if holding.dispatch_id in halted:
                holding.back = None  # paused, it may go on; stopped, its letters are cancelled
        for each in found:
            if owner[each.id].dispatch_id not in halted:
                owner[each.id].letters.append(each)

    async def _opens(self, dispatch_id: UUID) -> bool:
        """Whether letters of this dispatch can be made; one that cannot be opened is halted."""
        try:
            await self._order(dispatch_id)
        except CannotSend as problem:
            await self._halt(dispatch_id, problem)
            return False
        return True

    async def write(self, holding: Holding, held: HeldLetter, slip: Slip) -> ReadyLetter | None:
        """A person's letter; None when there is none: its row, or its dispatch, then says why.

        Raises DatabaseAway.
        """
        try:
            order = self._known(holding.dispatch_id) or await self._order(holding.dispatch_id)
            made = order.make(held, slip)
            if made.strange:
                await self._check_strangers(holding.workspace_id, made)
            return made.letter
        except CannotSend as problem:
            await self._halt(holding.dispatch_id, problem)
            await self._ledger.settle([slip])
        except DatabaseAway:
            raise
        except Exception as problem:  # one person's letter never takes the others' sender down
            kind = type(problem).__name__
            _log.warning("a letter cannot be made", delivery=slip.id, problem=kind)
            self._ledger.record(slip, cannot_be_made())
        return None

    async def close(self) -> None:
        """Ends its line."""
        await self._line.close()

    def _known(self, dispatch_id: UUID) -> Order | None:
        opened_at, order = self._orders.get(dispatch_id, (0.0, None))
        return None if time.monotonic() - opened_at > _FRESH else order

    async def _order(self, dispatch_id: UUID) -> Order:
        order = self._known(dispatch_id)
        if order is None:
            row = (await self._line.run("dispatch", dispatch=dispatch_id))[0]
            while len(self._orders) >= _REMEMBERED:
                del self._orders[next(iter(self._orders))]
            order = await _opened(row)
            self._orders[dispatch_id] = time.monotonic(), order
        return order

    async def _halt(self, dispatch_id: UUID, problem: CannotSend) -> None:
        _log.error("dispatch is halted", dispatch=str(dispatch_id), code=problem.code)
        await in_thread(halt, dispatch_id, problem.code, problem.detail)

    async def _check_strangers(self, workspace_id: UUID, made: Made) -> None:
        """Whether an address that stands in the letter belongs to another person of the workspace."""
        known = await self._line.run("strangers", workspace=workspace_id, keys=sorted(made.strange))
        for row in known:
            place = made.strange[bytes(row["address_key"])]
            raise refused(Refusal(rule="other-person", place=place), made.letter.slip)


async def _opened(row: Row) -> Order:
    """One dispatch that cannot be opened is halted; every other one goes on."""
    try:
        return await open_order(row)
    except (CannotSend, DatabaseAway):
        raise
    except Exception as problem:
        _log.error("a dispatch cannot be opened", dispatch=str(row["id"]), problem=repr(problem))
        raise CannotSend("cannot-read") from problem
