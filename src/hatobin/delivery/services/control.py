"""The hand on the brake: call back, pause, resume, stop; and the engine's own halt.

Stop means stop (promise P5): once one of these has committed, no mark succeeds any more, and without a
mark no final dot goes out. The state is committed first and alone, so that it holds at once however
many letters wait; their rows follow, here or (should this process die in between) by any sender.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict, NotFound
from hatobin.delivery.models import Delivery, DeliveryState, Dispatch, DispatchState, Lot
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.rules.stops import EMERGENCY
from hatobin.delivery.services.emergency import refuse_while_stopped
from hatobin.delivery.services.turnstile import close_turnstile, pass_turnstile

_PAUSES = frozenset({"cannot-open"})  # troubles of the installation, not of the letter


@transaction.atomic
def call_back(actor: Actor, dispatch_id: uuid.UUID) -> Dispatch:
    """While on hold: nothing leaves, ever. Raises Conflict when sending has begun."""
    check_right(actor, Right.STOP)
    dispatch = locked(actor, dispatch_id)
    if dispatch.state != DispatchState.HELD:
        raise Conflict(
            "hold-over",
            _("Sending has begun; it can no longer be called back."),
            advice=_("Stop it: letters that have not left yet will not leave."),
        )
    _set(dispatch, DispatchState.STOPPED, stop_code="called-back")
    _cancel(dispatch, Reason.CALLED_BACK)
    audit.record(actor, "dispatch.called-back", subject=str(dispatch.pk))
    return dispatch


@transaction.atomic
def pause(actor: Actor, dispatch_id: uuid.UUID) -> Dispatch:
    """The rest waits; a letter whose final transmission began is finished. Again does no harm.

    One that an emergency stop paused stays paused when that is lifted.
    """
    check_right(actor, Right.SEND)
    close_turnstile()
    dispatch = locked(actor, dispatch_id)
    if dispatch.state != DispatchState.PAUSED or dispatch.stop_code == EMERGENCY:
        _need(dispatch, {DispatchState.SENDING, DispatchState.PAUSED})
        _set(dispatch, DispatchState.PAUSED, stop_code="", stop_detail={})
        audit.record(actor, "dispatch.paused", subject=str(dispatch.pk))
    return dispatch


@transaction.atomic
def resume(actor: Actor, dispatch_id: uuid.UUID) -> Dispatch:
    """Goes on after a pause. Again does no harm. Raises Conflict while an emergency stop stands."""
    check_right(actor, Right.SEND)
    pass_turnstile()
    dispatch = locked(actor, dispatch_id)
    if dispatch.state != DispatchState.SENDING:
        _need(dispatch, {DispatchState.PAUSED})
        refuse_while_stopped(actor.workspace_id)
        _set(dispatch, DispatchState.SENDING, stop_code="")
        audit.record(actor, "dispatch.resumed", subject=str(dispatch.pk))
    return dispatch


def stop(actor: Actor, dispatch_id: uuid.UUID) -> Dispatch:
    """The rest never leaves. Again does no harm; raises Conflict when everything has ended."""
    check_right(actor, Right.STOP)
    with transaction.atomic():
        close_turnstile()
        dispatch = locked(actor, dispatch_id)
        if dispatch.state == DispatchState.STOPPED:
            return dispatch
        _need(dispatch, {DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED})
        _set(dispatch, DispatchState.STOPPED, stop_code="person")
        audit.record(actor, "dispatch.stopped", subject=str(dispatch.pk))
    _cancel(dispatch, Reason.STOPPED)
    return dispatch


def halt(dispatch_id: uuid.UUID, code: str, detail: Mapping[str, str]) -> None:
    """The engine's brake. ``detail`` names rule and place, and the ledger row, never an address.

    A trouble of the installation (a key that does not open) only pauses.
    """
    target = DispatchState.PAUSED if code in _PAUSES else DispatchState.STOPPED
    with transaction.atomic():
        close_turnstile()
        dispatch = Dispatch.objects.across_workspaces().select_for_update().get(pk=dispatch_id)
        if dispatch.state != DispatchState.SENDING:
            return
        _set(dispatch, target, stop_code=code, stop_detail=dict(detail))
        actor = Actor(workspace_id=dispatch.workspace_id, rights=frozenset(), label="engine")
        audit.record(actor, "dispatch.halted", subject=str(dispatch.pk), code=code, **detail)
        if "delivery" in detail:
            _cancel(dispatch, Reason.LAST_BYTE, only=int(detail["delivery"]))
    if target == DispatchState.STOPPED:
        _cancel(dispatch, Reason.STOPPED)


def locked(actor: Actor, dispatch_id: uuid.UUID) -> Dispatch:
    """The row in the actor's workspace, locked until the end of the transaction; raises NotFound."""
    rows = Dispatch.objects.of(actor.workspace_id).select_for_update()
    dispatch = rows.filter(pk=dispatch_id).first()
    if dispatch is None:
        raise NotFound("no-dispatch", _("This letter no longer exists."))
    return dispatch


def _need(dispatch: Dispatch, states: Collection[str]) -> None:
    if dispatch.state not in states:
        raise Conflict(
            "wrong-state",
            _("This is not possible now. State of the letter: %(state)s"),
            advice=_("Load the page again and look at the letter's state."),
            params={"state": dispatch.get_state_display()},
        )


def _set(dispatch: Dispatch, state: DispatchState, **values: object) -> None:
    dispatch.state = state
    for name, value in values.items():
        setattr(dispatch, name, value)
    dispatch.save(update_fields=["state", *values])


def _cancel(dispatch: Dispatch, reason: Reason, only: int | None = None) -> None:
    """Ends what has not begun its final transmission. A sender's mark for such a row fails."""
    now = clock.now()
    rows = Delivery.objects.of(dispatch.workspace_id).filter(
        dispatch=dispatch, state=DeliveryState.WAITING
    )
    if only is not None:
        rows = rows.filter(pk=only)
    else:
        Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch, node=None).delete()
    rows.update(state=DeliveryState.CANCELLED, reason=reason, ended_at=now)
