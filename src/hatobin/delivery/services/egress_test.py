"""Trying a way of sending, stored or just typed: it says in plain words what is wrong. No letter is sent."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import SealBroken, vault_of
from hatobin.common.errors import Invalid
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.rules.relays import check_relay
from hatobin.delivery.rules.sources import ehlo_name
from hatobin.delivery.seals import password_context
from hatobin.delivery.services.egress_direct import check_direct
from hatobin.delivery.services.egress_direct_test import Aim, examine_direct, the_world
from hatobin.delivery.services.egress_provider import (
    check_credentials,
    check_settings,
    check_whole,
    stored_credentials,
)
from hatobin.delivery.services.egress_provider_test import examine_service
from hatobin.delivery.services.egress_relay_test import PATIENCE, examine
from hatobin.delivery.services.egress_report import EgressTest, failed_test
from hatobin.delivery.services.egress_rows import no_road
from hatobin.delivery.services.endpoints import endpoint_of, relay_endpoint
from hatobin.delivery.services.opening import credentials_of
from hatobin.senders.queries import default_address
from hatobin.wire.address import AddressError, parse_address

__all__ = [
    "EgressTest",
    "examine_all",
    "test_direct_values",
    "test_egress",
    "test_provider_values",
    "test_values",
]


def test_egress(actor: Actor, egress_id: uuid.UUID, *, to: str) -> EgressTest:
    """Tries a stored way of sending. ``to``: an address or domain, for a direct one; empty: the sender's.

    Raises NotFound, Invalid (``field="to"``).
    """
    check_right(actor, Right.MANAGE)
    return _try(_access(actor, egress_id), to)


def test_values(
    actor: Actor,
    *,
    host: str,
    port: int,
    tls: str,
    username: str,
    password: str,
    egress_id: uuid.UUID | None,
) -> EgressTest:
    """Tries a relay's values before they are saved. An empty password takes the stored one of
    ``egress_id``, but only towards the server and user it was entered for.

    Raises Invalid for values that no relay can have.
    """
    check_right(actor, Right.MANAGE)
    host, username = host.strip(), username.strip()
    check_relay(host=host, port=port, tls=tls, username=username)
    if not password and egress_id:
        password = _stored_password(_access(actor, egress_id), host=host, username=username)
    endpoint = relay_endpoint(
        host=host, port=port, tls=tls, username=username, password=password, timeouts=PATIENCE
    )
    return examine(endpoint, _sender(actor.workspace_id))


def test_direct_values(
    actor: Actor,
    *,
    sources: Sequence[Mapping[str, object]],
    tls: str,
    host: str,
    port: int,
    to: str,
) -> EgressTest:
    """The same for a direct road. Raises Invalid."""
    check_right(actor, Right.MANAGE)
    checked = check_direct(sources=sources, tls=tls, host=host, port=port)
    aim = _aim(to, _sender(actor.workspace_id), host=host.strip(), port=port)
    return examine_direct(checked, tls, aim, the_world())


def test_provider_values(
    actor: Actor,
    *,
    provider: str,
    settings: Mapping[str, str],
    credentials: Mapping[str, str],
    egress_id: uuid.UUID | None,
) -> EgressTest:
    """The same for a mail service; credentials that are left empty are the stored ones of ``egress_id``.

    Raises Invalid.
    """
    check_right(actor, Right.MANAGE)
    shown, given = check_settings(provider, settings), check_credentials(provider, credentials)
    stored = stored_credentials(_access(actor, egress_id), provider) if egress_id else {}
    values = {**shown, **stored, **given}
    check_whole(provider, values)
    return examine_service(provider, values, _sender(actor.workspace_id))


def examine_all() -> Iterator[tuple[str, str, str]]:
    """Every road of the installation that somebody uses: (name, what is wrong, advice); for the doctor."""
    rows = Egress.objects.across_workspaces().filter(removed_at=None)
    for row in rows.exclude(kind=EgressKind.SANDBOX).order_by("created_at"):
        found = _try(row)
        yield row.name, "" if found.ok else str(found.text), str(found.advice)


def _try(row: Egress, to: str = "") -> EgressTest:
    sender = _sender(row.workspace_id)
    if row.kind == EgressKind.DIRECT:
        aim = _aim(to, sender, host=row.host, port=row.port)
        return examine_direct(row.sources, row.tls, aim, the_world())
    try:
        if row.kind == EgressKind.PROVIDER:
            keys = credentials_of(
                id=row.pk, workspace_id=row.workspace_id, sealed_credentials=row.sealed_credentials
            )
            return examine_service(row.provider, {**row.settings, **keys}, sender)
        return examine(endpoint_of(**_columns(row), timeouts=PATIENCE), sender)
    except SealBroken:
        return failed_test("seal-broken", row.kind)


def _columns(row: Egress) -> dict[str, Any]:
    names = ("id", "workspace_id", "kind", "host", "port", "tls", "username", "sealed_password")
    return {name: getattr(row, name) for name in names}


def _aim(to: str, sender: str, *, host: str, port: int) -> Aim | None:
    """Whom to ask about; None where nobody is named and there is no sender either."""
    to = to.strip() or sender
    if not to and not host:
        return None
    if "@" in to:
        with contextlib.suppress(AddressError):
            address = parse_address(to)
            if not address.needs_smtputf8:
                return Aim(
                    domain=address.domain, rcpt=address.wire, sender=sender, host=host, port=port
                )
    elif domain := ehlo_name(to):
        return Aim(domain=domain, sender=sender, host=host, port=port)
    elif not to:
        return Aim(domain=host, sender=sender, host=host, port=port)
    raise Invalid(
        "bad-destination",
        _("This is neither a mail address nor a domain."),
        advice=_("Write it like name@example.jp or example.jp."),
        field="to",
    )


def _sender(workspace_id: uuid.UUID) -> str:
    """The envelope sender of the workspace's letters; empty where there is none that every server takes."""
    with contextlib.suppress(AddressError):
        address = parse_address(default_address(workspace_id))
        return "" if address.needs_smtputf8 else address.wire
    return ""


def _access(actor: Actor, egress_id: uuid.UUID) -> Egress:
    row = Egress.objects.of(actor.workspace_id).filter(pk=egress_id, removed_at=None).first()
    if row is None:
        raise no_road()
    return row


def _stored_password(row: Egress, *, host: str, username: str) -> str:
    if row.sealed_password is None or (row.host, row.username) != (host, username):
        return ""
    return vault_of(row.workspace_id).open(row.sealed_password, password_context(row.pk)).decode()
