"""One person's letter: try now, hold back, let go, give up, send by another way.

Every act takes the brake of its dispatch first (an exclusive lock), so no letter of it is marked meanwhile, and
acts on letters that wait only: one between its mark and its answer is the server's, and its answer decides.
A letter that a sender has in hand cannot be taken out of its hands: what holds it back is its row (STATES.md).
"""

from __future__ import annotations

import uuid
from typing import NamedTuple

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.delivery.models import Delivery, DeliveryState, Dispatch, DispatchState, Egress
from hatobin.delivery.queries.letters import access_letter, place_of
from hatobin.delivery.queries.standing import Standing, rest_of, standing_of
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.services import in_doubt
from hatobin.delivery.services.control import locked
from hatobin.delivery.services.lanes import refuse_while_still, wake_lane, wake_way
from hatobin.delivery.services.lots import HELD_UNTIL, leave_queue, queue
from hatobin.delivery.services.moving import check_way, way_to

_OPEN = {DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED}


class _Waiting(NamedTuple):
    """A letter that waits, and its dispatch, both locked."""

    dispatch: Dispatch
    row: Delivery


@transaction.atomic
def retry(actor: Actor, delivery_id: int) -> Standing | None:
    """It is due now, however long its server asked to wait. A rest of its lane or road stays: what it waits for then.

    Raises NotFound; Conflict when it does not wait, is held back, or a sender has it already; when an emergency
    stop or a pause stands; and when only its lane or road rests, so that nothing would come of it.
    """
    check_right(actor, Right.SEND)
    found = _waiting(actor, delivery_id)
    if found.row.held_at is not None:
        raise Conflict(
            "letter-held",
            _("This letter is held back."),
            advice=_("Let it go first."),
        )
    refuse_while_still(found.dispatch)
    if found.row.next_attempt_at <= clock.now():
        _refuse_while_its_place_rests(found)
    road = _taken_out(found)
    found.row.next_attempt_at = clock.now()
    found.row.save(update_fields=["next_attempt_at"])
    queue(found.dispatch, [found.row], road)
    audit.record(actor, "delivery.retried", subject=_subject(found.row))
    return standing_of(found.row, found.dispatch)


@transaction.atomic
def end_rest(actor: Actor, delivery_id: int) -> None:
    """The rest that it waits for ends: of its destination, or of its whole way of sending, for all letters there.

    Raises NotFound; Conflict when it does not wait for one, or an emergency stop or a pause stands.
    """
    check_right(actor, Right.SEND)
    found = _waiting(actor, delivery_id)
    refuse_while_still(found.dispatch)
    rest = rest_of(place_of(found.row, found.dispatch))
    if rest is None:
        raise Conflict(
            "no-rest",
            _("It does not wait for the end of a rest."),
            advice=_("Load the page again."),
        )
    if rest.site:
        wake_lane(actor, rest.road.pk, rest.site)
    else:
        wake_way(actor, rest.road.pk)


@transaction.atomic
def hold(actor: Actor, delivery_id: int) -> None:
    """Nothing of it leaves until somebody lets it go; its deadline stays. Again does no harm.

    Raises NotFound; Conflict when it has ended or is being handed over.
    """
    check_right(actor, Right.SEND)
    found = _waiting(actor, delivery_id)
    if found.row.held_at is not None:
        return
    road = _road_of(found)
    _take_out(found)
    found.row.held_at = clock.now()
    found.row.claim += 1  # a sender that has it in hand has an old number now, and may not mark it
    found.row.save(update_fields=["held_at", "claim"])
    queue(found.dispatch, [found.row], road, HELD_UNTIL)
    audit.record(actor, "delivery.held", subject=_subject(found.row))


@transaction.atomic
def let_go(actor: Actor, delivery_id: int) -> None:
    """A letter that was held back waits for its turn again. Again does no harm.

    Raises NotFound; Conflict when it has ended.
    """
    check_right(actor, Right.SEND)
    found = _waiting(actor, delivery_id)
    if found.row.held_at is None:
        return
    road = _road_of(found)
    _take_out(found)
    found.row.held_at = None
    found.row.save(update_fields=["held_at"])
    queue(found.dispatch, [found.row], road, max(found.row.next_attempt_at, clock.now()))
    audit.record(actor, "delivery.let-go", subject=_subject(found.row))


@transaction.atomic
def give_up(actor: Actor, delivery_id: int) -> str:
    """It never leaves: expired when it was tried before, else cancelled. The state it has now.

    Raises NotFound; Conflict when it has ended or is being handed over.
    """
    check_right(actor, Right.STOP)
    found = _waiting(actor, delivery_id)
    _take_out(found)
    row = found.row
    row.state = DeliveryState.EXPIRED if row.attempts else DeliveryState.CANCELLED
    row.reason, row.ended_at, row.held_at = Reason.PERSON, clock.now(), None
    row.save(update_fields=["state", "reason", "ended_at", "held_at"])
    audit.record(actor, "delivery.given-up", subject=_subject(row), state=row.state)
    return row.state


@transaction.atomic
def move(actor: Actor, delivery_id: int, egress_id: uuid.UUID) -> None:
    """It waits for another way of sending; one that is held back stays held back.

    Raises NotFound, Invalid (from or to the sandbox); Conflict when it does not wait or a sender has it.
    """
    check_right(actor, Right.SEND)
    found = _waiting(actor, delivery_id)
    to = way_to(actor, egress_id)
    check_way(_road_of(found), to)
    _taken_out(found)
    row = found.row
    due = HELD_UNTIL if row.held_at else max(row.next_attempt_at, clock.now())
    queue(found.dispatch, [row], to, due)
    audit.record(actor, "delivery.moved", subject=_subject(row), egress=str(to.pk))


def resend(actor: Actor, delivery_id: int) -> None:
    """One letter in doubt is sent once more: its reader may get it twice. Raises NotFound, Conflict."""
    check_right(actor, Right.SEND)
    row = access_letter(actor, delivery_id)
    _need_one(in_doubt.resend(actor, row.dispatch_id, only=row.pk))


def leave(actor: Actor, delivery_id: int) -> None:
    """One letter in doubt stays as it is: its reader may never get it. Raises NotFound, Conflict."""
    check_right(actor, Right.SEND)
    row = access_letter(actor, delivery_id)
    _need_one(in_doubt.leave(actor, row.dispatch_id, only=row.pk))


def _waiting(actor: Actor, delivery_id: int) -> _Waiting:
    dispatch = locked(actor, access_letter(actor, delivery_id).dispatch_id)
    rows = Delivery.objects.of(actor.workspace_id).select_for_update()
    row = rows.get(pk=delivery_id)
    if row.state == DeliveryState.DOT_SENT:
        raise Conflict(
            "being-handed-over",
            _("This letter is being handed over at this moment."),
            advice=_("Wait for the server's answer: it decides."),
        )
    if row.state != DeliveryState.WAITING or dispatch.state not in _OPEN:
        raise Conflict(
            "letter-ended",
            _("This letter does not wait any more. State: %(state)s"),
            advice=_("Load the page again."),
            params={"state": row.get_state_display()},
        )
    return _Waiting(dispatch, row)


def _road_of(found: _Waiting) -> Egress:
    return place_of(found.row, found.dispatch).road


def _take_out(found: _Waiting) -> uuid.UUID | None:
    return leave_queue(found.dispatch.pk, found.row.pk)


def _taken_out(found: _Waiting) -> Egress:
    """The same for acts that make no sense for a letter in a sender's hand: those are a Conflict."""
    road = _take_out(found)
    if road is None:
        raise Conflict(
            "in-hand",
            _("A sender has this letter in hand already; its turn comes by itself."),
            advice=_("If nothing happens, look at it again in a minute."),
        )
    return Egress.objects.of(found.dispatch.workspace_id).get(pk=road)


def _refuse_while_its_place_rests(found: _Waiting) -> None:
    rest = rest_of(place_of(found.row, found.dispatch))
    if rest is None or rest.until is None or rest.until <= clock.now():
        return
    said = (
        _("Sending to this destination rests until %(time)s.")
        if rest.site
        else _("Its way of sending rests until %(time)s.")
    )
    raise Conflict(
        "place-rests",
        said,
        advice=_("To try it before that, end the rest: that is for all letters that wait there."),
        params={"time": date_format(localtime(rest.until), "H:i")},
    )


def _need_one(count: int) -> None:
    if not count:
        raise Conflict(
            "not-in-doubt",
            _("This letter is not in doubt, or somebody has decided about it already."),
            advice=_("Load the page again."),
        )


def _subject(row: Delivery) -> str:
    return f"delivery:{row.pk}"
