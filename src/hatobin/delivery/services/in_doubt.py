"""Letters in doubt: handed over, never answered. A person decides, per letter sent (promise P3)."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.delivery.models import Delivery, DeliveryState, Dispatch, DispatchState
from hatobin.delivery.queries.shaping import expiry_of
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.services.control import locked
from hatobin.delivery.services.emergency import refuse_while_stopped
from hatobin.delivery.services.lots import queue
from hatobin.delivery.services.turnstile import pass_turnstile


@transaction.atomic
def resend(actor: Actor, dispatch_id: uuid.UUID, only: int | None = None) -> int:
    """Sends every letter in doubt (or one of them) once more, with the same Message-ID and bytes. How many.

    A reader may get it twice. Raises Conflict for a stopped letter, and while an emergency stop stands.
    """
    check_right(actor, Right.SEND)
    pass_turnstile()
    refuse_while_stopped(actor.workspace_id)
    dispatch = locked(actor, dispatch_id)
    if dispatch.state == DispatchState.STOPPED:
        raise Conflict(
            "stopped",
            _("This letter was stopped; nothing more of it is sent."),
            advice=_("Make a copy and send that."),
        )
    now = clock.now()
    found = list(_in_doubt(dispatch, only).select_for_update().order_by("pk"))
    count = (
        _in_doubt(dispatch, only)
        .filter(pk__in=[row.pk for row in found])
        .update(state=DeliveryState.WAITING, reason="", next_attempt_at=now, ended_at=None)
    )
    if count:
        queue(dispatch, found)
        _reopen(dispatch)
    audit.record(
        actor, "dispatch.in-doubt-resent", subject=str(dispatch.pk), count=count, **_named(only)
    )
    return count


@transaction.atomic
def leave(actor: Actor, dispatch_id: uuid.UUID, only: int | None = None) -> int:
    """Leaves them (or one) as they are: somebody may never get it. They stay counted as in doubt. How many."""
    check_right(actor, Right.SEND)
    dispatch = locked(actor, dispatch_id)
    rows = _in_doubt(dispatch, only).exclude(reason=Reason.LEFT)
    count = rows.update(reason=Reason.LEFT)
    audit.record(
        actor, "dispatch.in-doubt-left", subject=str(dispatch.pk), count=count, **_named(only)
    )
    return count


def _in_doubt(dispatch: Dispatch, only: int | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.of(dispatch.workspace_id)
    rows = rows.filter(dispatch=dispatch, state=DeliveryState.IN_DOUBT)
    return rows if only is None else rows.filter(pk=only)


def _named(only: int | None) -> dict[str, object]:
    return {} if only is None else {"delivery": only}


def _reopen(dispatch: Dispatch) -> None:
    """A finished letter sends again, with a new deadline when the old one is near or over."""
    if dispatch.state == DispatchState.DONE:
        dispatch.state = DispatchState.SENDING
        dispatch.stop_code = ""  # an emergency stop that was lifted after its end
    dispatch.finished_at = None
    deadline = clock.now() + (dispatch.give_up_after or expiry_of(dispatch.workspace_id))
    dispatch.expires_at = max(dispatch.expires_at, deadline)
    dispatch.save(update_fields=["state", "stop_code", "finished_at", "expires_at"])
