"""The sums of promise P2, and how fast it goes. Numbers only: nobody's address is opened here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils.functional import Promise

from hatobin.common import clock
from hatobin.delivery.models import DeliveryState, Dispatch, DispatchState
from hatobin.delivery.queries.troubles import next_try_of, trouble_of
from hatobin.delivery.rules.states import OPEN
from hatobin.delivery.rules.tries import schedule_words
from hatobin.delivery.rules.troubles import trouble_advice, trouble_text, words_label
from hatobin.delivery.statements import statement

_RATE_OVER = timedelta(minutes=1)  # as in sql/sums.sql
_ANSWERED = (DeliveryState.ACCEPTED, DeliveryState.BOUNCED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """Where all letters of a dispatch are. ``waiting`` includes those on their way.

    ``deferred`` is the part of ``waiting`` that was tried before.
    """

    audience: int
    accepted: int
    bounced: int
    expired: int
    suppressed: int
    cancelled: int
    in_doubt: int
    waiting: int
    deferred: int

    @property
    def ended(self) -> int:
        """How many have come to their end."""
        return self.audience - self.waiting

    @property
    def not_received(self) -> int:
        """How many did not get their letter, or may not have got it."""
        return self.ended - self.accepted

    @property
    def adds_up(self) -> bool:
        """Promise P2. False would be a bug of ours, and is shown as one."""
        parts = (self.accepted, self.bounced, self.expired, self.suppressed, self.cancelled)
        return self.audience == sum(parts) + self.in_doubt + self.waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """A dispatch as it goes. ``per_minute``: letters that ended within the last minute.

    ``time_left``: until the letters that nobody put off have been tried once; None when none of these waits
    or nothing can be said. The others have their time: ``next_try_at``. ``trouble``: a sentence about
    a road that some of it waits for, empty when they work; ``trouble_advice``: what to do; ``trouble_words``: the
    server's, or the system's, as ``words_label`` says; ``trouble_way``: that road. ``stop_code``: why it was
    stopped. ``retry``: its own times for what is put off, as typed and in words; empty: as usual for each destination.
    """

    state: str
    state_text: str
    sums: Sums
    per_minute: int
    time_left: timedelta | None
    next_try_at: datetime | None
    hold_until: datetime
    expires_at: datetime
    retry: str
    retry_text: str
    started_at: datetime | None
    finished_at: datetime | None
    trouble: str | Promise
    trouble_advice: str | Promise
    trouble_words: str
    words_label: str | Promise
    trouble_way: uuid.UUID | None
    resume_at: datetime | None
    stop_code: str

    @property
    def only_put_off(self) -> bool:
        """Whether all that waits was put off by its server."""
        return 0 < self.sums.waiting == self.sums.deferred

    @property
    def percent(self) -> int:
        """How much has ended, 0 to 100; 100 only when all has."""
        return self.sums.ended * 100 // self.sums.audience if self.sums.audience else 100


def sums(dispatch_id: uuid.UUID) -> Sums:
    """The sums now. For doors and services that have checked the actor's right to the dispatch."""
    audience = Dispatch.objects.across_workspaces().values_list("audience", flat=True)
    return _sums(audience.get(pk=dispatch_id), _counted(dispatch_id))


def progress(dispatch_id: uuid.UUID) -> Progress:
    """How it goes now. Rights as for ``sums``."""
    dispatch = Dispatch.objects.across_workspaces().get(pk=dispatch_id)
    counted = _counted(dispatch_id)
    now = _sums(dispatch.audience, counted)
    rate = sum(counted[state].lately for state in _ANSWERED if state in counted)
    waiting = counted.get(DeliveryState.WAITING)
    is_open = dispatch.state in {DispatchState.SENDING, DispatchState.PAUSED}
    way = trouble_of(dispatch.workspace_id, dispatch.pk) if is_open else None
    return Progress(
        state=dispatch.state,
        state_text=dispatch.get_state_display(),
        sums=now,
        per_minute=rate,
        time_left=_time_left(dispatch, now, rate),
        next_try_at=waiting.next if waiting else None,
        hold_until=dispatch.hold_until,
        expires_at=dispatch.expires_at,
        retry=dispatch.retry,
        retry_text=schedule_words(dispatch.retry),
        started_at=dispatch.started_at,
        finished_at=dispatch.finished_at,
        trouble=trouble_text(way.trouble_code, way.kind) if way else "",
        trouble_advice=trouble_advice(way.trouble_code, way.kind) if way else "",
        trouble_words=way.trouble_text if way else "",
        words_label=words_label(way.trouble_code) if way else "",
        trouble_way=way.pk if way else None,
        resume_at=next_try_of(way) if way else None,
        stop_code=dispatch.stop_code,
    )


class _Count(NamedTuple):
    """A row of ``sql/sums.sql``."""

    number: int
    tried: int
    lately: int
    next: datetime | None


def _counted(dispatch_id: uuid.UUID) -> dict[str, _Count]:
    with connection.cursor() as cursor:
        cursor.execute(statement("sums"), {"dispatch": dispatch_id})
        return {state: _Count(*values) for state, *values in cursor.fetchall()}


def _sums(audience: int, counted: Mapping[str, _Count]) -> Sums:
    numbers = {
        state: counted[state].number if state in counted else 0 for state in DeliveryState.values
    }
    return Sums(
        audience=audience,
        accepted=numbers[DeliveryState.ACCEPTED],
        bounced=numbers[DeliveryState.BOUNCED],
        expired=numbers[DeliveryState.EXPIRED],
        suppressed=numbers[DeliveryState.SUPPRESSED],
        cancelled=numbers[DeliveryState.CANCELLED],
        in_doubt=numbers[DeliveryState.IN_DOUBT],
        waiting=sum(numbers[state] for state in OPEN),
        deferred=sum(counted[state].tried for state in OPEN if state in counted),
    )


def _time_left(dispatch: Dispatch, now: Sums, rate: int) -> timedelta | None:
    """Letters that wait for a later try are left out: their time is known, not their number."""
    first_try = now.waiting - now.deferred
    if (
        dispatch.state != DispatchState.SENDING
        or not rate
        or not first_try
        or not dispatch.started_at
    ):
        return None
    running = min(max(clock.now() - dispatch.started_at, timedelta(seconds=1)), _RATE_OVER)
    return running * first_try / rate
