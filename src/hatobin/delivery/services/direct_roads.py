"""Direct roads for the engine: what they share (name service, policies), and each one's own."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from hatobin.common import clock
from hatobin.common.hosts import is_loopback
from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.dns import LIFETIME, Dns, DnsAnswer, Kind, SystemDns
from hatobin.delivery.egress.direct.mta_sts import (
    HttpsPolicies,
    MemoryPolicies,
    MtaSts,
    PolicyStore,
)
from hatobin.delivery.egress.direct.mx import Destination, MxHost
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.road import DirectRoad
from hatobin.delivery.egress.direct.sources import SourcePool
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.services.opening import sources_of

_LONG = timedelta(days=3650)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What direct roads meet. ``port`` and ``allow_loopback`` are for trials on one machine."""

    resolver: Resolver
    policies: MtaSts
    rules: AddressRules
    port: int = 25
    allow_loopback: bool = False


def outside_of(
    dns: Dns,
    *,
    store: PolicyStore | None = None,
    port: int = 25,
    allow_loopback: bool = False,
) -> Outside:
    """One for each process: every road shares what the name service said. ``store``: of TLS policies."""
    resolver = Resolver(LiteralDns(dns), clock=clock.now)
    rules = AddressRules(allow_loopback=allow_loopback)
    kept = store or MemoryPolicies()
    policies = MtaSts(resolver, HttpsPolicies(resolver, rules), kept, clock=clock.now)
    return Outside(
        resolver=resolver, policies=policies, rules=rules, port=port, allow_loopback=allow_loopback
    )


def name_service(lifetime: float = LIFETIME) -> Dns:
    """The machine's, or the one that the operator set. ``lifetime``: seconds for one question."""
    ours = settings.HATOBIN
    return SystemDns(ours.dns_servers, port=ours.dns_port, lifetime=lifetime)


def the_world(store: PolicyStore | None = None) -> Outside:
    """The network that letters go out into."""
    return outside_of(name_service(), store=store)


def direct_road_of(
    *,
    sources: Sequence[Mapping[str, Any]],
    host: str,
    port: int,
    outside: Outside,
    timeouts: Timeouts | None,
    rng: random.Random,
) -> DirectRoad:
    """Keep one for each egress: it remembers how its sources do."""
    allowed = outside.allow_loopback or is_loopback(host)
    return DirectRoad(
        resolver=outside.resolver,
        policies=outside.policies,
        pool=SourcePool(sources_of(sources)),
        clock=clock.now,
        rules=AddressRules(own=outside.rules.own, allow_loopback=allowed),
        rng=rng,
        timeouts=timeouts,
        port=(port if host else 0) or outside.port,
    )


def smart_host_of(host: str, now: datetime) -> Destination | None:
    """The one place of a direct road that hands everything to one server."""
    if not host:
        return None
    return Destination(
        domain=host, site=host, mx=(MxHost(preference=0, host=host),), expires_at=now + _LONG
    )


class LiteralDns:
    """A name service that knows addresses and ``localhost`` too, for a server that somebody named."""

    def __init__(self, dns: Dns) -> None:
        self._dns = dns

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        """Part of Dns."""
        try:
            address = ipaddress.ip_address("127.0.0.1" if name == "localhost" else name)
        except ValueError:
            return await self._dns.ask(name, kind)
        if kind != ("A" if address.version == 4 else "AAAA"):
            return DnsAnswer(status="no-data")
        return DnsAnswer(status="found", records=(str(address),))
