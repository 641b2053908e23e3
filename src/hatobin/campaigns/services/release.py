"""Release: from a checked draft to letters that leave, once.

Order       The row is locked first, so a double click finds what the first click made. Then the check
            is made again from the database: what refuses stops it, the number that was typed must be
            the number of letters, and the seal must be the one that was looked at (promise P4). Each
            mismatch names what changed. Only then `delivery` writes the ledger, in the same
            transaction, computing the seal once more from the rows it freezes.
Idempotent  The same release sent twice answers with the same dispatch. Sent again after a call-back it
            is refused: calling back gave the draft a new revision.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import rules
from hatobin.campaigns.models import Campaign
from hatobin.campaigns.queries import CampaignView, tries_of
from hatobin.campaigns.rules import CheckSeal
from hatobin.campaigns.services import checks, drafts
from hatobin.campaigns.services.drafts import locked
from hatobin.common.errors import Conflict
from hatobin.delivery.models import Dispatch, EgressKind
from hatobin.delivery.queries.shaping import expiry_of
from hatobin.delivery.services import release as delivery


@transaction.atomic
def release(
    actor: Actor,
    campaign_id: uuid.UUID,
    *,
    typed_number: int,
    seal: str,
    hold: timedelta | None = None,
    give_up_after: str | None = None,
    retry: str | None = None,
) -> Dispatch:
    """Releases a draft. ``seal`` is ``Check.seal``; ``hold`` None takes the installation's default.

    ``give_up_after`` and ``retry`` are saved with it, as ``drafts.save_tries`` takes them; None stays.
    Raises Invalid (times cannot be used; a finding refuses; the number differs), Conflict (something changed since the
    check; already released), NotFound, NotAllowed.
    """
    check_right(actor, Right.SEND)
    checked = CheckSeal.from_text(seal)
    row = locked(actor, campaign_id)
    if row.dispatch is not None:
        return _same_release(row.dispatch, checked)
    ready, check = checks.check_for_release(actor, row)
    rules.check_same(checked, CheckSeal.from_text(check.seal))
    rules.check_number(typed_number, check.sendable)
    if give_up_after is not None and retry is not None:
        drafts.save_tries(
            actor, campaign_id, row.revision, give_up_after=give_up_after, retry=retry
        )
        row.refresh_from_db()
    tries = tries_of(row)
    row.dispatch = delivery.release(
        actor,
        list_id=ready.list_id,
        egress_id=ready.egress_id,
        letter=ready.letter,
        sender=ready.sender,
        base_url=ready.base_url,
        seal=checked.hash,
        hold=_hold(row, hold),
        expires_in=tries.lasting(expiry_of(actor.workspace_id)),
        retry=tries.retry,
    )
    row.save(update_fields=["dispatch", "updated_at"])
    audit.record(
        actor,
        "letter.released",
        subject=str(row.pk),
        dispatch=str(row.dispatch.pk),
        people=check.people,
        sendable=check.sendable,
    )
    return row.dispatch


def hold_of(letter: CampaignView) -> timedelta:
    """For how long a release of this draft could be called back if nobody says otherwise."""
    return rules.hold_time(
        None,
        sandbox=letter.sandbox,
        sandbox_seconds=settings.HATOBIN.hold_seconds_sandbox,
        seconds=settings.HATOBIN.hold_seconds,
    )


def _same_release(dispatch: Dispatch, checked: CheckSeal) -> Dispatch:
    if dispatch.seal == checked.hash:
        return dispatch
    raise Conflict(
        "already-released",
        _("This letter has already been released."),
        advice=_("Look at its result. To send it again, make a copy."),
    )


def _hold(row: Campaign, hold: timedelta | None) -> timedelta:
    return rules.hold_time(
        hold,
        sandbox=row.egress is not None and row.egress.kind == EgressKind.SANDBOX,
        sandbox_seconds=settings.HATOBIN.hold_seconds_sandbox,
        seconds=settings.HATOBIN.hold_seconds,
    )
