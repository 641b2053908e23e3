"""What the stories of the direct road share: a road over loopback addresses and a zone."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.doubles.clock import StandingClock
from tests.doubles.names import FakeDns
from tests.integration.smtp.talk import LONG, hand_over, swallow

from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.https_text import FetchFailed
from hatobin.delivery.egress.direct.mta_sts import MemoryPolicies, MtaSts
from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Facts, Protection
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.road import DirectRoad
from hatobin.delivery.egress.direct.sources import Source, SourcePool
from hatobin.delivery.egress.errors import EgressError

RED = Source(name="red", ehlo="red.example.jp", ipv4="127.0.0.11")
BLUE = Source(name="blue", ehlo="blue.example.jp", ipv4="127.0.0.12")
ABSENT = Source(name="absent", ehlo="absent.example.jp", ipv4="203.0.113.99")
ANY = Source(name="any", ehlo="any.example.jp")


class Post:
    """A road that sends to ``port`` of whatever address the zone names."""

    def __init__(
        self,
        zone: Mapping[str, Mapping[str, list[str]]],
        port: int,
        *sources: Source,
        policies: Mapping[str, str] | None = None,
        own: frozenset[str] = frozenset(),
        allow_loopback: bool = True,
        **timeouts: float,
    ) -> None:
        self.clock = StandingClock()
        self.dns = FakeDns(zone)
        self.pool = SourcePool(sources or (RED,))
        self.resolver = Resolver(self.dns, clock=self.clock)
        self._policies = policies or {}
        for domain in self._policies:
            self.dns.zone[f"_mta-sts.{domain}"] = {"TXT": ["v=STSv1; id=1;"]}
        self.road = DirectRoad(
            resolver=self.resolver,
            policies=MtaSts(self.resolver, self._fetch, MemoryPolicies(), clock=self.clock),
            pool=self.pool,
            clock=self.clock,
            rules=AddressRules(own=own, allow_loopback=allow_loopback),
            rng=random.Random(5321),
            timeouts=replace(LONG, **timeouts),
            port=port,
        )

    async def _fetch(self, domain: str) -> str:
        if domain not in self._policies:
            raise FetchFailed("no such policy")
        return self._policies[domain]

    async def send(self, domain: str = "example.jp", protection: Protection | None = None) -> Facts:
        """One letter, by a conversation of its own."""
        asked = protection or await self.road.protection(domain)
        opened = await self.road.open(await self.road.destination(domain), asked)
        try:
            assert await hand_over(opened.smtp) == 250
            await opened.smtp.quit()
        finally:
            await opened.smtp.close()
        return opened.facts

    async def refused(self, protection: Protection = OPPORTUNISTIC, **words: Any) -> EgressError:
        """The error of an attempt that has to fail."""
        destination = await self.road.destination("example.jp")
        error = await swallow(self.road.open(destination, protection, **words), EgressError)
        assert isinstance(error, EgressError)
        return error


def zone(*addresses: str, **hosts: str) -> dict[str, dict[str, list[str]]]:
    """``example.jp`` with one MX host at these addresses, or with hosts: ``mx1="127.0.0.21"``, the first
    preferred to the second and so on."""
    named = hosts or {"mx": ",".join(addresses)}
    made = {"example.jp": {"MX": [f"{n} {host}.example.jp." for n, host in enumerate(named)]}}
    for host, given in named.items():
        found = [each for each in given.split(",") if each]
        kinds = {"A": [each for each in found if ":" not in each]}
        kinds["AAAA"] = [each for each in found if ":" in each]
        made[f"{host}.example.jp"] = {kind: each for kind, each in kinds.items() if each}
    return made


@contextmanager
def deaf(address: str, port: int) -> Iterator[None]:
    """At this place the network swallows whatever comes: connecting takes for ever."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener, socket.socket(family) as filler:
        listener.bind((address, port))
        listener.listen(0)  # Linux keeps one connection waiting, and drops the next
        filler.connect((address, port))
        yield
