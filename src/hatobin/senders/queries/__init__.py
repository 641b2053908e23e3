"""Reading senders."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import Invalid, NotFound
from hatobin.senders.frozen import FrozenSender
from hatobin.senders.models import SenderIdentity, SenderProfile


def identities(actor: Actor) -> list[SenderIdentity]:
    """The From identities, the default first."""
    check_right(actor, Right.VIEW)
    return list(SenderIdentity.objects.of(actor.workspace_id).order_by("-is_default", "created_at"))


def identity(actor: Actor, identity_id: uuid.UUID) -> SenderIdentity:
    """One From identity; raises NotFound."""
    check_right(actor, Right.VIEW)
    found = SenderIdentity.objects.of(actor.workspace_id).filter(pk=identity_id).first()
    if found is None:
        raise NotFound("no-identity", _("This sender no longer exists."))
    return found


def default_address(workspace_id: uuid.UUID) -> str:
    """The address that new letters are from; empty while there is no sender."""
    rows = SenderIdentity.objects.of(workspace_id).order_by("-is_default", "created_at")
    return rows.values_list("address", flat=True).first() or ""


def profile(actor: Actor) -> SenderProfile | None:
    """The legal profile, if it was filled in."""
    check_right(actor, Right.VIEW)
    return SenderProfile.objects.of(actor.workspace_id).first()


def frozen(
    workspace_id: uuid.UUID, identity_id: uuid.UUID, legal: Mapping[str, str] | None = None
) -> FrozenSender:
    """What a letter released now would carry. ``legal``: facts of this letter alone, else the profile's.

    Raises Invalid when there are neither.
    """
    who = SenderIdentity.objects.of(workspace_id).get(pk=identity_id)
    names = ("organisation", "postal_address", "contact")
    facts = legal or SenderProfile.objects.of(workspace_id).values(*names).first()
    if facts is None:
        raise Invalid(
            "profile-missing",
            _("The legal footer is not filled in yet."),
            advice=_("Fill in organisation, postal address and contact under Settings > Sender."),
            field="profile",
        )
    return FrozenSender(
        display_name=who.display_name,
        address=who.address,
        reply_to=who.reply_to,
        **{name: facts[name] for name in names},
    )
