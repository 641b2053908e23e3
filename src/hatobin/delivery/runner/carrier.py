"""One connection's work: take a letter, offer it, mark it, send the dot, record what was said.

This is the dot barrier; docs/mechanisms/sending.md tells why each step stands where it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

import structlog

from hatobin.common import clock
from hatobin.delivery.egress.errors import (
    AuthFailed,
    ConnectFailed,
    ConnectionLost,
    EgressError,
    GreetingRefused,
    InDoubt,
    Refused,
    TlsFailed,
)
from hatobin.delivery.egress.smtp_client import Endpoint, SmtpConnection
from hatobin.delivery.rules.decide import (
    Outcome,
    Stage,
    bounced_here,
    cannot_be_made,
    decide,
    is_about_the_road,
    not_sent,
    unanswered,
)
from hatobin.delivery.runner.ledger import ReadyLetter, Verdict
from hatobin.wire.reply import Reply

if TYPE_CHECKING:
    from hatobin.delivery.runner.lane import Lane

_log = structlog.get_logger("hatobin.sender")
_IDLE = 5.0  # seconds after which a connection without work says goodbye


class Carrier:
    """Carries the letters of a lane over one connection at a time."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._connection: SmtpConnection | None = None
        self._endpoint: Endpoint | None = None
        self._recording: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Works until the lane has no more letters for it."""
        while True:
            letter = await self._next()
            if letter is None:
                break
            await self._carry(letter)
            self._lane.put_down()
        await self._recorded()
        await self._hang_up()

    async def _next(self) -> ReadyLetter | None:
        try:
            async with asyncio.timeout(_IDLE):
                return await self._lane.take()
        except TimeoutError:
            await self._recorded()
            await self._hang_up()
            return await self._lane.take()

    async def _carry(self, letter: ReadyLetter) -> None:
        try:
            if not await self._offered(letter):
                return
            if self._lane.closing:
                await self._withdraw(letter, not_sent())
                return
            # At most one letter per connection is between its dot and its record (promise P3).
            await self._recorded()
            verdict = await self._lane.ledger.mark(letter.slip)
            if verdict is Verdict.GO:
                await self._commit(letter)
            else:
                await self._turned_away(letter, verdict)
        except asyncio.CancelledError:
            await self._drop()
            raise

    async def _offered(self, letter: ReadyLetter) -> bool:
        """Offers the letter; when that fails its outcome is recorded and the answer is False."""
        for last in (False, True):
            since = asyncio.get_running_loop().time()
            try:
                connection = await self._connected()
            except (ConnectFailed, GreetingRefused, TlsFailed, AuthFailed) as failed:
                await self._trouble(letter, failed, since, not_sent())
                return False
            try:
                await connection.offer(letter.mail_from, letter.to, letter.body)
                return True
            except Refused as refused:
                await self._refused(letter, refused, since)
                return False
            except ConnectionLost as lost:
                used = connection.messages_sent > 0
                await self._drop()
                if used and not last:
                    continue  # the server was tired of a connection that was open for a while
                await self._trouble(letter, lost, since, not_sent(lost_in_the_middle=True))
                return False
            except ValueError as problem:
                _log.error(
                    "a letter cannot be offered", delivery=letter.slip.id, problem=repr(problem)
                )
                await self._lane.ledger.record(letter.slip, cannot_be_made())
                return False
        return False

    async def _connected(self) -> SmtpConnection:
        road = self._lane.road
        connection = self._connection
        if connection is not None:
            worn = connection.messages_sent >= road.messages_per_connection
            if connection.alive and not worn and self._endpoint == road.endpoint:
                return connection
            await self._hang_up()
        self._connection = await SmtpConnection.open(road.endpoint)
        self._endpoint = road.endpoint
        return self._connection

    async def _refused(self, letter: ReadyLetter, refused: Refused, since: float) -> None:
        stage: Stage = refused.stage  # type: ignore[assignment]
        if refused.reply is None:
            await self._lane.ledger.record(letter.slip, bounced_here(refused.kind))
        elif is_about_the_road(refused.reply, stage):
            await self._drop()
            await self._trouble(letter, refused, since, not_sent())
        else:
            await self._lane.works()
            await self._lane.ledger.record(letter.slip, self._decide(letter, refused.reply, stage))

    async def _commit(self, letter: ReadyLetter) -> None:
        if self._connection is None:
            raise RuntimeError("nothing was offered")
        since = asyncio.get_running_loop().time()
        try:
            reply = await self._connection.commit()
        except InDoubt as doubt:
            await self._drop()
            await self._trouble(letter, doubt, since, unanswered())
        except ConnectionLost as lost:
            await self._drop()
            await self._trouble(letter, lost, since, not_sent(lost_in_the_middle=True))
        else:
            await self._lane.works()
            outcome = self._decide(letter, reply, "dot")
            self._recording = self._lane.ledger.record(letter.slip, outcome)

    async def _turned_away(self, letter: ReadyLetter, verdict: Verdict) -> None:
        if verdict is Verdict.UNKNOWN:
            await self._withdraw(letter, not_sent())
            return
        await self._withdraw(letter, None)
        if verdict is Verdict.CLOSED:
            await self._lane.lay_aside(letter.slip.dispatch_id)

    async def _withdraw(self, letter: ReadyLetter, outcome: Outcome | None) -> None:
        """Takes back what was offered; there is no way but to close the connection."""
        if self._connection is not None:
            await self._connection.withdraw()
            self._connection = None
        if outcome is not None:
            await self._lane.ledger.record(letter.slip, outcome)

    async def _trouble(
        self, letter: ReadyLetter, error: EgressError, since: float, outcome: Outcome
    ) -> None:
        recording = self._lane.ledger.record(letter.slip, outcome)
        await self._lane.trouble(error, since, recipient=letter.to.email)
        await recording

    def _decide(self, letter: ReadyLetter, reply: Reply, stage: Stage) -> Outcome:
        return decide(
            reply,
            stage=stage,
            recipient=letter.to.email,
            attempts=letter.attempts,
            now=clock.now(),
            expires_at=letter.expires_at,
            rng=self._rng,
        )

    async def _recorded(self) -> None:
        if self._recording is not None:
            await self._recording
            self._recording = None

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.quit()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                await connection.close()
