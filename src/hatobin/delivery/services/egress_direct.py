"""Ways of sending without a relay: from addresses of our own, straight to the recipients' servers."""

from __future__ import annotations

import ipaddress
import socket
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import Invalid
from hatobin.common.hosts import is_loopback
from hatobin.delivery.models import Egress, EgressKind, TlsMode
from hatobin.delivery.rules.relays import check_relay
from hatobin.delivery.rules.sources import StoredSource, check_sources
from hatobin.delivery.services.egress_rows import KEPT, Fallback, row_to_save, store

TLS_MODES = (TlsMode.OPPORTUNISTIC, TlsMode.STARTTLS)


@transaction.atomic
def save_direct(
    actor: Actor,
    *,
    name: str,
    sources: Sequence[Mapping[str, object]],
    tls: str = TlsMode.OPPORTUNISTIC,
    host: str = "",
    port: int = 25,
    egress_id: uuid.UUID | None = None,
    make_default: bool = False,
    fallback_id: Fallback = KEPT,
    connections: int | None = None,
    messages_per_connection: int | None = None,
) -> Egress:
    """Adds or changes a direct road. Raises Invalid (field named), NotFound, Conflict.

    ``host``: all letters go to this one server, whatever the recipient; for trials. An address that
    this machine does not have is no mistake, because senders may run elsewhere: ``addresses_not_here``.
    """
    check_right(actor, Right.MANAGE)
    checked = check_direct(sources=sources, tls=tls, host=host, port=port)
    row = row_to_save(actor, egress_id, EgressKind.DIRECT, name)
    row.sources, row.tls = list(checked), tls
    row.host, row.port = (host.strip(), port) if host.strip() else ("", 0)
    row.connections = connections or row.connections
    row.messages_per_connection = messages_per_connection or row.messages_per_connection
    store(row, fallback_id=fallback_id, make_default=make_default)
    audit.record(
        actor,
        "egress.saved",
        subject=str(row.pk),
        kind=row.kind,
        sources=[each["address"] or each["ehlo_name"] for each in checked],
        **({"host": row.host, "port": row.port} if row.host else {}),
    )
    return row


def check_direct(
    *, sources: Sequence[Mapping[str, object]], tls: str, host: str, port: int
) -> list[StoredSource]:
    """The sources in their stored form; raises Invalid for what no direct road can have."""
    host = host.strip()
    if tls not in TLS_MODES:
        raise Invalid("unknown-tls", _("Choose how the connection is protected."), field="tls")
    if host:
        check_relay(host=host, port=port, tls=tls, username="")
    return check_sources(sources, on_this_machine=is_loopback(host))


def addresses_not_here(sources: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those of a direct road's addresses that this machine does not have."""
    return tuple(
        each["address"] for each in sources if each["address"] and not _is_here(each["address"])
    )


def addresses_of_this_machine() -> tuple[str, ...]:
    """The addresses from which this machine would reach the world, to choose from; no packet leaves."""
    found = (_towards(family, far) for family, far in _FAR)
    return tuple(each for each in found if each)


# Addresses of documentation (RFC 5737, RFC 3849): they only choose the interface.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def _towards(family: socket.AddressFamily, far: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 25))
            near = str(probe.getsockname()[0])
    except OSError:
        return ""
    return "" if is_loopback(near) else near


def _is_here(address: str) -> bool:
    family = socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
