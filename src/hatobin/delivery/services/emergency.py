"""NAME
    emergency stop - nothing more begins its final transmission, in a workspace or everywhere

JOB
    stop   In one short transaction behind the closed turnstile: the stop is written, every dispatch that is being
           sent is paused, every one on hold is kept from beginning, and the letters between mark and record are
           noted. When it has committed no mark succeeds on any node, so no final dot follows but of those.
    lift   Puts back what stops took hold of, and only that, unless another stop stands. The time that it stood
           still is added to holds and deadlines; what was on hold is called back as long as before.

RACES
    A release, a resume and a resend pass the turnstile and then ask: they are before the stop, and it finds them,
    or behind it, and they are refused. A begin is the same. Whoever hangs in the turnstile, or holds the row of a
    dispatch, is not waited for: the stop commits for all others first, then takes the rest one by one; senders
    look for what slipped by, every 0.4 seconds (sql/begin.sql).

DIAGNOSTICS
    The audit log, of every workspace when the stop is everybody's.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_everywhere, check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid
from hatobin.delivery.models import Dispatch, DispatchState, EmergencyStop
from hatobin.delivery.queries.emergency import standing
from hatobin.delivery.rules.stops import EMERGENCY
from hatobin.delivery.services.turnstile import close_turnstile, try_to_close
from hatobin.delivery.statements import statement

REASON_MAX = 300


def stop(actor: Actor, *, reason: str = "", everywhere: bool = False) -> EmergencyStop:
    """Stops the actor's workspace, or the whole installation. Again does no harm: the standing one is answered.

    Raises NotAllowed, Invalid (a reason of more than 300 characters).
    """
    _check(actor, Right.STOP, everywhere)
    workspace_id = None if everywhere else actor.workspace_id
    reason = _one_line(reason)
    try:
        row, new = _stand(actor, workspace_id, reason)
    except IntegrityError:  # somebody else was faster by a blink: that stop stands
        row, new = _stand(actor, workspace_id, reason)
    _catch_the_rest(workspace_id)
    if new:
        with transaction.atomic():
            detail: dict[str, Any] = {"subject": str(row.pk), "in_flight": row.in_flight}
            if everywhere:
                audit.record_everywhere(actor, "emergency.stopped", **detail)
            else:
                audit.record(actor, "emergency.stopped", **detail)
    return row


@transaction.atomic
def lift(actor: Actor, *, everywhere: bool = False) -> tuple[EmergencyStop, int]:
    """Lifts the stop of the workspace, or of the installation; how many dispatches go on.

    Raises Conflict when none stands, NotAllowed.
    """
    _check(actor, Right.SEND, everywhere)
    close_turnstile()
    workspace_id = None if everywhere else actor.workspace_id
    row = _standing_row(workspace_id)
    if row is None:
        raise Conflict(
            "no-stop",
            _("No emergency stop stands here."),
            advice=_("If one of the whole installation stands, lift that one."),
        )
    row.lifted_by, row.lifted_at = actor.label, clock.now()
    row.save(update_fields=["lifted_by", "lifted_at"])
    gone_on = len(_rows("go_on", workspace=workspace_id))
    detail: dict[str, Any] = {"subject": str(row.pk), "letters": gone_on}
    if everywhere:
        audit.record_everywhere(actor, "emergency.lifted", **detail)
    else:
        audit.record(actor, "emergency.lifted", **detail)
    return row, gone_on


def refuse_while_stopped(workspace_id: uuid.UUID) -> None:
    """Raises Conflict that says who stopped, when and why, while a stop stands over this workspace."""
    stands = standing(workspace_id)
    if not stands:
        return
    first = stands[0]
    raise Conflict(
        "emergency-stop",
        _("An emergency stop stands since %(at)s, by %(by)s (%(reason)s). Nothing is sent."),
        advice=_("Find out why, then lift the stop on the page “Emergency stop”."),
        params={
            "at": date_format(localtime(first.at), "Y-m-d H:i"),
            "by": first.by,
            "reason": first.reason or _now("no reason given"),
        },
    )


def _check(actor: Actor, right: Right, everywhere: bool) -> None:
    if everywhere:
        check_everywhere(actor, right)
    else:
        check_right(actor, right)


def _one_line(reason: str) -> str:
    line = " ".join(reason.split())
    if len(line) > REASON_MAX:
        raise Invalid(
            "too-long",
            _("This is longer than %(limit)s characters."),
            advice=_("Shorten it."),
            field="reason",
            params={"limit": str(REASON_MAX)},
        )
    return line


@transaction.atomic
def _stand(actor: Actor, workspace_id: uuid.UUID | None, reason: str) -> tuple[EmergencyStop, bool]:
    try_to_close()
    row = _standing_row(workspace_id)
    new = row is None
    if row is None:
        row = EmergencyStop.objects.create(
            workspace_id=workspace_id, stopped_by=actor.label, reason=reason, at=clock.now()
        )
    found = _open(workspace_id).select_for_update(skip_locked=True).order_by("pk")
    states = _take_hold([each.pk for each in found.only("pk")])
    if new:
        letters = [each[0] for each in _rows("in_flight", workspace=workspace_id)]
        row.sending = states.count(DispatchState.PAUSED)
        row.held = states.count(DispatchState.HELD)
        row.in_flight, row.letters = len(letters), letters[: EmergencyStop.LETTERS_KEPT]
        row.save(update_fields=["sending", "held", "in_flight", "letters"])
    return row, new


def _catch_the_rest(workspace_id: uuid.UUID | None) -> None:
    """Dispatches whose row somebody else held: waited for, one after the other. The stop stands already."""
    for dispatch_id in list(_open(workspace_id).values_list("pk", flat=True)):
        with transaction.atomic():
            if _open(workspace_id).select_for_update().filter(pk=dispatch_id).exists():
                _take_hold([dispatch_id])


def _open(workspace_id: uuid.UUID | None) -> QuerySet[Dispatch]:
    rows = Dispatch.objects.across_workspaces().filter(
        state__in=(DispatchState.SENDING, DispatchState.HELD)
    )
    rows = rows.exclude(state=DispatchState.HELD, stop_code=EMERGENCY)
    return rows if workspace_id is None else rows.filter(workspace_id=workspace_id)


def _take_hold(dispatches: list[uuid.UUID]) -> list[str]:
    return [each[0] for each in _rows("stand_still", dispatches=dispatches)]


def _standing_row(workspace_id: uuid.UUID | None) -> EmergencyStop | None:
    rows = EmergencyStop.objects.across_workspaces().select_for_update()
    return rows.filter(Q(workspace=workspace_id), lifted_at=None).first()


def _rows(name: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
