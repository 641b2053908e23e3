"""Use cases of senders: From identities and the legal profile."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common.errors import Conflict, HatobinError, Invalid, NotFound
from hatobin.common.hidden import has_hidden
from hatobin.senders.models import SenderIdentity, SenderProfile
from hatobin.wire.address import AddressError, parse_address

_LONGEST = {"display_name": 120, "organisation": 200, "postal_address": 300, "contact": 300}


@transaction.atomic
def save_identity(
    actor: Actor,
    *,
    display_name: str,
    address: str,
    reply_to: str = "",
    identity_id: uuid.UUID | None = None,
    make_default: bool = False,
) -> SenderIdentity:
    """Adds or changes a From identity; an equal one is taken again rather than added twice."""
    check_right(actor, Right.MANAGE)
    values = {
        "display_name": _checked_line(display_name, field="display_name"),
        "address": _checked_address(address, field="address"),
        "reply_to": _checked_address(reply_to, field="reply_to") if reply_to.strip() else "",
    }
    lock_workspace(actor.workspace_id)
    rows = SenderIdentity.objects.of(actor.workspace_id).select_for_update()
    equal = _equal(rows, values)
    found = rows.filter(pk=identity_id).first() if identity_id else equal
    if identity_id and found is None:
        raise _no_identity()
    if equal is not None and equal != found:
        raise Conflict(
            "known-sender",
            _("There is already a From line with this name and address."),
            field="address",
        )
    if not rows.exists():
        make_default = True
    identity = found or SenderIdentity(workspace_id=actor.workspace_id)
    for name, value in values.items():
        setattr(identity, name, value)
    if make_default:
        rows.filter(is_default=True).exclude(pk=identity.pk).update(is_default=False)
        identity.is_default = True
    identity.save()
    audit.record(actor, "sender.saved", subject=str(identity.pk))
    return identity


@transaction.atomic
def delete_identity(actor: Actor, identity_id: uuid.UUID) -> None:
    """Removes a From identity; released letters keep the sender they were released with."""
    check_right(actor, Right.MANAGE)
    gone, _tables = SenderIdentity.objects.of(actor.workspace_id).filter(pk=identity_id).delete()
    if not gone:
        raise _no_identity()
    audit.record(actor, "sender.deleted", subject=str(identity_id))


@transaction.atomic
def save_profile(
    actor: Actor, *, organisation: str, postal_address: str, contact: str
) -> SenderProfile:
    """Stores the legal facts that stand under every letter; all three are needed."""
    check_right(actor, Right.MANAGE)
    values = checked_profile(
        organisation=organisation, postal_address=postal_address, contact=contact
    )
    profile, _created = SenderProfile.objects.of(actor.workspace_id).update_or_create(
        workspace_id=actor.workspace_id, defaults=values
    )
    audit.record(actor, "sender.profile-saved")
    return profile


@transaction.atomic
def keep_first_profile(
    actor: Actor, *, organisation: str, postal_address: str, contact: str
) -> SenderProfile:
    """Stores the legal facts where there are none yet; the stored ones, which may be somebody else's."""
    lock_workspace(actor.workspace_id)
    stored = SenderProfile.objects.of(actor.workspace_id).first()
    return stored or save_profile(
        actor, organisation=organisation, postal_address=postal_address, contact=contact
    )


def checked_profile(*, organisation: str, postal_address: str, contact: str) -> dict[str, str]:
    """The legal facts, tidied; raises Invalid naming the one that cannot stand under a letter."""
    return {
        "organisation": _checked_line(organisation, field="organisation"),
        "postal_address": _checked_line(postal_address, field="postal_address"),
        "contact": _checked_line(contact, field="contact"),
    }


def _equal(rows: object, values: dict[str, str]) -> SenderIdentity | None:
    found: SenderIdentity | None = rows.filter(  # type: ignore[attr-defined]
        display_name=values["display_name"], address=values["address"]
    ).first()
    return found


def _checked_line(text: str, *, field: str) -> str:
    line = text.strip()
    if not line:
        raise Invalid("missing", _("This must be filled in."), field=field)
    most = _LONGEST[field]
    if len(line) > most:
        raise Invalid(
            "too-long",
            _("This is too long: %(most)s characters are possible."),
            field=field,
            params={"most": most},
        )
    if has_hidden(line):  # it would make headers out of text, or a sender look like another
        raise Invalid(
            "control-character",
            _("This contains a line break or another invisible character."),
            advice=_("Write it on one line; type it instead of pasting it."),
            field=field,
        )
    return line


def _checked_address(text: str, *, field: str) -> str:
    try:
        return parse_address(text.strip()).email
    except AddressError as error:
        raise Invalid(
            "bad-address",
            _("“%(text)s” is not a mail address."),
            advice=_("Write it like name@example.jp, without a name or brackets."),
            field=field,
            params={"text": " ".join(text.split())[:60]},
        ) from error


def _no_identity() -> HatobinError:
    return NotFound("no-identity", _("This sender no longer exists."))
