"""One connection's work: take a letter, offer it, mark it, send the dot, record what was said.

This is the dot barrier; docs/mechanisms/sending.md tells why each step stands where it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterable
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
    NoRoute,
    NoSource,
    Refused,
    TlsFailed,
)
from hatobin.delivery.egress.smtp_client import NO_RESET, Envelope, SmtpConnection
from hatobin.delivery.rules.decide import (
    Outcome,
    Stage,
    accepted,
    bounced_here,
    cannot_be_made,
    decide,
    is_about_the_road,
    no_route,
    not_sent,
    turned_away,
    unanswered,
)
from hatobin.delivery.runner.database import DatabaseAway
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.runner.ledger import Verdict
from hatobin.delivery.runner.mood import code_of
from hatobin.delivery.runner.ways import Opened, Way
from hatobin.wire.reply import Reply

if TYPE_CHECKING:
    from hatobin.delivery.rules.shaping import Hit
    from hatobin.delivery.runner.lane import Lane

_log = structlog.get_logger("hatobin.sender")


class Carrier:
    """Works until the lane has had no letter for it for a while."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._loop = asyncio.get_running_loop()
        self._opened: Opened | None = None
        self._way: Way | None = None
        self._route: int | None = None
        self._expected = True  # the pace counts a connection that is being opened

    async def run(self) -> None:
        """A lane's connection for as long as it lasts, and the next one where it was only worn."""
        self._lane.come()
        try:
            letter = await self._lane.take()
            while letter is not None:
                ahead = await self._carry(letter)
                self._lane.put_down(letter.slip)
                if ahead is not None and (self._lane.closing or not self._may_go_on()):
                    self._lane.put_down(ahead.slip, back=True)
                    break
                letter = ahead or await self._next()
        finally:
            await self._hang_up()
            if self._expected:  # nothing was opened after all
                self._tell_opened()
                self._tell_closed()
            self._lane.left()

    async def _next(self) -> ReadyLetter | None:
        return await self._lane.take() if self._may_go_on() else None

    def _may_go_on(self) -> bool:
        return self._lane.pace.open <= self._lane.pace.allowed

    async def _carry(self, letter: ReadyLetter) -> ReadyLetter | None:
        """Hands a letter over; the next one, if it was taken meanwhile."""
        try:
            if not (self._was_announced(letter) or await self._offered(letter)):
                return None
            if self._lane.closing:
                await self._withdraw(letter, not_sent())
                return None
            # Recorded and marked by the same statement, so at most one letter per connection is
            # between its mark and its record (promise P3).
            marking = self._lane.ledger.mark(letter.slip)
            ahead = await self._lane.take_now()
            then = await self._to_announce(ahead)
            verdict = await marking
            if verdict is not Verdict.GO:
                await self._turned_away(letter, verdict)
            elif letter.slip.is_stale:
                await self._withdraw(letter, not_sent())
            else:
                await self._commit(letter, then)  # the dot is its first word: nothing comes between
            return ahead
        except asyncio.CancelledError:
            await self._drop()
            raise

    def _was_announced(self, letter: ReadyLetter) -> bool:
        """Whether it was announced behind the last dot, and the server wants it: mostly so."""
        return self._opened is not None and self._opened.smtp.offer_announced(letter.envelope)

    async def _offered(self, letter: ReadyLetter) -> bool:
        """Offers the letter; when that fails its outcome is recorded and the answer is False."""
        for last in (False, True):
            since = self._loop.time()
            try:
                connection = await self._connected(letter)
            except (NoRoute, NoSource, ConnectFailed, GreetingRefused, TlsFailed, AuthFailed) as no:
                await self._no_connection(letter, no, since)
                return False
            except DatabaseAway:  # what its domain demands cannot be read
                self._lane.ledger.record(letter.slip, not_sent())
                return False
            try:
                await connection.offer(letter.envelope)
                return True
            except Refused as refused:
                if not last and _is_tired(connection, refused):
                    await self._broke(None)
                    continue
                await self._refused(letter, refused, since)
                return False
            except ConnectionLost as lost:
                if not last and (connection.messages_sent > 0 or lost.kind == NO_RESET):
                    await self._broke(None)
                    continue  # the server was tired of a connection that was open for a while
                await self._broke(lost.kind)
                await self._trouble(
                    letter, lost, since, not_sent(lost.kind, lost_in_the_middle=True)
                )
                return False
            except ValueError as problem:
                _log.error(
                    "a letter cannot be offered", delivery=letter.slip.id, problem=repr(problem)
                )
                self._lane.ledger.record(letter.slip, cannot_be_made())
                return False
        return False

    async def _connected(self, letter: ReadyLetter) -> SmtpConnection:
        way = self._lane.site.way
        if way is None:
            raise RuntimeError("a mail service has no connections")
        domain = letter.envelope.rcpt.domain
        opened = self._opened
        if opened is not None:
            if (
                opened.smtp.alive
                and not self._is_worn(opened.smtp)
                and await way.fits(opened, domain)
            ):
                return opened.smtp
            await self._hang_up()
        if not self._expected:
            self._lane.pace.on_opening(self._loop.time())
            self._expected = True
        self._opened = opened = await way.open(domain)
        self._way = way
        self._tell_opened()
        self._route = await self._lane.shared.routes.number(self._lane.road.id, opened.route)
        return opened.smtp

    def _is_worn(self, connection: SmtpConnection, sent: int = 0) -> bool:
        """Whether it has carried its share, or the lane goes another way now."""
        most = self._lane.pace.policy.messages_per_connection
        return connection.messages_sent + sent >= most or self._way is not self._lane.site.way

    async def _no_connection(self, letter: ReadyLetter, error: EgressError, since: float) -> None:
        if isinstance(error, NoRoute) and not error.temporary:
            self._lane.ledger.record(letter.slip, no_route(error.kind))
            return
        self._expected = False
        hits = self._lane.pace.on_connection_failed(
            self._loop.time(), error.kind, reply=error.reply
        )
        await self._trouble(letter, error, since, not_sent(error.kind))
        if hits:
            self._lane.obeyed()

    async def _refused(self, letter: ReadyLetter, refused: Refused, since: float) -> None:
        stage: Stage = refused.stage  # type: ignore[assignment]
        if refused.reply is None:
            self._lane.ledger.record(letter.slip, bounced_here(refused.kind))
        elif is_about_the_road(refused.reply, stage):
            self._lane.answered(refused.reply)
            await self._drop()
            recipient = letter.envelope.rcpt.email
            rest = self._lane.resting(self._loop.time())
            outcome = turned_away(refused.reply, stage, recipient, code_of(refused), rest)
            await self._trouble(letter, refused, since, outcome)
        else:
            await self._answered(letter, refused.reply, stage)

    async def _to_announce(self, ahead: ReadyLetter | None) -> Envelope | None:
        """What may go out behind the dot, where the next letter can use the same connection."""
        opened, way = self._opened, self._way
        if ahead is None or opened is None or way is None:
            return None
        if self._lane.closing or not self._may_go_on() or self._is_worn(opened.smtp, 1):
            return None
        try:
            fits = await way.fits(opened, ahead.envelope.rcpt.domain)
        except DatabaseAway:
            return None
        return ahead.envelope if fits else None

    async def _commit(self, letter: ReadyLetter, then: Envelope | None) -> None:
        opened = self._opened
        if opened is None:
            raise RuntimeError("nothing was offered")
        since = self._loop.time()
        try:
            reply = await opened.smtp.commit(then, within=letter.slip.fresh_for)
        except InDoubt as doubt:
            await self._broke(doubt.kind)
            await self._trouble(letter, doubt, since, unanswered())
        except ConnectionLost as lost:
            await self._broke(lost.kind)
            await self._trouble(letter, lost, since, not_sent(lost.kind, lost_in_the_middle=True))
        else:
            await self._answered(letter, reply, "dot")
            if reply.code == 421:  # the letter waits as after any 4yz, and nobody hurries back
                await self._lane.trouble(
                    Refused("dot", reply, temporary=True),
                    since,
                    recipient=letter.envelope.rcpt.email,
                )

    async def _answered(self, letter: ReadyLetter, reply: Reply, stage: Stage) -> None:
        hits = self._lane.answered(reply)
        if reply.positive:
            outcome = accepted(reply, letter.envelope.rcpt.email)
        else:
            outcome = self._decided(letter, reply, stage, hits)
        self._lane.ledger.record(letter.slip, outcome, self._route)
        if self._lane.is_in_trouble and reply.code != 421:
            await self._lane.works()

    def _decided(
        self, letter: ReadyLetter, reply: Reply, stage: Stage, hits: Iterable[Hit]
    ) -> Outcome:
        defer = max((hit.seconds for hit in hits if hit.defers), default=None)
        return decide(
            reply,
            stage=stage,
            recipient=letter.envelope.rcpt.email,
            attempts=letter.attempts,
            now=clock.now(),
            expires_at=letter.expires_at,
            rng=self._rng,
            schedule=letter.retry or self._lane.pace.policy.retry,
            defer=defer,
        )

    async def _turned_away(self, letter: ReadyLetter, verdict: Verdict) -> None:
        if verdict is Verdict.UNKNOWN:
            self._lane.ledger.unknown(letter.slip)
        await self._drop()
        if verdict is Verdict.CLOSED:
            self._lane.lay_aside(letter.slip)

    async def _withdraw(self, letter: ReadyLetter, outcome: Outcome) -> None:
        """Takes back what was offered; there is no way but to close the connection."""
        await self._drop()
        self._lane.ledger.record(letter.slip, outcome)

    async def _trouble(
        self, letter: ReadyLetter, error: EgressError, since: float, outcome: Outcome
    ) -> None:
        self._lane.ledger.record(letter.slip, outcome, self._route)
        await self._lane.trouble(error, since, recipient=letter.envelope.rcpt.email)

    def _tell_opened(self) -> None:
        self._expected = False
        self._lane.pace.on_connected(self._loop.time())

    def _tell_closed(self) -> None:
        self._lane.pace.on_closed(self._loop.time())

    async def _broke(self, kind: str | None) -> None:
        """The connection is gone before a letter was answered; without a kind it was only old."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        if kind is None:
            self._tell_closed()
        else:
            now = self._loop.time()
            self._lane.pace.on_connection_failed(now, kind, connected=True)
        with contextlib.suppress(OSError):
            await opened.smtp.close()

    async def _hang_up(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            self._tell_closed()
            await opened.smtp.quit()

    async def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            self._tell_closed()
            with contextlib.suppress(OSError):
                await opened.smtp.close()


def _is_tired(connection: SmtpConnection, refused: Refused) -> bool:
    """Whether the server ends a conversation that has carried letters: said between two of them, it is no news."""
    said = refused.reply
    return (
        said is not None
        and said.code == 421
        and refused.stage in {"mail", "rset"}
        and connection.messages_sent > 0
    )
