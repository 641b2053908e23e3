"""A road in use: a feeder that fetches letters, carriers that hand them over, and the road's mood."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from hatobin.delivery.egress.errors import EgressError, Refused
from hatobin.delivery.rules.decide import kept_words, not_sent, rest
from hatobin.delivery.runner.carrier import Carrier
from hatobin.delivery.runner.database import DatabaseAway, Line
from hatobin.delivery.runner.ledger import Ledger, ReadyLetter
from hatobin.delivery.runner.road import Road

_log = structlog.get_logger("hatobin.sender")
_PER_CARRIER = 4  # letters that are made ahead, for each connection
Fetch = Callable[[UUID, int], Awaitable[list[ReadyLetter]]]


class Lane:
    """One egress in this process. ``fetch(egress_id, limit)`` claims and makes letters."""

    def __init__(self, road: Road, ledger: Ledger, line: Line, fetch: Fetch) -> None:
        self.road = road
        self.ledger = ledger
        self.closing = False
        self._line = line
        self._fetch = fetch
        self._letters: asyncio.Queue[ReadyLetter | None] = asyncio.Queue()
        self._in_hand = 0
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._failures = 0
        self._failed_at = 0.0

    async def run(self) -> None:
        """Works until ``close``; then every letter it took has its outcome or waits again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed())
            for _number in range(self.road.connections):
                group.create_task(Carrier(self).run())

    def wake(self, road: Road) -> None:
        """There is work. The road's settings may have changed; the number of connections stays."""
        self.road = road
        self._work.set()

    async def close(self) -> None:
        """Takes nothing new; letters that were not offered yet go back."""
        self.closing = True
        self._work.set()
        self._room.set()
        await self._give_back(lambda _letter: True)
        for _number in range(self.road.connections):
            self._letters.put_nowait(None)

    async def take(self) -> ReadyLetter | None:
        """The next letter for a carrier; None when the lane closes."""
        letter = await self._letters.get()
        if letter is not None:
            self._in_hand += 1
            self._room.set()
        return letter

    def put_down(self) -> None:
        """A carrier is done with its letter."""
        self._in_hand -= 1
        self._room.set()

    async def works(self) -> None:
        """The server answered about a letter."""
        if not self._failures and not self.road.troubled:
            return
        self._failures = 0
        self.road = replace(self.road, troubled=False)
        try:
            await self._line.run("calm", egress=self.road.id)
        except DatabaseAway:
            _log.warning("database is away, trouble is still shown")

    async def trouble(self, error: EgressError, since: float, *, recipient: str) -> None:
        """A connection failed that was tried at ``since``: the lane rests, what it holds waits again.

        One outage is one failure, however many connections notice it.
        """
        loop = asyncio.get_running_loop()
        if since < self._failed_at:
            return
        self._failures += 1
        self._failed_at = loop.time()
        pause = rest(self._failures).total_seconds()
        words = kept_words(error.reply.text if error.reply else error.detail, recipient)
        _log.warning("road is in trouble", kind=_code(error), rest=pause, failures=self._failures)
        try:
            await self._line.run(
                "trouble", egress=self.road.id, code=_code(error), words=words, rest=pause
            )
        except DatabaseAway:
            _log.warning("database is away, trouble is not shown")
        await self._give_back(lambda _letter: True)

    async def lay_aside(self, dispatch_id: UUID) -> None:
        """A dispatch was stopped or paused: its letters that were made ahead are settled."""
        await self._give_back(lambda letter: letter.slip.dispatch_id == dispatch_id)

    async def _give_back(self, chosen: Callable[[ReadyLetter], bool]) -> None:
        """Letters that were never offered: their rows get the state that says why."""
        kept: list[ReadyLetter | None] = []
        back: list[ReadyLetter] = []
        while not self._letters.empty():
            letter = self._letters.get_nowait()
            if letter is not None and chosen(letter):
                back.append(letter)
            else:
                kept.append(letter)
        for other in kept:
            self._letters.put_nowait(other)
        if not back:
            return
        try:
            await self.ledger.settle([letter.slip for letter in back])
        except DatabaseAway:
            await asyncio.gather(*(self.ledger.record(each.slip, not_sent()) for each in back))

    async def _feed(self) -> None:
        while not self.closing:
            await self._work.wait()
            self._work.clear()
            while not self.closing and await self._feed_some():
                pass

    async def _feed_some(self) -> bool:
        """Fetches as many as fit; False when there is nothing to fetch now."""
        limit = await self._space()
        if self.closing:
            return False
        try:
            letters = await self._fetch(self.road.id, limit)
        except DatabaseAway:
            return False
        await self._put(letters)
        return bool(letters)

    async def _put(self, letters: Sequence[ReadyLetter]) -> None:
        for letter in letters:
            self._letters.put_nowait(letter)
        if self.closing:
            await self._give_back(lambda _letter: True)

    async def _space(self) -> int:
        """How many letters fit. After a failure a single one goes ahead and proves the road."""
        while not self.closing:
            most = 1 if self._failures else self.road.connections * _PER_CARRIER
            held = self._letters.qsize() + self._in_hand
            if held < most and (held <= most // 2 or most == 1):
                return most - held
            self._room.clear()
            await self._room.wait()
        return 0


def _code(error: EgressError) -> str:
    """The kind, for ``rules.troubles``; a refusal that is about the road says which."""
    if isinstance(error, Refused) and error.reply is not None:
        return "shutting-down" if error.reply.code == 421 else "auth-required"
    return error.kind
