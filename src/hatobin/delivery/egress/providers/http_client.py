"""Services with an HTTP API of JSON: what their answers have in common, by RFC 9110 and by habit.

A service's own file says how a request looks and what its refusals mean; what it does not know is read
here. A refusal that nobody knows is never taken as the person's fault: the letter waits.
"""

from __future__ import annotations

import email.utils
from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hatobin.common import clock
from hatobin.delivery.egress.providers.client import Parcel, ProviderClient
from hatobin.delivery.egress.providers.reply import ProviderOutcome, ProviderReply, clean_words
from hatobin.delivery.egress.providers.transport import (
    STOPPED,
    Answer,
    NoAnswer,
    NotSent,
    Transport,
)

KEY_NAME = "hatobin"  # under which our key goes along
_LONGEST_WAIT = timedelta(hours=6)
# A gateway that got no answer from what stands behind it cannot know what became of the letter.
_GATEWAY = frozenset({502, 504})
_ROAD = {
    401: "key-refused",
    402: "out-of-credit",
    403: "no-permission",
    404: "not-the-service",
    405: "not-the-service",
}


class HttpProvider(ProviderClient):
    """A service that is spoken to by HTTP requests."""

    base_url: ClassVar[str]
    repeats_safely: ClassVar[bool] = False  # the service knows a request that comes twice

    def prepare(self) -> None:
        """Part of ProviderClient."""
        self.url = (self.api_url or self.own_url()).rstrip("/") + "/"
        self._transport = Transport(self.url, connections=self.connections, timeouts=self.timeouts)

    def own_url(self) -> str:
        """Where the service is, for one that has several places."""
        return self.base_url

    @abstractmethod
    def request(self, parcel: Parcel) -> dict[str, Any]:
        """The request that hands the letter over. Raises ValueError for one that it cannot carry."""

    @abstractmethod
    def message_id(self, answer: Answer) -> str | None:
        """The service's name for the letter, from an answer of 2xx; None where it makes no sense."""

    @abstractmethod
    def meaning(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """What this service means by a refusal; None: what everybody means."""

    @abstractmethod
    def words(self, answer: Answer) -> str:
        """The service's sentence in a refusal."""

    @abstractmethod
    def probe(self, sender: str) -> dict[str, Any]:
        """The cheapest request that needs the key."""

    def probed(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """What is wrong in spite of an answer of 2xx to the probe."""
        return None

    def deliver(self, parcel: Parcel) -> ProviderReply:
        """Once; a second time only where the service tells a repeated request from a new one."""
        request = self.request(parcel)
        reply = self._once(request, parcel)
        if reply.outcome is ProviderOutcome.IN_DOUBT and self.repeats_safely:
            return self._again(request, parcel, reply)
        return reply

    def check(self, sender: str) -> ProviderReply:
        """Asks with the key."""
        try:
            answer = self._transport.exchange(**self.probe(sender))
        except (NotSent, NoAnswer) as error:
            return ProviderReply(outcome=ProviderOutcome.ROAD, code=error.kind)
        if not 200 <= answer.status < 300:
            return self.read(answer, sender)
        wrong = self.probed(answer)
        if answer.json is None:
            wrong = (ProviderOutcome.ROAD, "not-the-service")
        if wrong:
            return self._reply(answer, sender, *wrong)
        return ProviderReply(outcome=ProviderOutcome.ACCEPTED, status=answer.status)

    def close(self) -> None:
        """Lets go of the connections."""
        self._transport.close()

    def read(self, answer: Answer, recipient: str) -> ProviderReply:
        """What an answer to a letter means."""
        if 200 <= answer.status < 300:
            return self._taken(answer, recipient)
        meant = self.meaning(answer) or _usual_meaning(answer)
        return self._reply(answer, recipient, *meant)

    def repeated(self, answer: Answer) -> bool:
        """Whether this refusal says that the same request was carried out before."""
        return False

    def _once(self, request: dict[str, Any], parcel: Parcel) -> ProviderReply:
        answer = self._ask(request, parcel)
        if isinstance(answer, ProviderReply):
            return answer
        return self.read(answer, parcel.rcpt.email)

    def _again(
        self, request: dict[str, Any], parcel: Parcel, first: ProviderReply
    ) -> ProviderReply:
        """The same request once more; only a clear answer changes what is known of the first."""
        answer = self._ask(request, parcel)
        if isinstance(answer, ProviderReply):
            return first
        if self.repeated(answer):
            return ProviderReply(outcome=ProviderOutcome.ACCEPTED, status=answer.status)
        reply = self.read(answer, parcel.rcpt.email)
        return reply if reply.outcome is ProviderOutcome.ACCEPTED else first

    def _ask(self, request: dict[str, Any], parcel: Parcel) -> Answer | ProviderReply:
        try:
            return self._transport.exchange(may_go=parcel.may_go, **request)
        except NotSent as error:
            stopped = error.kind == STOPPED
            outcome = ProviderOutcome.STOPPED if stopped else ProviderOutcome.ROAD
            return ProviderReply(outcome=outcome, code=error.kind)
        except NoAnswer as error:
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, code=error.kind)

    def _taken(self, answer: Answer, recipient: str) -> ProviderReply:
        name = self.message_id(answer)
        if name is None:
            meant = self.meaning(answer) or (ProviderOutcome.IN_DOUBT, "unreadable")
            return self._reply(answer, recipient, *meant)
        return ProviderReply(
            outcome=ProviderOutcome.ACCEPTED, message_id=name, status=answer.status
        )

    def _reply(
        self, answer: Answer, recipient: str, outcome: ProviderOutcome, code: str
    ) -> ProviderReply:
        return ProviderReply(
            outcome=outcome,
            code=code,
            status=answer.status,
            words=clean_words(self.words(answer), recipient),
            retry_after=self.wait_of(answer),
        )

    def wait_of(self, answer: Answer) -> timedelta | None:
        """How long the service asks us to wait (RFC 9110 section 10.2.3)."""
        return wait_from(answer.headers.get("Retry-After", ""))


def _usual_meaning(answer: Answer) -> tuple[ProviderOutcome, str]:
    status = answer.status
    if status in _ROAD:
        return ProviderOutcome.ROAD, _ROAD[status]
    if status == 413:
        return ProviderOutcome.REFUSED, "too-large"
    if status == 429:
        return ProviderOutcome.THROTTLED, "throttled"
    if status in _GATEWAY or (status >= 500 and status != 503 and answer.json is None):
        return ProviderOutcome.IN_DOUBT, "gateway"
    if status >= 500:
        return ProviderOutcome.ROAD, "service-trouble"
    if status < 400:
        return ProviderOutcome.ROAD, "not-the-service"
    return ProviderOutcome.LATER, "request-refused"


def wait_from(value: str) -> timedelta | None:
    """Seconds, or a date of HTTP, as the time from now; None for anything else."""
    value = value.strip()
    if value.isascii() and value.isdecimal() and len(value) < 12:
        return _bounded(timedelta(seconds=int(value)))
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return _bounded((at if at.tzinfo else at.replace(tzinfo=UTC)) - clock.now())


def wait_until(value: str) -> timedelta | None:
    """Seconds since 1970, as the time from now."""
    if not (value.isascii() and value.isdecimal() and len(value) < 12):
        return None
    return _bounded(datetime.fromtimestamp(int(value), UTC) - clock.now())


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)
