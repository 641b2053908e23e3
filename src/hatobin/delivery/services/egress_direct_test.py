"""The test of a direct road: from each address to the servers of one destination, without a letter.

Each source looks for the way as a sender would, connects, encrypts, names the envelope and takes it
back. What was found stands in the steps: the servers, the addresses, the encryption.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.common import clock
from hatobin.delivery.egress.direct.dns import Dns
from hatobin.delivery.egress.direct.mx import Destination
from hatobin.delivery.egress.direct.protection import Protection
from hatobin.delivery.egress.direct.road import DirectConnection, DirectRoad
from hatobin.delivery.egress.direct.sources import Source
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.egress.errors import ConnectFailed, EgressError, NoRoute, Refused
from hatobin.delivery.models import EgressKind, TlsMode
from hatobin.delivery.rules.sources import StoredSource
from hatobin.delivery.services.direct_roads import (
    direct_road_of,
    name_service,
    outside_of,
    smart_host_of,
)
from hatobin.delivery.services.egress_direct import addresses_not_here
from hatobin.delivery.services.egress_relay_test import PATIENCE, step_of
from hatobin.delivery.services.egress_report import (
    CONNECT,
    ENCRYPT,
    LOOK_UP,
    OFFER,
    SOURCE,
    EgressTest,
    failed_test,
    steps_until,
)

_STEPS = (SOURCE, LOOK_UP, CONNECT, ENCRYPT, OFFER)
_WHOLE = 40  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """What the test meets outside. ``port`` and ``allow_loopback`` are for trials on this machine."""

    dns: Dns
    port: int = 25
    allow_loopback: bool = False
    timeouts: Timeouts = PATIENCE


def the_world() -> Network:
    """The network that letters go out into."""
    return Network(dns=name_service(lifetime=6))


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """Where to: an address, or only a domain (``rcpt`` is empty). ``host``: there, whatever the domain."""

    domain: str
    rcpt: str = ""
    sender: str = ""
    host: str = ""
    port: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Visit:
    """How it went for one source; ``later``: the server's words when it said to come again."""

    source: Source
    error: EgressError | None = None
    reached: str = ""
    encryption: str = ""
    later: str = ""


def examine_direct(
    sources: Sequence[StoredSource], tls: str, aim: Aim | None, network: Network
) -> EgressTest:
    """Tries all sources. Without an aim only whether this machine has the addresses."""
    absent = addresses_not_here(sources)
    names = ", ".join(each["address"] or each["ehlo_name"] for each in sources)
    if absent:
        steps = steps_until(_STEPS, failed=SOURCE, details={SOURCE: ", ".join(absent)})
        return failed_test("source-unusable", EgressKind.DIRECT, steps=steps)
    if aim is None:
        return EgressTest(
            ok=True,
            code="",
            text=_("This machine has the addresses to send from."),
            advice=_("Name a mail address or a domain to see whether its servers can be reached."),
            words="",
            steps=steps_until(_STEPS, left=LOOK_UP, details={SOURCE: names}),
        )
    return asyncio.run(
        _examine([each for each in sources if each["weight"]], tls, aim, network, names)
    )


async def _examine(
    sources: Sequence[StoredSource], tls: str, aim: Aim, network: Network, names: str
) -> EgressTest:
    road = _road(sources, aim, network)
    details = {SOURCE: names, LOOK_UP: aim.domain}
    try:
        destination = await _destination(road, aim)
        details[LOOK_UP] = ", ".join(each.host for each in destination.mx)
        protection = await road.protection(destination.domain) if not aim.host else Protection()
    except NoRoute as error:
        steps = steps_until(_STEPS, failed=LOOK_UP, details=details)
        return failed_test(error.kind, EgressKind.DIRECT, words=error.detail, steps=steps)
    if tls == TlsMode.STARTTLS:
        protection = protection.at_least("encrypted")
    visits = await asyncio.gather(
        *(_visit(road, each, destination, protection, aim) for each in road.pool.sources)
    )
    return _told(visits, details)


async def _visit(
    road: DirectRoad, source: Source, destination: Destination, protection: Protection, aim: Aim
) -> _Visit:
    try:
        async with asyncio.timeout(_WHOLE):
            opened = await road.open(destination, protection, source=source)
            try:
                later = await _ask(opened, aim)
            finally:
                await opened.smtp.quit()
    except TimeoutError:
        return _Visit(source=source, error=ConnectFailed("timeout", temporary=True))
    except EgressError as error:
        return _Visit(source=source, error=error)
    facts = opened.facts
    return _Visit(
        source=source,
        reached=f"{facts.local_address} > {facts.mx_host} ({facts.address})",
        encryption=facts.tls_version,
        later=later,
    )


async def _ask(opened: DirectConnection, aim: Aim) -> str:
    """Words of a server that wants us to come again, which is usual. Raises Refused, ConnectionLost."""
    try:
        await opened.smtp.try_envelope(aim.sender, aim.rcpt)
    except Refused as error:
        if error.stage == "mail" and not aim.sender:
            return ""  # nobody must take the null sender
        if error.temporary:
            return str(error.reply or "")
        kind = "rcpt-refused" if error.stage == "rcpt" else "sender-refused"
        raise Refused(error.stage, error.reply, temporary=False, kind=kind) from None
    return ""


def _told(visits: Sequence[_Visit], details: dict[str, str]) -> EgressTest:
    wrong = next((each for each in visits if each.error), None)
    reached = [each.reached for each in visits if each.reached]
    details |= {CONNECT: "; ".join(reached)} if reached else {}
    if wrong and wrong.error:
        words = str(wrong.error.reply) if wrong.error.reply else wrong.error.detail
        if len(visits) > 1:
            words = f"{wrong.source.name}: {words}" if words else wrong.source.name
        steps = steps_until(_STEPS, failed=step_of(wrong.error), details=details)
        return failed_test(wrong.error.kind, EgressKind.DIRECT, words=words, steps=steps)
    details[ENCRYPT] = ", ".join(sorted({each.encryption or "–" for each in visits}))
    later = next((each.later for each in visits if each.later), "")
    advice: str | Promise = ""
    if later:
        advice = _(
            "It asks to come again later. Servers do that with senders they do not know yet."
        )
    elif not all(each.encryption for each in visits):
        advice = _("The connection is not encrypted.")
    return EgressTest(
        ok=True,
        code="",
        text=_("The destination's mail server talks to this machine."),
        advice=advice,
        words=later,
        steps=steps_until(_STEPS, details=details),
    )


def _road(sources: Sequence[StoredSource], aim: Aim, network: Network) -> DirectRoad:
    return direct_road_of(
        sources=sources,
        host=aim.host,
        port=aim.port,
        outside=outside_of(network.dns, port=network.port, allow_loopback=network.allow_loopback),
        timeouts=network.timeouts,
        rng=random.Random(),  # noqa: S311 - the order of equal servers is no secret
    )


async def _destination(road: DirectRoad, aim: Aim) -> Destination:
    return smart_host_of(aim.host, clock.now()) or await road.destination(aim.domain)
