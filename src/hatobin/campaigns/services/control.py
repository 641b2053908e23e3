"""The hand on the brake: call back, pause, resume, stop, and what to do with letters in doubt."""

from __future__ import annotations

import uuid

from django.db import transaction

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.services.drafts import locked
from hatobin.delivery.services import control as delivery
from hatobin.delivery.services import in_doubt, lanes, moving
from hatobin.delivery.services.moving import Move


@transaction.atomic
def call_back(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """While on hold: nothing leaves, and the letter is a draft again.

    The dispatch stays as a record; the draft's new revision makes seals of older checks useless.
    """
    check_right(actor, Right.STOP)
    row = locked(actor, campaign_id)
    dispatch_id = queries.dispatch_id_of(actor, campaign_id)
    delivery.call_back(actor, dispatch_id)
    row.dispatch = None
    row.revision += 1
    row.saved_by = actor.label
    row.save()
    audit.record(actor, "letter.called-back", subject=str(campaign_id), dispatch=str(dispatch_id))
    return queries.campaign(actor, campaign_id)


def pause(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """The rest waits; resume goes on where it was."""
    check_right(actor, Right.SEND)
    delivery.pause(actor, queries.dispatch_id_of(actor, campaign_id))
    return queries.campaign(actor, campaign_id)


def resume(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """Goes on after a pause."""
    check_right(actor, Right.SEND)
    delivery.resume(actor, queries.dispatch_id_of(actor, campaign_id))
    return queries.campaign(actor, campaign_id)


def stop(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """The rest is cancelled for good (promise P5)."""
    check_right(actor, Right.STOP)
    delivery.stop(actor, queries.dispatch_id_of(actor, campaign_id))
    return queries.campaign(actor, campaign_id)


def resend_in_doubt(actor: Actor, campaign_id: uuid.UUID) -> int:
    """Sends every letter in doubt once more: its reader may get it twice. How many."""
    check_right(actor, Right.SEND)
    return in_doubt.resend(actor, queries.dispatch_id_of(actor, campaign_id))


def retry_put_off(actor: Actor, campaign_id: uuid.UUID) -> int:
    """Tries every letter now that a server put off. How many."""
    check_right(actor, Right.SEND)
    return lanes.retry_put_off(actor, queries.dispatch_id_of(actor, campaign_id))


def plan_move(actor: Actor, campaign_id: uuid.UUID, egress_id: uuid.UUID) -> Move:
    """What would go by another way of sending, and from where. Changes nothing."""
    check_right(actor, Right.SEND)
    return moving.plan_for_letter(actor, queries.dispatch_id_of(actor, campaign_id), egress_id)


def ways_now(actor: Actor, campaign_id: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """The ways of sending that what waits of this letter waits for."""
    check_right(actor, Right.SEND)
    return moving.ways_now(actor, queries.dispatch_id_of(actor, campaign_id))


def move(actor: Actor, campaign_id: uuid.UUID, egress_id: uuid.UUID) -> Move:
    """What waits of this letter goes by another way of sending, because a person says so."""
    check_right(actor, Right.SEND)
    return moving.move_letter(actor, queries.dispatch_id_of(actor, campaign_id), egress_id)


def leave_in_doubt(actor: Actor, campaign_id: uuid.UUID) -> int:
    """Leaves every letter in doubt as it is: its reader may never get it. How many."""
    check_right(actor, Right.SEND)
    return in_doubt.leave(actor, queries.dispatch_id_of(actor, campaign_id))
