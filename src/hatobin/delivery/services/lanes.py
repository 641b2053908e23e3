"""Rests end because a person says so: of a lane, of a way of sending, of all put-off letters of a dispatch.

While an emergency stop stands, or the dispatch is paused, nothing can be tried: that is said, and nothing changes.
"""

from __future__ import annotations

import uuid

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.delivery.models import Dispatch, DispatchState, Egress, LaneShare
from hatobin.delivery.services.control import locked
from hatobin.delivery.services.egress_rows import access_row
from hatobin.delivery.services.emergency import refuse_while_stopped
from hatobin.delivery.services.waking import end_rest_of_lots, wake_everything_of
from hatobin.delivery.statements import statement


@transaction.atomic
def wake_lane(actor: Actor, egress_id: uuid.UUID, site: str) -> int:
    """A lane goes on although its server asked for a rest; senders hear of it within seconds.

    How many lots are due by that. Letters that were put off one by one keep their own times. Raises NotFound,
    Conflict (an emergency stop stands).
    """
    check_right(actor, Right.SEND)
    road = access_row(actor, egress_id)
    refuse_while_stopped(actor.workspace_id)
    shares = LaneShare.objects.filter(egress=road, site=site)
    domains = {each for told in shares.values_list("domains", flat=True) for each in told}
    shares.update(wake_asked_at=clock.now())
    count = end_rest_of_lots(road, sorted(domains | {site}))
    audit.record(actor, "lane.woken", subject=str(road.pk), site=site)
    return count


@transaction.atomic
def wake_way(actor: Actor, egress_id: uuid.UUID) -> int:
    """A way of sending in trouble is tried at once, all its lanes too: one letter goes ahead.

    How many lots are due by that. Raises NotFound, Conflict (an emergency stop stands).
    """
    check_right(actor, Right.SEND)
    road = access_row(actor, egress_id)
    refuse_while_stopped(actor.workspace_id)
    if road.resume_at is not None:
        Egress.objects.of(actor.workspace_id).filter(pk=road.pk).update(resume_at=clock.now())
    count = wake_everything_of(road)
    audit.record(actor, "egress.woken", subject=str(road.pk))
    return count


def retry_put_off(actor: Actor, dispatch_id: uuid.UUID) -> int:
    """Every letter of a dispatch that a server put off is tried now. How many. Raises NotFound, Conflict."""
    check_right(actor, Right.SEND)
    with transaction.atomic():
        dispatch = locked(actor, dispatch_id)
    if dispatch.state not in {DispatchState.SENDING, DispatchState.PAUSED}:
        raise Conflict("nothing-waits", _("Nothing of this letter waits any more."))
    refuse_while_still(dispatch)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement("hurry"), {"dispatch": dispatch_id})
            count = int(cursor.fetchone()[0])
        audit.record(actor, "dispatch.retried", subject=str(dispatch_id), count=count)
    return count


def refuse_while_still(dispatch: Dispatch) -> None:
    """Raises Conflict that says why nothing of it leaves: an emergency stop, a pause, the hold."""
    refuse_while_stopped(dispatch.workspace_id)
    if dispatch.state == DispatchState.PAUSED:
        raise Conflict(
            "letter-paused",
            _("The whole letter is paused, so nothing of it is tried."),
            advice=_("Resume it on its page first."),
        )
    if dispatch.state == DispatchState.HELD:
        raise Conflict(
            "letter-on-hold",
            _("The whole letter is on hold and has not begun, so nothing of it is tried."),
            advice=_("It begins by itself when the hold is over."),
        )
