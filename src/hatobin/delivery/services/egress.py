"""Ways of sending: the sandbox that every workspace has, relays, direct roads and mail services.

``save_relay`` is here, the other kinds have a file each; ``save_egress`` saves any of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid
from hatobin.delivery.models import Dispatch, DispatchState, Egress, EgressKind, Lot, TlsMode
from hatobin.delivery.rules.relays import check_relay
from hatobin.delivery.seals import password_context
from hatobin.delivery.services.egress_direct import save_direct
from hatobin.delivery.services.egress_provider import save_provider
from hatobin.delivery.services.egress_rows import (
    KEPT,
    Fallback,
    access_row,
    no_road,
    row_to_save,
    set_default,
    store,
)
from hatobin.delivery.services.egress_test import (
    EgressTest,
    examine_all,
    test_egress,
    test_values,
)

__all__ = [
    "EgressTest",
    "delete_egress",
    "ensure_sandbox",
    "examine_all",
    "make_default",
    "save_direct",
    "save_egress",
    "save_provider",
    "save_relay",
    "test_egress",
    "test_values",
]

_OPEN = (DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED)

_EVERY = {"name", "make_default", "fallback_id", "connections"}
_RELAY = {"host", "port", "tls", "username", "password", "messages_per_connection"}
_DIRECT = {"sources", "tls", "host", "port", "messages_per_connection"}
_PROVIDER = {"provider", "settings", "credentials"}


@transaction.atomic
def ensure_sandbox(workspace_id: uuid.UUID) -> Egress:
    """The workspace's sandbox, made when it is missing; the first road of a workspace is its default."""
    rows = Egress.objects.of(workspace_id)
    found = rows.filter(kind=EgressKind.SANDBOX, removed_at=None).order_by("created_at").first()
    return found or Egress.objects.create(
        workspace_id=workspace_id,
        name=translate("Sandbox"),
        kind=EgressKind.SANDBOX,
        tls=TlsMode.NONE,
        is_default=not rows.filter(is_default=True).exists(),
    )


@transaction.atomic
def save_relay(
    actor: Actor,
    *,
    name: str,
    host: str,
    port: int = 587,
    tls: str = TlsMode.STARTTLS,
    username: str = "",
    password: str = "",
    egress_id: uuid.UUID | None = None,
    make_default: bool = False,
    fallback_id: Fallback = KEPT,
    connections: int | None = None,
    messages_per_connection: int | None = None,
) -> Egress:
    """Adds or changes a relay. An empty ``password`` keeps the stored one while server and user stay.

    Raises Invalid (field named), NotFound, Conflict (it is of another kind).
    """
    check_right(actor, Right.MANAGE)
    host, username = host.strip(), username.strip()
    check_relay(host=host, port=port, tls=tls, username=username)
    row = row_to_save(actor, egress_id, EgressKind.SMTP_RELAY, name)
    _seal_password(row, host=host, username=username, password=password)
    row.host, row.port, row.tls, row.username = host, port, tls, username
    row.connections = connections or row.connections
    row.messages_per_connection = messages_per_connection or row.messages_per_connection
    store(row, fallback_id=fallback_id, make_default=make_default)
    audit.record(actor, "egress.saved", subject=str(row.pk), host=row.host, port=port, tls=tls)
    return row


def save_egress(
    actor: Actor, kind: str, values: Mapping[str, Any], egress_id: uuid.UUID | None = None
) -> Egress:
    """Adds or changes a way of sending of this kind, with the values of ``save_relay``, ``save_direct``
    or ``save_provider``.

    Raises Invalid for a value that this kind does not have or that is missing, and what they raise.
    """
    check_right(actor, Right.MANAGE)
    if kind not in _SAVES:
        raise Invalid(
            "unknown-kind",
            _("This must be one of: %(expected)s."),
            advice=_("Every workspace has its sandbox already."),
            field="kind",
            params={"expected": ", ".join(_SAVES)},
        )
    save, own, needed = _SAVES[kind]
    for name in values:
        if name not in own | _EVERY:
            raise Invalid(
                "not-of-kind", _("This kind of way of sending has no such value."), field=name
            )
    for name in sorted({"name", *needed} - set(values)):
        raise Invalid("missing", _("This must be filled in."), field=name)
    return save(actor, egress_id=egress_id, **values)


_SAVES: dict[str, tuple[Callable[..., Egress], set[str], set[str]]] = {
    EgressKind.SMTP_RELAY.value: (save_relay, _RELAY, {"host"}),
    EgressKind.DIRECT.value: (save_direct, _DIRECT, {"sources"}),
    EgressKind.PROVIDER.value: (save_provider, _PROVIDER, {"provider"}),
}


@transaction.atomic
def make_default(actor: Actor, egress_id: uuid.UUID) -> None:
    """New letters go this way. Raises NotFound."""
    check_right(actor, Right.MANAGE)
    row = Egress.objects.of(actor.workspace_id).filter(pk=egress_id, removed_at=None).first()
    if row is None:
        raise no_road()
    set_default(row)
    audit.record(actor, "egress.default", subject=str(egress_id))


@transaction.atomic
def delete_egress(actor: Actor, egress_id: uuid.UUID) -> None:
    """Takes a way of sending away with its secrets; results of old letters keep its name.

    Raises NotFound, Invalid (the sandbox stays), Conflict while a letter is on its way by it or
    another one falls back to it.
    """
    check_right(actor, Right.MANAGE)
    row = access_row(actor, egress_id)
    if row.kind == EgressKind.SANDBOX:
        raise Invalid("sandbox-stays", _("The sandbox cannot be removed."))
    sending = Dispatch.objects.of(actor.workspace_id).filter(egress=row, state__in=_OPEN)
    if sending.exists() or Lot.objects.of(actor.workspace_id).filter(egress=row).exists():
        raise Conflict(
            "egress-in-use",
            _("A letter is being sent this way."),
            advice=_("Wait until it has ended, or stop it first."),
        )
    leaning = Egress.objects.of(actor.workspace_id).filter(fallback=row, removed_at=None).first()
    if leaning:
        raise Conflict(
            "egress-is-fallback",
            _("“%(name)s” falls back to it."),
            advice=_("Choose another fall-back there first, or none."),
            params={"name": leaning.name},
        )
    was_default = row.is_default
    row.removed_at, row.is_default, row.fallback = clock.now(), False, None
    row.sealed_password = row.sealed_credentials = None
    row.save()
    if was_default:
        set_default(ensure_sandbox(actor.workspace_id))
    audit.record(actor, "egress.removed", subject=str(egress_id))


def _seal_password(row: Egress, *, host: str, username: str, password: str) -> None:
    """A stored password never goes to another server or user than it was entered for."""
    if not username:
        row.sealed_password = None
    elif password:
        vault = vault_of(row.workspace_id)
        row.sealed_password = vault.seal(password.encode(), password_context(row.pk))
    elif row.sealed_password is None or (row.host, row.username) != (host, username):
        raise Invalid(
            "password-missing",
            _("Enter the password."),
            advice=""
            if row.sealed_password is None
            else _("The stored password is kept only while server and user name stay the same."),
            field="password",
        )
