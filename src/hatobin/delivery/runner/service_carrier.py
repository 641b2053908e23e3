"""Hands letters to a mail service over its API: one request, one letter; the request is the dot."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import structlog

from hatobin.common import clock
from hatobin.delivery.egress.errors import EgressError
from hatobin.delivery.egress.providers import ProviderClient, ProviderOutcome, ProviderReply
from hatobin.delivery.rules.decide import (
    Outcome,
    cannot_be_made,
    later,
    not_sent,
    unanswered,
)
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.runner.ledger import Verdict
from hatobin.delivery.runner.ways import RouteFacts
from hatobin.delivery.tokens import word_of
from hatobin.wire.reply import Reply

if TYPE_CHECKING:
    from hatobin.delivery.runner.lane import Lane

_log = structlog.get_logger("hatobin.sender")
_IDLE = 5.0
_TAKEN = Reply(250, None, "")  # what an answer that is not about the road is to the lane's pace


class ServiceTrouble(EgressError):
    """The service takes nothing now. ``retry_after``: seconds that it asks for."""

    def __init__(self, reply: ProviderReply) -> None:
        super().__init__(reply.code or "service-trouble", temporary=True, detail=reply.words)
        self.retry_after = reply.retry_after.total_seconds() if reply.retry_after else None


class ServiceCarrier:
    """Works until the lane has had no letter for it for a while."""

    def __init__(self, lane: Lane, client: ProviderClient) -> None:
        self._lane = lane
        self._client = client
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def run(self) -> None:
        """A lane's connection for as long as it lasts."""
        lane, loop = self._lane, asyncio.get_running_loop()
        lane.come()
        lane.pace.on_connected(loop.time())
        try:
            while (letter := await lane.take(_IDLE)) is not None:
                try:
                    await self._carry(letter)
                finally:
                    lane.put_down(letter.slip)
                if lane.pace.open > lane.pace.allowed or lane.site.service is not self._client:
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
            reply = await asyncio.to_thread(
                self._client.send,
                letter.mail_from,
                letter.to,
                letter.body,
                word_of(letter.slip.id, "message"),
            )
        except ValueError as problem:
            _log.error("a letter cannot be offered", delivery=letter.slip.id, problem=repr(problem))
            self._lane.ledger.record(letter.slip, cannot_be_made())
            return
        await self._record(letter, reply, since)

    async def _record(self, letter: ReadyLetter, reply: ProviderReply, since: float) -> None:
        lane = self._lane
        route = await lane.shared.routes.number(lane.road.id, RouteFacts(host=self._client.name))
        lane.ledger.record(letter.slip, self._outcome(letter, reply), route)
        lane.last_reply = " ".join(filter(None, (str(reply.status or ""), reply.code)))
        if reply.outcome in {ProviderOutcome.THROTTLED, ProviderOutcome.ROAD}:
            await lane.trouble(ServiceTrouble(reply), since, recipient=letter.to.email)
        elif reply.outcome is not ProviderOutcome.IN_DOUBT:
            lane.pace.on_reply(_TAKEN, asyncio.get_running_loop().time())
            await lane.works()

    def _outcome(self, letter: ReadyLetter, reply: ProviderReply) -> Outcome:
        if reply.outcome in {ProviderOutcome.THROTTLED, ProviderOutcome.ROAD}:
            return not_sent(reply.code)
        if reply.outcome is ProviderOutcome.IN_DOUBT:
            return unanswered()
        said = {"code": reply.status, "words": reply.words or reply.message_id}
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
            schedule=self._lane.pace.policy.retry,
            at_least=wait,
        )
