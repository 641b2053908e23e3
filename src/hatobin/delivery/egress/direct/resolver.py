"""Answers of the name service, kept as long as they hold, each asked for once at a time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from hatobin.delivery.egress.direct.dns import Dns, DnsAnswer, DnsFailed, Kind
from hatobin.delivery.egress.direct.keeping import Clock, Flights, Shelf

SHORTEST, LONGEST = timedelta(seconds=60), timedelta(days=1)
LONGEST_NEGATIVE = timedelta(hours=1)  # RFC 2308 section 5 allows up to three
FAILURE = timedelta(seconds=60)  # RFC 2308 section 7.1 allows up to five minutes
_SIZE = 200_000
_AT_ONCE = 64

_Question = tuple[str, Kind]


class Resolver:
    """Keeps at most ``size`` answers between a minute and a day, negative ones and failures for less.

    For one event loop.
    """

    def __init__(self, dns: Dns, *, clock: Clock, size: int = _SIZE) -> None:
        self._dns = dns
        self._clock = clock
        self._shelf: Shelf[_Question, DnsAnswer | DnsFailed] = Shelf(size)
        self._flights: Flights[_Question, DnsAnswer | DnsFailed] = Flights()
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, name: str, kind: Kind) -> tuple[DnsAnswer, datetime]:
        """(answer, until when it holds). Raises DnsFailed."""
        question = (name.lower().rstrip("."), kind)
        found = self._shelf.get(question, self._clock())
        if found is None:
            answer = await self._flights.join(question, lambda: self._look_up(question))
            found = self._shelf.get(question, self._clock()) or (answer, self._clock() + SHORTEST)
        answer, until = found
        if isinstance(answer, DnsFailed):
            raise DnsFailed(answer.detail, loop=answer.loop)
        return answer, until

    async def addresses(self, host: str) -> tuple[tuple[str, ...], datetime]:
        """(IPv6 and IPv4 addresses, until when they hold); none when the host has none.

        One family that cannot be looked up does not hide the other. Raises DnsFailed.
        """
        asked = await asyncio.gather(
            self.ask(host, "AAAA"), self.ask(host, "A"), return_exceptions=True
        )
        found: list[str] = []
        until: list[datetime] = []
        failed: list[BaseException] = []
        for each in asked:
            if isinstance(each, BaseException):
                failed.append(each)
            else:
                found += each[0].records
                until.append(each[1])
        if failed and not found:
            raise failed[0]
        return tuple(found), min(until)

    async def _look_up(self, question: _Question) -> DnsAnswer | DnsFailed:
        result: DnsAnswer | DnsFailed
        async with self._gate:
            try:
                result = await self._dns.ask(*question)
            except DnsFailed as error:
                result = DnsFailed(error.detail, loop=error.loop)
        self._shelf.put(question, result, self._clock(), _lifetime(result))
        return result


def _lifetime(result: DnsAnswer | DnsFailed) -> timedelta:
    if isinstance(result, DnsFailed):
        return FAILURE
    longest = LONGEST if result.status == "found" else LONGEST_NEGATIVE
    seconds = min(result.ttl, longest.total_seconds())  # a TTL may be larger than a timedelta
    return max(SHORTEST, timedelta(seconds=seconds))
