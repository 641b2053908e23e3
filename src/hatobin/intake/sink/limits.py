"""What a strict server allows: connections, messages per connection, rates, greylisting.

Counts only what it let through, so that a sender that stays under the limit is never refused, and one
that does not is refused exactly as often as it went too far.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from hatobin.intake.sink.actions import Answer
from hatobin.intake.sink.faults import at_server
from hatobin.intake.sink.replies import KNOWN

RateStage = Literal["mail", "rcpt", "dot"]
RatePer = Literal["client", "domain", "client-and-domain"]

_TOO_MANY_OPEN = Answer(421, "4.7.0 Too many connections from your address")
_ENOUGH = Answer(421, "4.7.0 Too many messages on this connection")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionLimit:
    """``at_once``: open connections from one client address; one more is greeted with ``at_once_reply``.

    ``messages``: accepted on one connection; the next MAIL gets ``messages_reply``, or with None the
    server hangs up after the last of them. 0: no limit. ``server``: pattern, as in ``faults.Rule``.
    """

    server: str = ""
    at_once: int = 0
    at_once_reply: Answer = _TOO_MANY_OPEN
    messages: int = 0
    messages_reply: Answer | None = _ENOUGH


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """At most ``messages`` in any ``seconds``, counted by client address, recipient's domain, or pair.

    ``domain``: pattern; from stage ``rcpt`` on. Once refused, refused for ``hold`` seconds.
    """

    messages: int
    seconds: float
    per: RatePer = "client"
    stage: RateStage = "rcpt"
    domain: str = ""
    server: str = ""
    hold: float = 0.0
    reply: Answer = KNOWN["gmail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Greylist:
    """A client's first try for a recipient, and every one in the ``seconds`` after it, gets ``reply``."""

    seconds: float
    domain: str = ""
    server: str = ""
    reply: Answer = KNOWN["postgrey"]


Limit = ConnectionLimit | RateLimit | Greylist


@dataclass(frozen=True, slots=True)
class Refusal:
    """``reply``, and the limit's name for the journal. Without reply: hang up."""

    reply: Answer | None
    name: str


class Limits:
    """Counts, and says no."""

    def __init__(
        self, limits: Iterable[Limit] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        every = tuple(limits)
        self._clock = clock
        self._connections = [each for each in every if isinstance(each, ConnectionLimit)]
        self._rates = [_Rate(each) for each in every if isinstance(each, RateLimit)]
        self._grey = [each for each in every if isinstance(each, Greylist)]
        self._open: dict[tuple[int, str], int] = {}
        self._first_tries: dict[tuple[int, str, str], float] = {}
        self.count_messages = any(limit.messages for limit in self._connections)
        self.stages = frozenset(rate.limit.stage for rate in self._rates) | (
            {"rcpt"} if self._grey else set()
        )

    def enter(self, client: str, server: str) -> Refusal | None:
        """A connection comes. One that is refused is not counted, and must not ``leave``."""
        keys = []
        for index, limit in enumerate(self._connections):
            if limit.at_once and _here(limit.server, server):
                if self._open.get((index, client), 0) >= limit.at_once:
                    return Refusal(limit.at_once_reply, f"connections: {limit.at_once} at once")
                keys.append((index, client))
        for key in keys:
            self._open[key] = self._open.get(key, 0) + 1
        return None

    def leave(self, client: str, server: str) -> None:
        """It is gone."""
        for index, limit in enumerate(self._connections):
            if self._open.get((index, client)) and _here(limit.server, server):
                self._open[index, client] -= 1

    def enough(self, server: str, accepted: int) -> Refusal | None:
        """Whether this connection has had its share of messages."""
        for limit in self._connections:
            if limit.messages and accepted >= limit.messages and _here(limit.server, server):
                return Refusal(limit.messages_reply, f"connections: {limit.messages} messages")
        return None

    def at(
        self, stage: str, client: str, server: str, recipients: Iterable[str] = ()
    ) -> Refusal | None:
        """Counts one more at this stage, or refuses it."""
        if stage not in self.stages:
            return None
        now, lowered = self._clock(), [recipient.lower() for recipient in recipients]
        if stage == "rcpt":
            for recipient in lowered:
                refusal = self._greylisted(now, client, server, recipient)
                if refusal:
                    return refusal
        domains = [recipient.rpartition("@")[2] for recipient in lowered] or [""]
        fitting = [
            (rate, key)
            for rate in self._rates
            if rate.limit.stage == stage and _here(rate.limit.server, server)
            for domain in domains
            if (key := rate.key(client, domain)) is not None
        ]
        for rate, key in fitting:
            if rate.is_full(key, now):
                return Refusal(rate.limit.reply, rate.name)
        for rate, key in fitting:
            rate.count(key, now)
        return None

    def _greylisted(self, now: float, client: str, server: str, recipient: str) -> Refusal | None:
        for index, limit in enumerate(self._grey):
            if _here(limit.server, server) and _in_domain(limit.domain, recipient):
                first = self._first_tries.setdefault((index, client, recipient), now)
                if now - first < limit.seconds or first == now:
                    return Refusal(limit.reply, f"greylist: {limit.seconds:g} s")
        return None


class _Rate:
    """A sliding window for each key."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.name = f"rate: {limit.messages} in {limit.seconds:g} s per {limit.per}"
        self._times: dict[str, deque[float]] = {}
        self._held: dict[str, float] = {}

    def key(self, client: str, domain: str) -> str | None:
        """Under what this is counted; None: not at all."""
        if self.limit.domain and not fnmatchcase(domain, self.limit.domain.lower()):
            return None
        return {"client": client, "domain": domain}.get(self.limit.per, f"{client} {domain}")

    def is_full(self, key: str, now: float) -> bool:
        """Whether one more would be too many."""
        if now < self._held.get(key, 0.0):
            return True
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - self.limit.seconds:
            times.popleft()
        full = len(times) >= self.limit.messages
        if full and self.limit.hold:
            self._held[key] = now + self.limit.hold
        return full

    def count(self, key: str, now: float) -> None:
        """One was let through."""
        self._times.setdefault(key, deque()).append(now)


def _here(pattern: str, server: str) -> bool:
    return not pattern or at_server(server, pattern)


def _in_domain(pattern: str, recipient: str) -> bool:
    return not pattern or fnmatchcase(recipient.rpartition("@")[2], pattern.lower())
