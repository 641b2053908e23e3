"""A lot in hand: letters of one dispatch and site that this process alone may send, and how far they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from hatobin.delivery.egress.smtp_client import Envelope
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.runner.ledger import Slip


class HeldLetter(NamedTuple):
    """A row of ``sql/letters.sql``."""

    id: int
    claim: int
    attempts: int
    address_key: bytes
    test_recipient: bytes | None
    contact_key: bytes
    sealed: bytes
    fields: Mapping[str, Any]
    unchanged: bool
    suppressed: bool


class ReadyLetter(NamedTuple):
    """A letter that passed the last-byte check. ``attempts`` were made before; ``retry``: its own schedule."""

    slip: Slip
    attempts: int
    expires_at: datetime
    envelope: Envelope
    retry: RetrySchedule | None = None


@dataclass(kw_only=True, slots=True)
class Holding:
    """``letters`` wait in this process; ``out`` are in somebody's hands.

    ``back``: rows that wait on in this lot when it is over here (a row that was recorded as waiting has a
    lot of its own); None: as it was leased. They are due again after ``rest`` seconds.
    """

    lot: int
    node: int
    workspace_id: UUID
    dispatch_id: UUID
    egress_id: UUID
    site: str
    urgent: bool
    letters: deque[HeldLetter] = field(default_factory=deque)
    out: int = 0
    back: list[int] | None = field(default_factory=list)
    rest: float = 0.0

    @property
    def is_over(self) -> bool:
        """Nothing of it is in this process any more."""
        return not self.letters and not self.out

    def slip(self, letter: HeldLetter) -> Slip:
        """Enough to speak about its row."""
        return Slip(
            id=letter.id,
            claim=letter.claim,
            lot=self.lot,
            node=self.node,
            dispatch_id=self.dispatch_id,
            egress_id=self.egress_id,
            site=self.site,
        )

    def put_back(self, rest: float) -> None:
        """What was not taken yet waits again, ``rest`` seconds after the lot is over here."""
        for letter in self.letters:
            self.give_back(letter.id)
        self.letters.clear()
        self.rest = max(rest, self.rest)

    def give_back(self, row: int) -> None:
        """This letter was not tried, or may not leave now."""
        if self.back is not None:
            self.back.append(row)


class Turns:
    """Whose letter is next: urgent lots first; then workspaces in turn, and each one's dispatches in turn.

    So a small dispatch overtakes a large one, and nobody waits for somebody else's million.
    """

    def __init__(self) -> None:
        self._urgent: deque[Holding] = deque()
        self._by_workspace: dict[UUID, dict[UUID, deque[Holding]]] = {}
        self.waiting = 0

    def add(self, holding: Holding) -> None:
        """Takes its turn behind the others."""
        self.waiting += len(holding.letters)
        if holding.urgent:
            self._urgent.append(holding)
            return
        dispatches = self._by_workspace.setdefault(holding.workspace_id, {})
        dispatches.setdefault(holding.dispatch_id, deque()).append(holding)

    def next(self) -> tuple[Holding, HeldLetter] | None:
        """The next letter; it counts as out."""
        holding = self._first()
        if holding is None:
            return None
        self.waiting -= 1
        holding.out += 1
        return holding, holding.letters.popleft()

    @property
    def dispatches(self) -> int:
        """How many have their turns, tests not counted."""
        return sum(map(len, self._by_workspace.values()))

    def waiting_of(self, dispatch_id: UUID) -> int:
        """How many letters of a dispatch wait here."""
        return sum(len(each.letters) for each in self if each.dispatch_id == dispatch_id)

    def __iter__(self) -> Iterator[Holding]:
        yield from self._urgent
        for dispatches in self._by_workspace.values():
            for holdings in dispatches.values():
                yield from holdings

    def remove(self, chosen: Iterable[Holding], rest: float) -> list[Holding]:
        """Puts back what these hold; the ones that are over."""
        over = []
        for holding in chosen:
            self.waiting -= len(holding.letters)
            holding.put_back(rest)
            if holding.is_over:
                over.append(holding)
        return over

    def _first(self) -> Holding | None:
        while self._urgent:
            if self._urgent[0].letters:
                return self._urgent[0]
            self._urgent.popleft()
        while self._by_workspace:
            workspace_id, dispatches = next(iter(self._by_workspace.items()))
            del self._by_workspace[workspace_id]
            holding = _next_of(dispatches)
            if holding is not None:
                self._by_workspace[workspace_id] = dispatches  # behind the others
                return holding
        return None


def _next_of(dispatches: dict[UUID, deque[Holding]]) -> Holding | None:
    while dispatches:
        dispatch_id, holdings = next(iter(dispatches.items()))
        del dispatches[dispatch_id]
        while holdings and not holdings[0].letters:
            holdings.popleft()
        if holdings:
            dispatches[dispatch_id] = holdings
            return holdings[0]
    return None
