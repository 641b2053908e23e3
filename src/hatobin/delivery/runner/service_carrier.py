"""Hands letters to a mail service over its API: one request, one letter; the request is the dot."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import structlog

from hatobin.common import clock
from hatobin.delivery.egress.errors import EgressError
from hatobin.delivery.egress.providers import ProviderOutcome, ProviderReply
from hatobin.delivery.egress.providers.reply import storable
from hatobin.delivery.rules.decide import (
    Outcome,
    cannot_be_made,
    later,
    not_sent,
    unanswered,
)
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.database import DatabaseAway
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.runner.ledger import Slip, Verdict
from hatobin.delivery.runner.service import Service
from hatobin.delivery.runner.ways import RouteFacts
from hatobin.wire.reply import Reply

if TYPE_CHECKING:
    from hatobin.delivery.runner.lane import Lane

_log = structlog.get_logger("hatobin.sender")
# The service itself is in trouble; so it is when its answers make no sense or do not come.
_TROUBLES = {ProviderOutcome.THROTTLED, ProviderOutcome.ROAD, ProviderOutcome.IN_DOUBT}
_TAKEN = Reply(250, None, "")  # what an answer that is not about the road is to the lane's pace


class ServiceTrouble(EgressError):
    """The service takes nothing now. ``retry_after``: seconds that it asks for."""

    def __init__(self, reply: ProviderReply) -> None:
        super().__init__(reply.code or "service-trouble", temporary=True, detail=reply.words)
        self.retry_after = reply.retry_after.total_seconds() if reply.retry_after else None


class ServiceCarrier:
    """Works until the lane has had no letter for it for a while."""

    def __init__(self, lane: Lane, service: Service) -> None:
        self._lane = lane
        self._service = service
        self._route: int | None = None
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def run(self) -> None:
        """A lane's connection for as long as it lasts."""
        lane, loop = self._lane, asyncio.get_running_loop()
        lane.come()
        lane.pace.on_connected(loop.time())
        try:
            facts = RouteFacts(host=self._service.name)
            self._route = await lane.shared.routes.number(lane.road.id, facts)
            while (letter := await lane.take()) is not None:
                try:
                    await self._carry(letter)
                finally:
                    lane.put_down(letter.slip)
                if lane.pace.open > lane.pace.allowed or lane.site.service is not self._service:
                    break
        finally:
            lane.pace.on_closed(loop.time())
            lane.left()

    async def _carry(self, letter: ReadyLetter) -> None:
        verdict = await self._lane.ledger.mark(letter.slip)
        if verdict is not Verdict.GO:
            if verdict is Verdict.UNKNOWN:
                self._lane.ledger.unknown(letter.slip)
            elif verdict is Verdict.CLOSED:
                self._lane.lay_aside(letter.slip)
            return
        since = asyncio.get_running_loop().time()
        try:
            reply = await self._service.send(letter, self._is_wanted)
        except ValueError as problem:
            _log.error("a letter cannot be offered", delivery=letter.slip.id, problem=repr(problem))
            self._lane.ledger.record(letter.slip, cannot_be_made())
        except Exception as problem:  # an answer that the client trips over is one letter's trouble
            _log.error("a service's answer is odd", delivery=letter.slip.id, problem=repr(problem))
            self._lane.ledger.record(letter.slip, unanswered(), self._route)
        else:
            await self._record(letter, reply, since)

    async def _is_wanted(self, slip: Slip) -> bool:
        asked_at = time.monotonic()
        try:
            rows = await self._lane.shared.line.together(
                [("turnstile", {}), ("still", {"id": slip.id, "claim": slip.claim})]
            )
        except DatabaseAway:
            return False
        if rows:
            slip.asked_at = asked_at
        return bool(rows)

    async def _record(self, letter: ReadyLetter, reply: ProviderReply | None, since: float) -> None:
        lane = self._lane
        if reply is None:
            lane.ledger.record(letter.slip, not_sent())
            return
        lane.ledger.record(letter.slip, self._outcome(letter, reply), self._route)
        lane.said = reply.status, reply.code
        if reply.outcome in _TROUBLES:
            await lane.trouble(ServiceTrouble(reply), since, recipient=letter.envelope.rcpt.email)
        else:
            lane.pace.on_reply(_TAKEN, asyncio.get_running_loop().time())
            await lane.works()

    def _outcome(self, letter: ReadyLetter, reply: ProviderReply) -> Outcome:
        if reply.outcome in {ProviderOutcome.THROTTLED, ProviderOutcome.ROAD}:
            itself = (
                reply.code == "service-trouble"
            )  # it may be this letter that the service trips over
            return not_sent(reply.code, lost_in_the_middle=itself)
        if reply.outcome is ProviderOutcome.IN_DOUBT:
            return unanswered()
        said = {"code": reply.status, "words": reply.words or storable(reply.message_id)}
        if reply.outcome is ProviderOutcome.ACCEPTED:
            return Outcome(state=DeliveryState.ACCEPTED, **said)  # type: ignore[arg-type]
        if reply.outcome is ProviderOutcome.REFUSED:
            return Outcome(state=DeliveryState.BOUNCED, reason=reply.code, **said)  # type: ignore[arg-type]
        wait = reply.retry_after.total_seconds() if reply.retry_after else 0.0
        return later(
            said,
            attempts=letter.attempts,
            now=clock.now(),
            expires_at=letter.expires_at,
            rng=self._rng,
            schedule=letter.retry or self._lane.pace.policy.retry,
            at_least=wait,
        )
