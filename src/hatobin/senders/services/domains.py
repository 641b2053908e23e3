"""Use cases of sending domains: for whom letters are signed, and where bounces go."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common.errors import Conflict, Invalid
from hatobin.senders.models import DkimKey, KeyState, SendingDomain
from hatobin.senders.problems import no_domain
from hatobin.senders.rules import LONGEST_DOMAIN
from hatobin.wire.address import AddressError, parse_domain

_ABOUT_RETURN_PATH = {"spf", "mx"}


@transaction.atomic
def add_domain(actor: Actor, *, name: str, return_path: str = "") -> SendingDomain:
    """A domain, without a key yet. Raises Invalid (field named), Conflict where it is known."""
    check_right(actor, Right.MANAGE)
    name = _checked_domain(name, field="name")
    bounces = _checked_return_path(return_path, name)
    lock_workspace(actor.workspace_id)
    rows = SendingDomain.objects.of(actor.workspace_id)
    if rows.filter(name=name).exists():
        raise Conflict(
            "known-domain",
            _("“%(domain)s” is already one of your sending domains."),
            field="name",
            params={"domain": name},
        )
    made = SendingDomain.objects.create(
        workspace_id=actor.workspace_id, name=name, return_path=bounces
    )
    audit.record(actor, "domain.added", subject=str(made.pk), domain=name)
    return made


@transaction.atomic
def change_domain(actor: Actor, domain_id: uuid.UUID, *, return_path: str) -> SendingDomain:
    """Where bounces go from now on: the domain or a subdomain of it; empty: to the sender address.

    A new one counts from the first check that finds a mail server there. Raises NotFound, Invalid.
    """
    check_right(actor, Right.MANAGE)
    row = access_domain(actor, domain_id)
    wanted = _checked_return_path(return_path, row.name)
    if wanted != row.return_path:
        row.return_path, row.return_path_ready = wanted, False
        row.findings = [each for each in row.findings if each["about"] not in _ABOUT_RETURN_PATH]
        row.save()
        audit.record(
            actor, "domain.changed", subject=str(row.pk), domain=row.name, return_path=wanted or "–"
        )
    return row


@transaction.atomic
def remove_domain(actor: Actor, domain_id: uuid.UUID) -> None:
    """Takes a domain away with its keys. Raises NotFound, Conflict while a key signs letters."""
    check_right(actor, Right.MANAGE)
    row = access_domain(actor, domain_id)
    keys = DkimKey.objects.of(actor.workspace_id).filter(domain=row)
    if keys.filter(state=KeyState.ACTIVE).exists():
        raise Conflict(
            "domain-in-use",
            _("Letters are signed with a key of this domain."),
            advice=_("Take the key out of use first."),
        )
    row.delete()
    audit.record(actor, "domain.removed", subject=str(domain_id), domain=row.name)


@transaction.atomic
def store_check(
    actor: Actor,
    domain_id: uuid.UUID,
    *,
    return_path: str,
    findings: Sequence[dict[str, Any]],
    takes_bounces: bool | None,
    at: datetime,
) -> None:
    """Keeps what a look at the DNS found; ``takes_bounces`` None where that could not be said.

    ``return_path`` is the one that was looked at: where it was changed meanwhile, nothing is kept.
    """
    check_right(actor, Right.MANAGE)
    row = access_domain(actor, domain_id)
    if row.return_path != return_path:
        return
    row.findings, row.checked_at = list(findings), at
    if takes_bounces is not None:
        row.return_path_ready = bool(row.return_path) and takes_bounces
    row.save(update_fields=["findings", "checked_at", "return_path_ready"])


def access_domain(actor: Actor, domain_id: uuid.UUID) -> SendingDomain:
    """The row, locked, in the caller's transaction. Raises NotFound."""
    rows = SendingDomain.objects.of(actor.workspace_id).select_for_update()
    found = rows.filter(pk=domain_id).first()
    if found is None:
        raise no_domain()
    return found


def _checked_return_path(text: str, domain: str) -> str:
    """Empty, or a part of the domain: only then SPF counts for DMARC, and nobody borrows another's name."""
    if not text.strip():
        return ""
    name = _checked_domain(text, field="return_path")
    if not f".{name}".endswith(f".{domain}"):
        raise Invalid(
            "foreign-domain",
            _("This is not a part of %(domain)s."),
            advice=_("Use the domain itself, or a subdomain like bounce.%(domain)s."),
            field="return_path",
            params={"domain": domain},
        )
    return name


def _checked_domain(text: str, *, field: str) -> str:
    try:
        name = parse_domain(text)
    except AddressError as error:
        raise Invalid(
            "missing" if error.code == "empty" else "bad-domain",
            _("“%(text)s” is not a domain."),
            advice=_("Write what stands behind the @ of your address, like example.jp."),
            field=field,
            params={"text": " ".join(text.split())[:60]},
        ) from error
    if len(name) > LONGEST_DOMAIN:
        raise Invalid(
            "too-long",
            _("This is too long: %(most)s characters are possible."),
            field=field,
            params={"most": LONGEST_DOMAIN},
        )
    return name
