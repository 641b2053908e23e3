"""Drafts: written in steps, by several people, never overwritten unseen.

Every save names the revision it was based on. A stale one raises Conflict naming who and when, and
changes nothing: the caller still has what was typed and can show both. A step that is saved as it
stands already is no save. A released letter is not edited.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.audience.models import ContactList
from hatobin.campaigns import queries, rules
from hatobin.campaigns.models import Campaign, LetterKind
from hatobin.campaigns.queries import CampaignView
from hatobin.common.errors import Invalid, NotFound
from hatobin.content.letters import LegalFooter, LetterDraft
from hatobin.delivery.models import Egress
from hatobin.delivery.queries.shaping import expiry_of
from hatobin.senders.models import SenderIdentity
from hatobin.senders.services import checked_profile


@transaction.atomic
def create(actor: Actor, name: str) -> CampaignView:
    """A new draft, with the workspace's default sender and road."""
    check_right(actor, Right.EDIT_LETTERS)
    row = Campaign.objects.create(
        workspace_id=actor.workspace_id,
        name=rules.checked_name(name),
        identity=SenderIdentity.objects.of(actor.workspace_id).filter(is_default=True).first(),
        egress=_egresses(actor).filter(is_default=True).first(),
        letter=LetterDraft().to_json(),
        created_by_id=actor.user_id,
        saved_by=actor.label,
    )
    audit.record(actor, "letter.created", subject=str(row.pk))
    return queries.campaign(actor, row.pk)


@transaction.atomic
def create_whole(
    actor: Actor,
    name: str,
    *,
    kind: str | None = None,
    list_id: uuid.UUID | None = None,
    identity_id: uuid.UUID | None = None,
    egress_id: uuid.UUID | None = None,
    draft: LetterDraft | None = None,
    legal: LegalFooter | None = None,
    give_up_after: str | None = None,
    retry: str | None = None,
    order_key: str = "",
) -> CampaignView:
    """A new draft with everything that is known already; what is None takes its default."""
    made = create(actor, name)
    Campaign.objects.of(actor.workspace_id).filter(pk=made.id).update(order_key=order_key)
    return change(
        actor,
        made.id,
        made.revision,
        kind=kind,
        list_id=list_id,
        identity_id=identity_id,
        egress_id=egress_id,
        draft=draft,
        legal=legal,
        give_up_after=give_up_after,
        retry=retry,
    )


@transaction.atomic
def change(
    actor: Actor,
    campaign_id: uuid.UUID,
    revision: int,
    *,
    name: str | None = None,
    kind: str | None = None,
    list_id: uuid.UUID | None = None,
    identity_id: uuid.UUID | None = None,
    egress_id: uuid.UUID | None = None,
    draft: LetterDraft | None = None,
    legal: LegalFooter | None = None,
    give_up_after: str | None = None,
    retry: str | None = None,
) -> CampaignView:
    """Changes several parts in one save, whole or not at all; what is None stays."""
    row = access_draft(actor, campaign_id, revision)
    if name is not None:
        row.name = rules.checked_name(name)
    if kind is not None:
        row.kind = _checked_kind(kind)
    if list_id is not None:
        row.list = _list(actor, list_id)
    if identity_id is not None:
        row.identity = _identity(actor, identity_id)
    if egress_id is not None:
        row.egress = _egress(actor, egress_id)
    if draft is not None:
        row.letter = _checked_letter(draft)
    if legal is not None:
        row.legal = checked_profile(**legal.to_json())
    for field, value in _tries(row, give_up_after, retry).items():
        setattr(row, field, value)
    return _saved(actor, row, "parts")


@transaction.atomic
def rename(actor: Actor, campaign_id: uuid.UUID, revision: int, name: str) -> CampaignView:
    """Gives the letter another name in the office; readers never see it."""
    row = access_draft(actor, campaign_id, revision)
    row.name = rules.checked_name(name)
    return _saved(actor, row, "name")


@transaction.atomic
def save_people(
    actor: Actor, campaign_id: uuid.UUID, revision: int, list_id: uuid.UUID
) -> CampaignView:
    """Step 1: to whom. Raises NotFound when the list is not here."""
    row = access_draft(actor, campaign_id, revision)
    return _stored(actor, row, "people", list=_list(actor, list_id))


@transaction.atomic
def save_letter(
    actor: Actor,
    campaign_id: uuid.UUID,
    revision: int,
    draft: LetterDraft,
    identity_id: uuid.UUID | None,
    kind: str,
) -> CampaignView:
    """Step 2: what is written, and by whom (None: not decided yet). May be incomplete.

    Raises Invalid for what is beyond repair: hidden characters in the subject, absurd sizes.
    """
    row = access_draft(actor, campaign_id, revision)
    return _stored(
        actor,
        row,
        "letter",
        letter=_checked_letter(draft),
        kind=_checked_kind(kind),
        identity=_identity(actor, identity_id) if identity_id else None,
    )


@transaction.atomic
def save_sending(
    actor: Actor, campaign_id: uuid.UUID, revision: int, egress_id: uuid.UUID
) -> CampaignView:
    """By which road it will leave."""
    row = access_draft(actor, campaign_id, revision)
    return _stored(actor, row, "sending", egress=_egress(actor, egress_id))


@transaction.atomic
def save_tries(
    actor: Actor, campaign_id: uuid.UUID, revision: int, *, give_up_after: str, retry: str
) -> CampaignView:
    """How long its letters are tried, and when again, as typed; empty: as usual. Raises Invalid."""
    row = access_draft(actor, campaign_id, revision)
    return _stored(actor, row, "tries", **_tries(row, give_up_after, retry))


@transaction.atomic
def duplicate(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """A new draft with the same letter, list and sender, whatever became of the first."""
    check_right(actor, Right.EDIT_LETTERS)
    row = queries.access_campaign(actor, campaign_id)
    taken = set(Campaign.objects.of(row.workspace_id).values_list("name", flat=True))
    copy = Campaign.objects.create(
        workspace_id=row.workspace_id,
        name=rules.copied_name(row.name, taken),
        kind=row.kind,
        list=row.list,
        identity_id=row.identity_id,
        egress=row.egress,
        letter=row.letter,
        legal=row.legal,
        give_up_after=row.give_up_after,
        retry=row.retry,
        created_by_id=actor.user_id,
        saved_by=actor.label,
    )
    audit.record(actor, "letter.copied", subject=str(copy.pk), of=str(row.pk))
    return queries.campaign(actor, copy.pk)


@transaction.atomic
def delete_draft(actor: Actor, campaign_id: uuid.UUID) -> None:
    """Removes a draft. What was ever released stays as a record."""
    row = access_draft(actor, campaign_id)
    row.delete()
    audit.record(actor, "letter.deleted", subject=str(campaign_id))


def access_draft(actor: Actor, campaign_id: uuid.UUID, revision: int | None = None) -> Campaign:
    """The row of a draft, locked, at this revision; raises NotFound or Conflict.

    For this room's services.
    """
    check_right(actor, Right.EDIT_LETTERS)
    row = locked(actor, campaign_id)
    if row.dispatch_id is not None:
        raise rules.no_draft()
    if revision is not None and revision != row.revision:
        raise queries.saved_meanwhile(row)
    return row


def locked(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """The row, locked until the transaction ends; raises NotFound."""
    rows = Campaign.objects.of(actor.workspace_id).select_for_update()
    row = rows.filter(pk=campaign_id).first()
    if row is None:
        raise queries.no_campaign()
    return row


def _stored(actor: Actor, row: Campaign, part: str, **values: object) -> CampaignView:
    """Saves a step. Where nothing differs the revision stays, and with it a colleague's check."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return queries.campaign(actor, row.pk)
    for name, value in values.items():
        setattr(row, name, value)
    return _saved(actor, row, part)


def _saved(actor: Actor, row: Campaign, part: str) -> CampaignView:
    row.revision += 1
    row.saved_by = actor.label
    row.save()
    audit.record(actor, "letter.saved", subject=str(row.pk), part=part, revision=row.revision)
    return queries.campaign(actor, row.pk)


def _checked_letter(draft: LetterDraft) -> dict[str, Any]:
    rules.check_draft(draft)
    return draft.to_json()


def _checked_kind(kind: str) -> str:
    if kind not in LetterKind.values:
        raise Invalid("unknown-kind", _("Choose what kind of letter this is."), field="kind")
    return kind


def _tries(row: Campaign, give_up_after: str | None, retry: str | None) -> dict[str, object]:
    found = queries.tries_of(row).changed(give_up_after, retry)
    if found.retry:
        found.lasting(expiry_of(row.workspace_id))
    return {"give_up_after": found.give_up_after, "retry": str(found.retry or "")}


def _list(actor: Actor, list_id: uuid.UUID) -> ContactList:
    found = ContactList.objects.of(actor.workspace_id).filter(pk=list_id).first()
    if found is None:
        raise NotFound("no-list", _("This list no longer exists."), field="list")
    return found


def _identity(actor: Actor, identity_id: uuid.UUID) -> SenderIdentity:
    found = SenderIdentity.objects.of(actor.workspace_id).filter(pk=identity_id).first()
    if found is None:
        raise NotFound("no-identity", _("This sender no longer exists."), field="identity")
    return found


def _egresses(actor: Actor) -> QuerySet[Egress]:
    return Egress.objects.of(actor.workspace_id).filter(removed_at=None)


def _egress(actor: Actor, egress_id: uuid.UUID) -> Egress:
    found = _egresses(actor).filter(pk=egress_id).first()
    if found is None:
        raise NotFound("no-egress", _("This way of sending no longer exists."), field="egress")
    return found
