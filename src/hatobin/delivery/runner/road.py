"""A road as the sender drives it: its secrets opened, its limits, and the sites it leads to."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from hatobin.accounts.services.sealing import SealBroken
from hatobin.common import clock
from hatobin.delivery.egress.direct.mx import Destination
from hatobin.delivery.egress.direct.protection import Level
from hatobin.delivery.egress.direct.road import DirectRoad
from hatobin.delivery.egress.endpoint import Endpoint, Timeouts
from hatobin.delivery.models import EgressKind, TlsMode
from hatobin.delivery.queries.shaping import shaping_of
from hatobin.delivery.rules.shaping import LanePolicy, Shaping
from hatobin.delivery.runner.database import Row
from hatobin.delivery.runner.service import Service
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.runner.ways import DirectWay, RelayWay, Way
from hatobin.delivery.services.direct_roads import Outside, direct_road_of, smart_host_of
from hatobin.delivery.services.endpoints import endpoint_of
from hatobin.delivery.services.lots import ANY_SITE
from hatobin.delivery.services.opening import provider_client_of

_SITE, _TITLE = 180, 70  # characters in a lane's name, of 253
_ENDPOINT = ("id", "workspace_id", "kind", "host", "port", "tls", "username", "sealed_password")


class Site(NamedTuple):
    """Where a road leads for some domains. ``service``: a mail service instead of a way."""

    name: str
    policy: LanePolicy
    way: Way | None
    service: Service | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """``troubled``: the ledger says that it failed last time. One of the three last is given."""

    id: uuid.UUID
    kind: str
    connections: int
    messages_per_connection: int
    troubled: bool
    shaping: Shaping
    timeouts: Timeouts | None
    tls: str
    host: str
    endpoint: Endpoint | None = None
    direct: DirectRoad | None = None
    service: Service | None = None
    smart_host: Destination | None = None

    @property
    def by_domain(self) -> bool:
        """Whether its lots are of one domain each."""
        return self.kind == EgressKind.DIRECT

    def calmed(self) -> Road:
        """The same, without its trouble."""
        return replace(self, troubled=False)

    async def site(self, domain: str) -> Site:
        """Where a letter to ``domain`` goes on this road. Raises NoRoute."""
        if self.direct is None:
            return self._whole()
        found = self.smart_host or await self.direct.destination(domain)
        way = DirectWay(self.direct, found, self._level, (self.tls, self.shaping))
        policy, name = self._policy(domain, found), found.site
        if policy != self._policy(
            "", found
        ):  # a domain with limits of its own, on servers that others share
            name = f"{name[:_SITE]} ({policy.title[:_TITLE]})"
        return Site(name, self._capped(policy), way)

    def _policy(self, domain: str, found: Destination) -> LanePolicy:
        hosts = [each.host for each in found.mx]
        return self.shaping.for_lane(domain, found.site, hosts, self.kind)

    def _level(self, domain: str, found: Destination) -> Level:
        """How well a letter to this domain must be protected, whose servers others may share."""
        insists = self.tls == TlsMode.STARTTLS or self._policy(domain, found).tls == "required"
        return "encrypted" if insists else "opportunistic"

    def _whole(self) -> Site:
        policy = self._capped(self.shaping.for_lane("", "", (self.host,), self.kind))
        if self.endpoint is None:
            return Site(ANY_SITE, policy, None, self.service)
        timeouts = self.timeouts or timeouts_of(policy)
        return Site(ANY_SITE, policy, RelayWay(replace(self.endpoint, timeouts=timeouts)))

    def _capped(self, policy: LanePolicy) -> LanePolicy:
        return policy.capped(
            connections=self.connections, messages_per_connection=self.messages_per_connection
        )


def timeouts_of(policy: LanePolicy) -> Timeouts:
    """What shaping says about waiting."""
    return Timeouts(
        connect=policy.connect_timeout,
        greeting=policy.greeting_timeout,
        command=policy.command_timeout,
        data=policy.data_timeout,
        dot=policy.dot_timeout,
    )


class Roads:
    """Opens egress rows; keeps what has a memory (name service, sources, a service's client)."""

    def __init__(self, timeouts: Timeouts | None, outside: Outside) -> None:
        self._timeouts = timeouts
        self._outside = outside
        self._kept: dict[uuid.UUID, tuple[str, DirectRoad | Service]] = {}
        self._rng = random.Random()  # noqa: S311 - the order of equal servers is no secret

    async def open(self, row: Row) -> Road | None:
        """None when its secret does not open with this installation's key. Raises ShapingBroken."""
        kind = row["kind"]
        made: dict[str, Any] = {}
        try:
            if kind == EgressKind.DIRECT:
                made["direct"] = self._direct(row)
                made["smart_host"] = smart_host_of(row["host"], clock.now())
            elif kind == EgressKind.PROVIDER:
                made["service"] = await self._service(row)
            else:
                values = {name: row[name] for name in _ENDPOINT}
                made["endpoint"] = await in_thread(endpoint_of, **values)
        except SealBroken:
            return None
        return Road(
            id=row["id"],
            kind=kind,
            connections=max(1, row["connections"]),
            messages_per_connection=max(1, row["messages_per_connection"]),
            troubled=bool(row["trouble_code"]),
            shaping=await in_thread(shaping_of, row["workspace_id"]),
            timeouts=self._timeouts,
            tls=row["tls"],
            host=row["host"],
            **made,
        )

    async def close(self) -> None:
        """Lets go of what is kept."""
        for _settings, kept in self._kept.values():
            if isinstance(kept, Service):
                await in_thread(kept.close)

    def _direct(self, row: Row) -> DirectRoad:
        settings = repr((row["sources"], row["host"], row["port"]))
        found = self._kept.get(row["id"])
        if found is None or found[0] != settings or not isinstance(found[1], DirectRoad):
            made = direct_road_of(
                sources=row["sources"],
                host=row["host"],
                port=row["port"],
                outside=self._outside,
                timeouts=self._timeouts,
                rng=self._rng,
            )
            self._kept[row["id"]] = settings, made
            return made
        return found[1]

    async def _service(self, row: Mapping[str, Any]) -> Service:
        names = ("provider", "settings", "sealed_credentials", "connections")
        settings = repr([row[name] for name in names])
        found = self._kept.get(row["id"])
        if found is not None and found[0] == settings and isinstance(found[1], Service):
            return found[1]
        made = Service(await in_thread(provider_client_of, **row), max(1, row["connections"]))
        self._kept[row["id"]] = settings, made
        if found is not None and isinstance(found[1], Service):  # what is out is heard to the end
            asyncio.get_running_loop().run_in_executor(None, found[1].close)
        return made
