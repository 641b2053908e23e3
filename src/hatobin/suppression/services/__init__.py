"""Use cases of the do-not-mail ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.common.errors import Invalid, NotFound
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.wire.address import AddressError, parse_address

OWN_WISH = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED})


@transaction.atomic
def suppress(
    workspace_id: uuid.UUID, addresses: Iterable[str], *, reason: SuppressionReason, source: str
) -> int:
    """Writes addresses into the ledger at once; returns how many were new.

    Called by what people and machines tell us (an unsubscribe link, a bounce), so it takes no actor.
    An address that stands there already keeps its first source; the person's own wish becomes its reason,
    because what staff added staff may take away again (promise P7).
    """
    vault = vault_of(workspace_id)
    rows = []
    for text in addresses:
        address = parse_address(text)
        key = vault.address_key(address.key_form)
        sealed = vault.seal(address.email.encode(), b"suppression:" + key)
        rows.append(
            Suppression(
                workspace_id=workspace_id,
                address_key=key,
                sealed=sealed,
                reason=reason,
                source=source,
            )
        )
    before = Suppression.objects.of(workspace_id).count()
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    if reason in OWN_WISH:
        known = Suppression.objects.of(workspace_id).filter(
            address_key__in=[row.address_key for row in rows]
        )
        known.exclude(reason__in=OWN_WISH).update(reason=reason)
    return Suppression.objects.of(workspace_id).count() - before


def add_by_staff(actor: Actor, text: str, *, why: str = "") -> int:
    """Adds addresses that staff typed, one a line; whole or nothing. Returns how many were new.

    ``why`` is kept in the audit log, in clear: it is a reason, not a person's data.
    """
    check_right(actor, Right.EDIT_LISTS)
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise Invalid("nothing-given", _("Write at least one mail address."), field="addresses")
    for number, line in lines:
        _check_line(number, line)
    with transaction.atomic():
        added = suppress(
            actor.workspace_id,
            [line for _number, line in lines],
            reason=SuppressionReason.MANUAL,
            source=actor.label,
        )
        reason = {"why": _told(why)} if _told(why) else {}
        audit.record(actor, "suppression.added", count=added, **reason)
    return added


@transaction.atomic
def remove(actor: Actor, suppression_id: int, *, why: str) -> None:
    """Takes an entry that staff added off the ledger.

    What the person asked for themselves (unsubscribed, complained) stays: promise P7.
    """
    check_right(actor, Right.MANAGE)
    entry = Suppression.objects.of(actor.workspace_id).filter(pk=suppression_id).first()
    if entry is None:
        raise NotFound("no-suppression", _("This entry is not on the do-not-mail list."))
    if entry.reason in OWN_WISH:
        raise Invalid(
            "own-wish",
            _("This person asked not to be mailed. Only the person can change that."),
            advice=_("They can do so with the unsubscribe link of a letter they received."),
        )
    if not _told(why):
        raise Invalid("reason-missing", _("Give the reason for removing this entry."), field="why")
    entry.delete()
    audit.record(actor, "suppression.removed", subject=str(suppression_id), why=_told(why))


def revoke_own_wish(workspace_id: uuid.UUID, address_key: bytes, *, source: str) -> bool:
    """The person takes the own unsubscribe back; true when an entry went away."""
    gone, _tables = (
        Suppression.objects.of(workspace_id)
        .filter(address_key=address_key, reason=SuppressionReason.UNSUBSCRIBED, source=source)
        .delete()
    )
    return gone > 0


def _check_line(number: int, line: str) -> None:
    try:
        parse_address(line)
    except AddressError as error:
        raise Invalid(
            "bad-address",
            _("Line %(line)s is not a mail address: %(text)s"),
            advice=_("Write one address a line, nothing else."),
            field="addresses",
            row=number,
            params={"line": number, "text": line[:60]},
        ) from error


def _told(why: str) -> str:
    """A reason as the log keeps it; the database stores no NUL."""
    return why.replace("\0", "").strip()[:300]
