"""Where mail for a domain goes: its MX hosts (RFC 5321 section 5, RFC 7505)."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import idna

from hatobin.delivery.egress.direct.dns import DnsAnswer, DnsFailed
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.site import site_of
from hatobin.delivery.egress.errors import NoRoute

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_MOST_HOSTS = 32  # a longer list is cut, the less preferred ones first


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class MxHost:
    """The lower ``preference`` is tried first; ``host`` in lower case, without the last dot."""

    preference: int
    host: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where mail for ``domain`` (A-labels) goes.

    ``site``: stable name of the set of hosts; domains with the same servers have the same one.
    ``mx`` by preference, then name. ``implicit``: the domain has no MX, so it is its own host.
    """

    domain: str
    site: str
    mx: tuple[MxHost, ...]
    implicit: bool = False
    expires_at: datetime


async def find_destination(
    domain: str, resolver: Resolver, *, own_names: Collection[str] = ()
) -> Destination:
    """Looks the MX hosts of ``domain`` up. Raises NoRoute.

    ``own_names``: where one of them stands in the list, that host and all that are not preferred to it
    are left out, so that a letter never comes back to us (RFC 5321 section 5.1).
    """
    name = _to_ascii(domain)
    answer, expires_at = await _ask_mx(name, resolver)
    if answer.status == "no-such-name":
        raise NoRoute("no-such-domain", temporary=False)
    implicit = answer.status == "no-data"
    if implicit:
        expires_at = min(expires_at, await _check_implicit(name, resolver))
        hosts = [MxHost(preference=0, host=name)]
    else:
        hosts = _hosts(answer.records)
    hosts = _before_ourselves(hosts, own_names)[:_MOST_HOSTS]
    return Destination(
        domain=name,
        site=site_of(each.host for each in hosts),
        mx=tuple(hosts),
        implicit=implicit,
        expires_at=expires_at,
    )


def in_order(hosts: Sequence[MxHost], rng: random.Random) -> list[MxHost]:
    """By preference; in a new random order among equals (RFC 5321 section 5.1)."""
    return sorted(hosts, key=lambda each: (each.preference, rng.random()))


def unanswered(error: DnsFailed) -> NoRoute:
    """A name that cannot be looked up now; aliases in a circle will not be better later."""
    return NoRoute(
        "dns-loop" if error.loop else "dns", temporary=not error.loop, detail=error.detail
    )


def _to_ascii(domain: str) -> str:
    name = domain.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise NoRoute("no-such-domain", temporary=False, detail=str(error)) from error


async def _ask_mx(name: str, resolver: Resolver) -> tuple[DnsAnswer, datetime]:
    try:
        return await resolver.ask(name, "MX")
    except DnsFailed as error:
        raise unanswered(error) from error


async def _check_implicit(name: str, resolver: Resolver) -> datetime:
    """Without an MX the domain's own address takes mail, if there is one."""
    try:
        addresses, expires_at = await resolver.addresses(name)
    except DnsFailed as error:
        raise unanswered(error) from error
    if not addresses:
        raise NoRoute("no-mail-server", temporary=False)
    return expires_at


def _hosts(records: Sequence[str]) -> list[MxHost]:
    found: dict[str, int] = {}
    for record in records:
        preference, _, target = record.partition(" ")
        if target == "." and len(records) == 1:
            raise NoRoute("no-mail", temporary=False)
        host = target.lower().rstrip(".")
        if _HOST.fullmatch(host):
            found[host] = min(int(preference), found.get(host, 0xFFFF))
    if not found:
        raise NoRoute("no-mail-server", temporary=False, detail=", ".join(records)[:200])
    return sorted(MxHost(preference=rank, host=host) for host, rank in found.items())


def _before_ourselves(hosts: list[MxHost], own_names: Collection[str]) -> list[MxHost]:
    ours = [each.preference for each in hosts if each.host in own_names]
    left = [each for each in hosts if each.preference < min(ours)] if ours else hosts
    if not left:
        raise NoRoute("mail-loop", temporary=False, detail=hosts[0].host)
    return left
