"""Roads as doors see them: never with a secret."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import NotFound
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.rules.troubles import trouble_text


@dataclass(frozen=True, kw_only=True, slots=True)
class EgressView:
    """A road. ``trouble``: a sentence, empty when it works; ``trouble_words``: the server's own."""

    id: uuid.UUID
    name: str
    kind: str
    kind_text: str
    sandbox: bool
    host: str
    port: int
    tls: str
    tls_text: str
    username: str
    has_password: bool
    is_default: bool
    trouble: str | Promise
    trouble_words: str
    trouble_since: datetime | None
    resume_at: datetime | None


def egresses(actor: Actor) -> tuple[EgressView, ...]:
    """The workspace's roads, the default first."""
    check_right(actor, Right.VIEW)
    rows = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    return tuple(_view(row) for row in rows.order_by("-is_default", "created_at"))


def egress(actor: Actor, egress_id: uuid.UUID) -> EgressView:
    """One road; raises NotFound."""
    check_right(actor, Right.VIEW)
    rows = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    row = rows.filter(pk=egress_id).first()
    if row is None:
        raise NotFound("no-egress", _("This way of sending no longer exists."))
    return _view(row)


def _view(row: Egress) -> EgressView:
    return EgressView(
        id=row.pk,
        name=row.label,
        kind=row.kind,
        kind_text=row.get_kind_display(),
        sandbox=row.kind == EgressKind.SANDBOX,
        host=row.host,
        port=row.port,
        tls=row.tls,
        tls_text=row.get_tls_display(),
        username=row.username,
        has_password=row.sealed_password is not None,
        is_default=row.is_default,
        trouble=trouble_text(row.trouble_code),
        trouble_words=row.trouble_text,
        trouble_since=row.trouble_since,
        resume_at=row.resume_at,
    )
