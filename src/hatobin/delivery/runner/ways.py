"""How a lane's connections come about: to a relay, or straight to the servers of a site."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from hatobin.common.hosts import is_loopback
from hatobin.delivery.egress.direct.mx import Destination
from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Facts, Level, Protection
from hatobin.delivery.egress.direct.road import DirectRoad
from hatobin.delivery.egress.smtp_client import Endpoint, SmtpConnection

LevelOf = Callable[[str, Destination], Level]


class RouteFacts(NamedTuple):
    """What stands in a letter's history about the way it took (table ``delivery_route``)."""

    host: str
    address: str = ""
    source: str = ""
    tls: str = ""  # version and cipher; empty: in the clear


class Opened(NamedTuple):
    """A conversation, and what it is. ``facts`` of a direct one decide who may share it."""

    smtp: SmtpConnection
    route: RouteFacts
    facts: Facts | None = None


class Way(Protocol):
    """Opens conversations for letters to ``domain``. Ways with equal ``settings`` are one way."""

    settings: object

    async def open(self, domain: str) -> Opened:
        """Raises an EgressError about the road."""

    async def fits(self, opened: Opened, domain: str) -> bool:
        """Whether a letter to this domain may use a conversation that was opened for another."""


class RelayWay:
    """One server takes everything."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.settings: object = endpoint

    async def open(self, domain: str) -> Opened:
        """Part of Way."""
        smtp = await SmtpConnection.open(self.endpoint)
        return Opened(smtp, RouteFacts(host=self.endpoint.host, tls=" ".join(smtp.tls).strip()))

    async def fits(self, opened: Opened, domain: str) -> bool:
        """Part of Way."""
        return True


class DirectWay:
    """The servers of one site. How well a letter must be protected each domain says for itself, and ``level``
    for us."""

    def __init__(
        self, road: DirectRoad, destination: Destination, level: LevelOf, demands: object
    ) -> None:
        """``demands``: equal where ``level`` answers the same."""
        self._road = road
        self._destination = destination
        self._level = level
        self.settings: object = road, destination.mx, demands
        self._is_here = is_loopback(destination.mx[0].host)

    async def open(self, domain: str) -> Opened:
        """Part of Way."""
        made = await self._road.open(self._destination, await self._protection(domain))
        facts = made.facts
        route = RouteFacts(
            host=facts.mx_host,
            address=facts.address,
            source=facts.source,
            tls=" ".join((facts.tls_version, facts.tls_cipher)).strip(),
        )
        return Opened(made.smtp, route, facts)

    async def fits(self, opened: Opened, domain: str) -> bool:
        """Part of Way."""
        return opened.facts is not None and opened.facts.fits(await self._protection(domain))

    async def _protection(self, domain: str) -> Protection:
        found = OPPORTUNISTIC if self._is_here else await self._road.protection(domain)
        return found.at_least(self._level(domain, self._destination))
