"""NAME
    road - straight to the servers of each domain: what the sender calls

JOB
    ``destination`` says where mail for a domain goes and which site that is; ``protection`` how well
    the way has to be protected; ``open`` gives a conversation. Letters of several domains of one site
    may use one conversation as long as ``facts.fits`` the protection of each.

STRATEGY
    Answers of the name service, policies and the health of sources are kept in here; keep one road
    per egress, and one ``Resolver`` and ``MtaSts`` for all of them.

LIMITS
    For one event loop. No DANE: it needs a resolver that validates DNSSEC.

DIAGNOSTICS
    Only ``NoRoute`` with ``temporary`` False is the end of a letter. ``NoSource`` says when to come
    again; all other errors are about the road to the site, and the letter waits.
"""

from __future__ import annotations

import random

from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.connect import Dialer, DirectConnection
from hatobin.delivery.egress.direct.keeping import Clock
from hatobin.delivery.egress.direct.mta_sts import MtaSts
from hatobin.delivery.egress.direct.mx import Destination, find_destination
from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Protection
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.sources import Source, SourcePool
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.egress.errors import (
    ConnectFailed,
    EgressError,
    GreetingRefused,
    NoSource,
)

_ANOTHER_SOURCE = frozenset({"source-unusable", "source-family"})

__all__ = ["DirectConnection", "DirectRoad"]


class DirectRoad:
    """One direct egress. ``port`` is for tests and measurements."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        policies: MtaSts,
        pool: SourcePool,
        clock: Clock,
        rules: AddressRules,
        rng: random.Random,
        timeouts: Timeouts | None = None,
        port: int = 25,
    ) -> None:
        self.pool = pool
        self._own_names = frozenset(source.ehlo.lower() for source in pool.sources)
        self._resolver, self._policies, self._clock, self._rng = resolver, policies, clock, rng
        self._dialer = Dialer(
            resolver=resolver,
            rules=rules,
            rng=rng,
            timeouts=timeouts or Timeouts(),
            port=port,
        )

    async def destination(self, domain: str) -> Destination:
        """Where mail for the domain goes. Raises NoRoute."""
        return await find_destination(domain, self._resolver, own_names=self._own_names)

    async def protection(self, domain: str) -> Protection:
        """What the domain itself demands (MTA-STS); see ``Protection.at_least`` for demands of ours."""
        return await self._policies.protection(domain)

    async def open(
        self,
        destination: Destination,
        protection: Protection = OPPORTUNISTIC,
        *,
        source: Source | None = None,
    ) -> DirectConnection:
        """A conversation from ``source``, else from one that the pool chooses.

        A source whose address this machine does not have is set aside, and another one is tried; also
        where a source has only IPv4 and the servers only IPv6, or the other way round.
        Raises NoSource, NoRoute, ConnectFailed, GreetingRefused or TlsFailed.
        """
        unusable: set[str] = set()
        mismatch: ConnectFailed | None = None
        while True:
            try:
                chosen = source or self.pool.choose(self._clock(), self._rng, without=unusable)
            except NoSource as error:
                raise mismatch or error from error
            try:
                opened = await self._dialer.open(destination, chosen, protection)
            except (ConnectFailed, GreetingRefused) as error:
                self._note(error, chosen, destination)
                if source or error.kind not in _ANOTHER_SOURCE:
                    raise
                unusable.add(chosen.name)
                if isinstance(error, ConnectFailed) and error.kind == "source-family":
                    mismatch = error
            else:
                self.pool.worked(chosen, destination.site, self._clock())
                return opened

    def _note(self, error: EgressError, source: Source, destination: Destination) -> None:
        if error.kind == "source-unusable":
            self.pool.cannot_bind(source, self._clock())
        elif error.kind != "source-family":
            self.pool.failed(source, destination.site, self._clock())
