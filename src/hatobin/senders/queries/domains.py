"""Reading sending domains and their keys. Never with a private part."""

from __future__ import annotations

import uuid

from django.db.models import Prefetch

from hatobin.accounts.models import WorkspaceRows
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.senders.models import DkimKey, SendingDomain
from hatobin.senders.problems import no_domain
from hatobin.wire.address import AddressError, parse_domain


def domains(actor: Actor) -> list[SendingDomain]:
    """The workspace's sending domains by name, with their keys."""
    check_right(actor, Right.VIEW)
    return list(_rows(actor).order_by("name"))


def domain(actor: Actor, domain_id: uuid.UUID) -> SendingDomain:
    """One of them, with its keys, the newest first; raises NotFound."""
    check_right(actor, Right.VIEW)
    found = _rows(actor).filter(pk=domain_id).first()
    if found is None:
        raise no_domain()
    return found


def domain_named(actor: Actor, name: str) -> SendingDomain:
    """One of them by its name, as people write it; raises NotFound."""
    check_right(actor, Right.VIEW)
    try:
        wanted = parse_domain(name)
    except AddressError as error:
        raise no_domain() from error
    found = _rows(actor).filter(name=wanted).first()
    if found is None:
        raise no_domain()
    return found


def _rows(actor: Actor) -> WorkspaceRows[SendingDomain]:
    keys = DkimKey.objects.of(actor.workspace_id).order_by("-created_at", "-pk")
    return SendingDomain.objects.of(actor.workspace_id).prefetch_related(Prefetch("keys", keys))
