"""A lane in use: one road to one site, the letters for it, and carriers that hand them over at its pace.

Pace (how many connections, how fast, what replies mean) is ``rules.shaping.LaneState``; ``mood`` is about
connections that do not come about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from hatobin.delivery.egress.errors import EgressError, NoSource
from hatobin.delivery.rules.decide import kept_words, not_sent
from hatobin.delivery.rules.shaping import Hit, LaneState
from hatobin.delivery.runner.carrier import Carrier
from hatobin.delivery.runner.database import DatabaseAway, Line
from hatobin.delivery.runner.holding import Holding, ReadyLetter, Turns
from hatobin.delivery.runner.ledger import Ledger, Slip
from hatobin.delivery.runner.meter import Meter
from hatobin.delivery.runner.mood import Mood, code_of
from hatobin.delivery.runner.road import Road, Site
from hatobin.delivery.runner.routes import Routes
from hatobin.delivery.runner.seats import Seats
from hatobin.delivery.runner.service_carrier import ServiceCarrier
from hatobin.delivery.runner.takers import Takers
from hatobin.delivery.runner.writer import Writer
from hatobin.wire.reply import Reply

_log = structlog.get_logger("hatobin.sender")
_WANTED = 4.0  # seconds for which letters in the queue keep a lane's share
_NO_SHARE_REST = 1.0  # seconds until letters are offered to other senders and us again
_PER_SEAT = 2  # letters that wait for each carrier that comes
_IDLE, _IDLE_AT_DESTINATION = 5.0, 1.0  # seconds that a connection waits for more; on a direct road
_PER_CARRIER = 8  # letters that wait in this process, for each connection, before more are leased


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all lanes of a sender use. ``hungry``: a lane could do with more letters."""

    ledger: Ledger
    line: Line
    writer: Writer
    routes: Routes
    seats: Seats
    hungry: Callable[[], None]
    ask_share: Callable[[], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]


class Lane:
    """Carriers come when letters wait and the pace lets them, and go when there is nothing to carry."""

    def __init__(self, road: Road, site: Site, shared: Shared) -> None:
        self.road = road
        self.site = site
        self.shared = shared
        self.ledger = shared.ledger
        self.pace = LaneState(site.policy)
        self.closing = False
        self.dry = False  # nothing more was due at the last look
        self.domains: set[str] = set()  # whose lots come here
        self.said: tuple[int | None, str | None] = (
            None,
            None,
        )  # the last answer: code, and what else it says
        self.last_hit: tuple[Hit | None, float] = (None, 0.0)
        self.accepted = self.refused = 0
        self.meter = Meter()
        self.heard: dict[
            int, object
        ] = {}  # other senders > the last of their hits that was obeyed here
        self.woken_at: object = None  # the last wish of a person that was heard
        self.busy = 0  # carriers at work
        self._coming = 0  # of them, that have not asked for a letter yet
        self._turns = Turns()
        self._holdings: dict[tuple[int, int], Holding] = {}
        self._in_hand = 0
        self.mood = Mood()
        self._loop = asyncio.get_running_loop()
        self._takers = Takers(self._loop, self.pump)
        self._share = -1  # connections that this sender may use; below 0: not known yet
        self._wanted_until = 0.0
        self.pace.lease(0.0, connections=0, share=0.0, until=0.0)

    @property
    def waiting(self) -> int:
        """Letters that wait in this process."""
        return self._turns.waiting

    @property
    def dispatches(self) -> int:
        """How many take turns here."""
        return self._turns.dispatches

    @property
    def last_reply(self) -> str:
        """What was last answered about a letter, in short."""
        return " ".join(str(each) for each in self.said if each)

    @property
    def in_hand(self) -> int:
        """Letters that a carrier has."""
        return self._in_hand

    @property
    def lots(self) -> Iterable[int]:
        """The lots that are here."""
        return [lot for lot, _node in self._holdings]

    @property
    def is_over(self) -> bool:
        """Nothing is here, and nobody works here."""
        return not self._holdings and not self.busy

    def want(self) -> None:
        """There are letters for it in the queue."""
        self._wanted_until = self._loop.time() + _WANTED
        if self._share < 0:
            self.shared.ask_share()

    def wants_share(self, now: float) -> bool:
        """Whether it is at work, or has something to do."""
        return not self.is_over or self._wanted_until > now or self.resting(now) > 0

    def granted(self, connections: int, most: int, until: float) -> None:
        """This sender's part of the lane's ``most`` from now on; a rest that it has it keeps."""
        now = self._loop.time()
        self._share = connections if until > now else -1
        self.pace.lease(now, connections=connections, share=connections / max(most, 1), until=until)
        if connections:
            self._takers.call()
            self.pump()
            self.shared.hungry()
        elif self._holdings:
            self._turn_away(lambda _holding: True, _NO_SHARE_REST)

    def wake(self) -> None:
        """A person wants it to go on."""
        self.mood.end_rest()
        self.pace.resume(self._loop.time())
        self.pump()
        self.shared.hungry()

    def refresh(self, road: Road, site: Site) -> None:
        """The road's settings, or its shaping, may have changed."""
        self.road = road
        if site.policy != self.pace.policy:
            self.pace.follow(site.policy, self._loop.time())
        if _other_way(site, self.site):
            self.site = site
        self.pump()

    def resting(self, now: float) -> float:
        """Seconds until anything may leave here; 0: now."""
        suspended = self.pace.suspended_until or 0.0
        return max(self.mood.rest(now), suspended - now)

    def appetite(self, dispatch_id: UUID | None = None) -> bool:
        """Whether it wants another lot, of this dispatch."""
        if self.closing or self._share == 0 or self.resting(self._loop.time()):
            return False
        if self.mood.is_bad:  # a single letter goes ahead and proves the road
            return not self._turns.waiting and not self._in_hand
        wanted = max(self._share, 1) * _PER_CARRIER
        if dispatch_id is None:
            return self._turns.waiting < wanted
        return self._turns.waiting_of(dispatch_id) < wanted

    def put(self, holding: Holding) -> None:
        """A lot to hand over."""
        self._holdings[holding.lot, holding.node] = holding
        self._turns.add(holding)
        self.want()
        rest = self.resting(self._loop.time())
        if self.closing or rest:
            self._turn_away(lambda each: each is holding, rest)
        elif holding.is_over:
            self._end(holding)
        else:
            self._takers.call()
            self.pump()

    def close(self) -> None:
        """Takes nothing new; letters that were not offered yet go back."""
        self.closing = True
        self._turn_away(lambda _holding: True, 0.0)
        self._takers.close()

    def come(self) -> None:
        """A carrier is there and asks for its first letter."""
        self._coming -= 1

    async def take(self) -> ReadyLetter | None:
        """The next letter for a carrier; None when there was none for a while, or the lane closes."""
        deadline = self._loop.time() + self._patience()
        while not self.closing:
            letter = await self.take_now()
            if letter is not None:
                return letter
            if not self._turns.waiting:
                self.shared.hungry()
            left = deadline - self._loop.time()
            if left <= 0 or not await self._takers.wait(left):
                return None
        return None

    def _patience(self) -> float:
        """Seconds for which a carrier may sit idle."""
        if self.shared.seats.contended:
            return 0.0
        return _IDLE_AT_DESTINATION if self.road.by_domain else _IDLE

    async def take_now(self) -> ReadyLetter | None:
        """The next letter, if there is one that may be offered now."""
        while self._turns.waiting and not self.closing and not (self.mood.is_bad and self._in_hand):
            now = self._loop.time()
            if not self.pace.take(now):
                self._takers.call_at(self.pace.next_send_at(now))
                return None
            found = self._turns.next()
            if found is None:
                self.pace.give_back()
                return None
            holding, held = found
            self._in_hand += 1
            slip = holding.slip(held)
            try:
                letter = await self.shared.writer.write(holding, held, slip)
            except DatabaseAway:
                self.ledger.record(slip, not_sent())
                self.put_down(slip)
                return None
            if letter is not None:
                if self._turns.waiting < self.pace.allowed * _PER_CARRIER:
                    self.shared.hungry()
                return letter
            self.put_down(slip, back=True)
        return None

    def put_down(self, slip: Slip, *, back: bool = False) -> None:
        """A carrier is done with a letter; with ``back`` it was not tried and waits in its lot."""
        self._in_hand -= 1
        holding = self._holdings.get((slip.lot, slip.node))
        if holding is not None:
            holding.out -= 1
            if back:
                holding.give_back(slip.id)
                self.pace.give_back()
            if holding.is_over:
                self._end(holding)
        if self.mood.is_bad:
            self._takers.call()

    def left(self) -> None:
        """A carrier has gone; where letters wait another may come."""
        self.busy -= 1
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # the whole sender ends
            return
        self.shared.seats.leave()
        self.pump()
        if not self.busy:
            self.shared.hungry()

    def answered(self, reply: Reply) -> tuple[Hit, ...]:
        """The server answered about a letter: what that does to the lane, mostly nothing."""
        self.said = reply.code, reply.enhanced
        if reply.positive:
            self.accepted += 1
        else:
            self.refused += 1
        hits = self.pace.on_reply(reply, self._loop.time())
        if hits:
            _log.warning("a reply rule acts", rules=[hit.rule for hit in hits], said=hits[0].said)
            self.last_hit = hits[-1], self._loop.time()
            self.shared.ask_share()
            self.obeyed()
        return hits

    @property
    def is_in_trouble(self) -> bool:
        """Whether an answer about a letter is news."""
        return self.mood.is_bad or self.road.troubled

    async def works(self) -> None:
        """The server answered about a letter."""
        if not self.is_in_trouble:
            return
        self.mood.works()
        self._takers.call()
        self.pump()
        if not self.road.troubled:
            return
        self.road = self.road.calmed()
        try:
            await self.shared.line.run("calm", egress=self.road.id)
        except DatabaseAway:
            _log.warning("database is away, trouble is still shown")

    async def trouble(self, error: EgressError, since: float, *, recipient: str) -> None:
        """A connection failed that was tried at ``since``: the lane rests, what it holds waits again.

        One outage is one failure, however many connections notice it.
        """
        now = self._loop.time()
        pause = self.mood.failed(error, since, now, self.pace.policy.backoff)
        if pause is None:
            return
        code = code_of(error)
        words = kept_words(error.reply.text if error.reply else error.detail, recipient)
        _log.warning("road is in trouble", kind=code, rest=pause, failures=self.mood.failures)
        self._turn_away(lambda _holding: True, pause)
        if self.road.by_domain and not isinstance(error, NoSource):
            return
        try:
            await self.shared.line.run(
                "trouble", egress=self.road.id, code=code, words=words, rest=pause
            )
        except DatabaseAway:
            _log.warning("database is away, trouble is not shown")

    def lay_aside(self, slip: Slip) -> None:
        """Its dispatch was stopped or paused, or its lot is not ours any more: what waits here goes back."""
        holding = self._holdings.get((slip.lot, slip.node))
        if holding is not None:
            holding.give_back(slip.id)
        self._turn_away(lambda each: each.dispatch_id == slip.dispatch_id, 0.0)

    def _turn_away(self, chosen: Callable[[Holding], bool], rest: float) -> None:
        """What waits here in these lots is due again in ``rest`` seconds."""
        leaving = [each for each in self._holdings.values() if chosen(each)]
        for holding in self._turns.remove(leaving, rest):
            self._end(holding)

    def obey(self, hit: Hit) -> None:
        """Another process was told to slow down."""
        self.pace.apply(hit, self._loop.time())
        self.obeyed()

    def obeyed(self) -> None:
        """A rule has acted; where nothing may leave for a while, what waits here goes back."""
        rest = self.resting(self._loop.time())
        if rest:
            self._turn_away(lambda _holding: True, rest)

    def pump(self) -> None:
        """More carriers, as long as letters wait for one and the pace lets it."""
        now = self._loop.time()
        while self._may_come(now) and self._turns.waiting > _PER_SEAT * self._on_their_way:
            if not self.shared.seats.take(self.pump):
                return
            self.busy += 1
            self._coming += 1
            self.pace.on_opening(now)
            service = self.site.service
            carrier = Carrier(self) if service is None else ServiceCarrier(self, service)
            self.shared.spawn(carrier.run())

    @property
    def _on_their_way(self) -> int:
        """Carriers that will take a letter without being told."""
        return self._coming + len(self._takers)

    def _may_come(self, now: float) -> bool:
        if self.closing or (self.mood.is_bad and self.busy):
            return False
        if self.resting(now) or not self.pace.may_open(now):
            return False
        at = self.pace.next_send_at(now)
        if at > now:  # who came now would find nothing that may leave
            self._takers.call_at(at)
        return at <= now

    def _end(self, holding: Holding) -> None:
        del self._holdings[holding.lot, holding.node]
        self.ledger.release_lot(holding.lot, holding.node, holding.rest, holding.back)


def _other_way(new: Site, old: Site) -> bool:
    """Connections know theirs by identity: an equal one is not a new one."""
    if new.service is not old.service:
        return True
    return getattr(new.way, "settings", None) != getattr(old.way, "settings", None)
