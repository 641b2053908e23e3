"""What saving a way of sending has in common for all kinds: which row, its name, its fall-back."""

from __future__ import annotations

import enum
import uuid

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.services.waking import wake_everything_of

_PLACE = ("host", "port", "tls", "username", "sources", "provider", "settings")
_SECRETS = ("sealed_password", "sealed_credentials")


class Kept(enum.Enum):
    """In place of a fall-back: the one that is stored stays."""

    KEPT = "kept"


KEPT = Kept.KEPT
Fallback = uuid.UUID | Kept | None


def row_to_save(actor: Actor, egress_id: uuid.UUID | None, kind: EgressKind, name: str) -> Egress:
    """The locked row, or a new one, with its name. Raises Invalid, NotFound, Conflict (another kind)."""
    name = name.strip()[:120]
    if not name:
        raise Invalid("missing", _("This must be filled in."), field="name")
    lock_workspace(actor.workspace_id)  # fall-backs that are set at once make no circle
    if egress_id is None:
        return Egress(workspace_id=actor.workspace_id, kind=kind, name=name)
    row = access_row(actor, egress_id)
    if row.kind != kind:
        raise Conflict(
            "other-kind",
            _("A way of sending stays of the kind that it was made as."),
            advice=_("Add another one."),
            field="kind",
        )
    row.name = name
    return row


def access_row(actor: Actor, egress_id: uuid.UUID) -> Egress:
    """A way of sending of the workspace, locked. Raises NotFound."""
    rows = Egress.objects.of(actor.workspace_id).select_for_update()
    row = rows.filter(pk=egress_id, removed_at=None).first()
    if row is None:
        raise no_road()
    return row


def store(row: Egress, *, fallback_id: Fallback, make_default: bool) -> None:
    """Writes the row; what was wrong with it before is forgotten, and its rest ends, because it may be mended.

    A rest that a server asked for stays where the same server is used in the same way.
    """
    was = Egress.objects.of(row.workspace_id).filter(pk=row.pk).first()
    if fallback_id is not KEPT:
        row.fallback_id = _checked_fallback(row, fallback_id)
    row.trouble_code = row.trouble_text = ""
    row.trouble_since = row.resume_at = None
    row.save()
    if was is not None and (was.trouble_code or _leads_elsewhere(was, row)):
        wake_everything_of(row)
    if make_default:
        set_default(row)


def _leads_elsewhere(was: Egress, row: Egress) -> bool:
    """Whether server, protection, sign-in, sources or service are others than before."""
    return any(getattr(was, name) != getattr(row, name) for name in _PLACE) or any(
        bytes(getattr(was, name) or b"") != bytes(getattr(row, name) or b"") for name in _SECRETS
    )


def set_default(row: Egress) -> None:
    """New letters go this way."""
    rows = Egress.objects.of(row.workspace_id)
    rows.filter(is_default=True).exclude(pk=row.pk).update(is_default=False)
    rows.filter(pk=row.pk).update(is_default=True)


def no_road(field: str | None = None) -> NotFound:
    """It is not in this workspace, or was removed."""
    return NotFound("no-egress", _("This way of sending no longer exists."), field=field)


def _checked_fallback(row: Egress, fallback_id: uuid.UUID | None) -> uuid.UUID | None:
    """Real letters never end in the sandbox, rehearsals never reach people, and no chain has a circle."""
    if fallback_id is None:
        return None
    found = {each.pk: each for each in Egress.objects.of(row.workspace_id).filter(removed_at=None)}
    fallback = found.get(fallback_id)
    if fallback is None:
        raise no_road(field="fallback_id")
    if EgressKind.SANDBOX in (fallback.kind, row.kind):
        raise Invalid(
            "fallback-sandbox",
            _("The sandbox cannot stand in for a real way of sending: letters would never arrive."),
            advice=_("Choose another one, or none."),
            field="fallback_id",
        )
    following: Egress | None = fallback
    while following is not None:
        if following.pk == row.pk:
            raise Invalid(
                "fallback-circle",
                _("The fall-backs would lead in a circle."),
                advice=_("Choose one that does not fall back to this one itself."),
                field="fallback_id",
            )
        following = found.get(following.fallback_id) if following.fallback_id else None
    return fallback_id
