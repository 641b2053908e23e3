"""Finds, fetches and keeps the MTA-STS policies of domains (RFC 8461)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.dns import DnsFailed
from hatobin.delivery.egress.direct.https_text import FetchFailed, fetch_text
from hatobin.delivery.egress.direct.keeping import Clock, Flights, Shelf
from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Protection
from hatobin.delivery.egress.direct.race import alternate
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.sts_policy import (
    BadPolicy,
    KeptPolicy,
    Policy,
    id_of_record,
    parse_policy,
)

_PATH = "/.well-known/mta-sts.txt"
_RETRY = timedelta(minutes=5)  # section 3.3: not sooner after a failed fetch
_RECENT = timedelta(minutes=1)
_SIZE = 50_000

Fetch = Callable[[str], Awaitable[str]]


class PolicyStore(Protocol):
    """Where policies outlive the process. Both may raise; then no letter to that domain leaves."""

    async def get(self, domain: str) -> KeptPolicy | None:
        """The one that was put last."""

    async def put(self, kept: KeptPolicy) -> None:
        """Keeps it instead of an older one."""


class MemoryPolicies:
    """A PolicyStore that forgets with the process; at most ``size`` domains."""

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._kept: OrderedDict[str, KeptPolicy] = OrderedDict()

    async def get(self, domain: str) -> KeptPolicy | None:
        """Part of PolicyStore."""
        return self._kept.get(domain)

    async def put(self, kept: KeptPolicy) -> None:
        """Part of PolicyStore."""
        self._kept[kept.domain] = kept
        self._kept.move_to_end(kept.domain)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


class HttpsPolicies:
    """Fetches the policy file of a domain from ``mta-sts.<domain>``."""

    def __init__(self, resolver: Resolver, rules: AddressRules, *, port: int = 443) -> None:
        self._resolver, self._rules, self._port = resolver, rules, port

    async def __call__(self, domain: str) -> str:
        """Raises FetchFailed."""
        host = f"mta-sts.{domain}"
        try:
            found, _ = await self._resolver.addresses(host)
        except DnsFailed as error:
            raise FetchFailed(error.detail) from error
        usable = [each for each in found if self._rules.judge(each) != "bogus"]
        if not usable:
            raise FetchFailed(f"{host} has no address")
        return await fetch_text(host, _PATH, alternate(usable), port=self._port)


class MtaSts:
    """Answers how mail for a domain has to be protected. For one event loop."""

    def __init__(
        self, resolver: Resolver, fetch: Fetch, store: PolicyStore, *, clock: Clock
    ) -> None:
        self._resolver, self._fetch, self._store, self._clock = resolver, fetch, store, clock
        self._flights: Flights[str, KeptPolicy | None] = Flights()
        self._failed: Shelf[str, str] = Shelf(_SIZE)
        self._recent: Shelf[str, Protection] = Shelf(_SIZE)

    async def protection(self, domain: str) -> Protection:
        """By the domain's policy; opportunistic where it has none. May take a minute once.

        The answer stands for a minute. Raises only what the store raises.
        """
        recent = self._recent.get(domain, self._clock())
        if recent is not None:
            return recent[0]
        found = await self._protection(domain)
        self._recent.put(domain, found, self._clock(), _RECENT)
        return found

    async def _protection(self, domain: str) -> Protection:
        kept = await self._flights.join(domain, lambda: self._find(domain))
        if kept is None:
            return OPPORTUNISTIC
        words = f"mta-sts {kept.policy.mode} {kept.id}"
        if kept.policy.mode != "enforce":
            return Protection(policy=words)
        return Protection(level="verified", patterns=kept.policy.mx, policy=words)

    async def _find(self, domain: str) -> KeptPolicy | None:
        now = self._clock()
        kept = await self._store.get(domain)
        if kept is not None and not kept.holds_at(now):
            kept = None
        announced = await self._announced(domain)
        # Without the record a policy that is kept still counts (section 3.1): else whoever can
        # suppress one DNS answer could turn the protection off.
        if announced is None or not self._is_due(domain, kept, announced):
            return kept
        fetched = await self._fetch_policy(domain, announced)
        return fetched or kept

    async def _announced(self, domain: str) -> str | None:
        try:
            answer, _ = await self._resolver.ask(f"_mta-sts.{domain}", "TXT")
        except DnsFailed:
            return None
        return id_of_record(answer.records)

    def _is_due(self, domain: str, kept: KeptPolicy | None, announced: str) -> bool:
        now = self._clock()
        if self._failed.get(domain, now):
            return False
        return kept is None or kept.id != announced or kept.is_stale_at(now)

    async def _fetch_policy(self, domain: str, announced: str) -> KeptPolicy | None:
        try:
            policy: Policy = parse_policy(await self._fetch(domain))
        except (FetchFailed, BadPolicy) as error:
            self._failed.put(domain, str(error), self._clock(), _RETRY)
            return None
        kept = KeptPolicy(domain=domain, id=announced, policy=policy, fetched_at=self._clock())
        await self._store.put(kept)
        return kept
