"""Roads out: the sandbox that every workspace has, and SMTP relays with sealed passwords."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.delivery.models import Dispatch, DispatchState, Egress, EgressKind, TlsMode
from hatobin.delivery.rules.relays import check_relay
from hatobin.delivery.seals import password_context
from hatobin.delivery.services.egress_test import (
    EgressTest,
    examine_all,
    test_egress,
    test_values,
)

__all__ = [
    "EgressTest",
    "delete_relay",
    "ensure_sandbox",
    "examine_all",
    "make_default",
    "save_relay",
    "test_egress",
    "test_values",
]

_OPEN = (DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED)


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
    port: int,
    tls: str,
    username: str = "",
    password: str = "",
    egress_id: uuid.UUID | None = None,
    make_default: bool = False,
    connections: int | None = None,
    messages_per_connection: int | None = None,
) -> Egress:
    """Adds or changes a relay. An empty ``password`` keeps the stored one while server and user stay.

    Raises Invalid (field named), NotFound.
    """
    check_right(actor, Right.MANAGE)
    name, host, username = name.strip()[:120], host.strip(), username.strip()
    check_relay(host=host, port=port, tls=tls, username=username)
    if not name:
        raise Invalid("missing", _("This must be filled in."), field="name")
    row = _relay(actor, egress_id) if egress_id else Egress(workspace_id=actor.workspace_id)
    _seal_password(row, host=host, username=username, password=password)
    row.kind = EgressKind.SMTP_RELAY
    row.name, row.host, row.port, row.tls, row.username = name, host, port, tls, username
    row.connections = connections or row.connections
    row.messages_per_connection = messages_per_connection or row.messages_per_connection
    row.trouble_code = row.trouble_text = ""
    row.trouble_since = row.resume_at = None
    row.save()
    if make_default:
        _set_default(row)
    audit.record(actor, "egress.saved", subject=str(row.pk), host=row.host, port=port, tls=tls)
    return row


@transaction.atomic
def make_default(actor: Actor, egress_id: uuid.UUID) -> None:
    """New letters go this way. Raises NotFound."""
    check_right(actor, Right.MANAGE)
    row = Egress.objects.of(actor.workspace_id).filter(pk=egress_id, removed_at=None).first()
    if row is None:
        raise _no_road()
    _set_default(row)
    audit.record(actor, "egress.default", subject=str(egress_id))


@transaction.atomic
def delete_relay(actor: Actor, egress_id: uuid.UUID) -> None:
    """Takes a relay away with its password; results of old letters keep its name.

    Raises Conflict while a letter is on its way by it.
    """
    check_right(actor, Right.MANAGE)
    row = _relay(actor, egress_id)
    if Dispatch.objects.of(actor.workspace_id).filter(egress=row, state__in=_OPEN).exists():
        raise Conflict(
            "egress-in-use",
            _("A letter is being sent through this relay."),
            advice=_("Wait until it has ended, or stop it first."),
        )
    was_default = row.is_default
    row.removed_at, row.is_default, row.sealed_password = clock.now(), False, None
    row.save()
    if was_default:
        _set_default(ensure_sandbox(actor.workspace_id))
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


def _relay(actor: Actor, egress_id: uuid.UUID) -> Egress:
    rows = Egress.objects.of(actor.workspace_id).select_for_update()
    row = rows.filter(pk=egress_id, kind=EgressKind.SMTP_RELAY, removed_at=None).first()
    if row is None:
        raise _no_road()
    return row


def _set_default(row: Egress) -> None:
    rows = Egress.objects.of(row.workspace_id)
    rows.filter(is_default=True).exclude(pk=row.pk).update(is_default=False)
    rows.filter(pk=row.pk).update(is_default=True)


def _no_road() -> NotFound:
    return NotFound("no-egress", _("This way of sending no longer exists."))
