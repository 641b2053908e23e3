"""Why has this person not got it? The story of one letter in the order of time, and why it waits now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise

from hatobin.accounts.models import AuditEntry
from hatobin.accounts.queries import names_of_actors
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.delivery.models import (
    Attempt,
    Delivery,
    DeliveryState,
    Dispatch,
    DispatchState,
    Egress,
    EgressKind,
    Route,
)
from hatobin.delivery.queries.letters import access_letter, person_of
from hatobin.delivery.queries.standing import Standing, standing_of
from hatobin.delivery.rules.decide import fill_words
from hatobin.delivery.rules.history_words import EVENTS, event_text
from hatobin.delivery.rules.reasons import Reason, reason_text
from hatobin.delivery.rules.tries import schedule_words
from hatobin.delivery.rules.troubles import is_technical, trouble_text

_ACTS = tuple(kind for kind in EVENTS if "." in kind)
_RESTS = {"way-in-trouble", "lane-rests"}
_ABOUT_DOUBT = {"dispatch.in-doubt-resent", "dispatch.in-doubt-left"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened. ``detail``: the reason in a sentence; ``answer``: the server's own words, with the
    address filled in, or the system's where no server spoke (``technical``); ``by``: who, for what a person did.
    Server, address, source and TLS of a try."""

    at: datetime
    kind: str
    text: str | Promise
    detail: str = ""
    number: int = 0
    way: str = ""
    server: str = ""
    address: str = ""
    source: str = ""
    tls: str = ""
    answer: str = ""
    next_at: datetime | None = None
    by: str = ""
    technical: bool = False

    @property
    def look(self) -> str:
        """The kind in a word without dots: acts of people look alike."""
        return "person" if "." in self.kind else self.kind


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """``standing``: why it waits; None once it has ended. ``acts``: what a person can do with it now.

    ``retry``: the letter's own times for what is put off, as typed and in words; empty: as usual.
    """

    delivery_id: int
    dispatch_id: uuid.UUID
    contact_id: int
    recipient: str
    fields: Mapping[str, str]
    state: str
    state_text: str
    reason: str
    reason_text: str
    attempts: int
    held_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime
    retry: str
    retry_text: str
    egress_id: uuid.UUID
    egress_name: str
    standing: Standing | None
    events: tuple[Event, ...]
    acts: tuple[str, ...]


def history(actor: Actor, delivery_id: int) -> History:
    """Everything about one letter to one person; raises NotFound."""
    check_right(actor, Right.VIEW_PEOPLE)
    row = access_letter(actor, delivery_id)
    dispatch = (
        Dispatch.objects.of(actor.workspace_id).select_related("egress").get(pk=row.dispatch_id)
    )
    person = person_of(row, vault_of(actor.workspace_id))
    standing = standing_of(row, dispatch)
    road = standing.road if standing else _taken_by(row, dispatch)
    return History(
        delivery_id=row.pk,
        dispatch_id=dispatch.pk,
        contact_id=row.contact_id,
        recipient=person.address,
        fields=person.fields,
        state=row.state,
        state_text=row.get_state_display(),
        reason=row.reason,
        reason_text=reason_text(row.reason),
        attempts=row.attempts,
        held_at=row.held_at,
        ended_at=row.ended_at,
        expires_at=dispatch.expires_at,
        retry=dispatch.retry,
        retry_text=schedule_words(dispatch.retry),
        egress_id=road.pk,
        egress_name=road.label,
        standing=standing,
        events=tuple(sorted(_events(row, dispatch, person.address), key=lambda each: each.at)),
        acts=tuple(_acts(row, dispatch, standing)),
    )


def _taken_by(row: Delivery, dispatch: Dispatch) -> Egress:
    """The way by which it ended: letters may be moved to another one than the dispatch was released for."""
    route = _ways([row.route]).get(row.route or 0)
    return route.egress if route else dispatch.egress


def _events(row: Delivery, dispatch: Dispatch, recipient: str) -> Iterator[Event]:
    yield Event(at=dispatch.created_at, kind="released", text=event_text("released"))
    if dispatch.started_at:
        yield Event(at=dispatch.started_at, kind="began", text=event_text("began"))
    tries = list(Attempt.objects.of(row.workspace_id).filter(delivery=row).order_by("pk"))
    ways = _ways([*(each.route for each in tries), row.route])
    for each in tries:
        yield _try(each, ways, recipient)
    yield from _of_people(row, dispatch, tries)
    # What ended a letter in doubt is its last try, which stands there already.
    if row.ended_at and row.state != DeliveryState.IN_DOUBT:
        yield _end(row, ways, recipient)


def _try(each: Attempt, ways: Mapping[int, Route], recipient: str) -> Event:
    if each.state == DeliveryState.IN_DOUBT:
        kind, detail = "no-answer", reason_text(each.reason)
    elif each.reason in ("", Reason.DEFERRED):
        kind, detail = "put-off", ""
    else:  # a trouble's code; some are spelt like a reason ("refused"), and mean no reply here
        kind, detail = "trouble", str(trouble_text(each.reason))
    return Event(
        at=each.at,
        kind=kind,
        text=event_text(kind),
        detail=detail,
        number=each.number if kind != "trouble" else 0,
        answer=_answer(each.code, each.status, each.words, recipient),
        technical=kind == "trouble" and not each.code and is_technical(each.reason),
        next_at=_next_of(each) if kind != "no-answer" else None,
        **_way(ways.get(each.route or 0)),
    )


def _next_of(each: Attempt) -> datetime | None:
    """None where it was due again at once: what it waits for then is its road or lane, not a time of its own."""
    return each.next_at if each.next_at and each.next_at > each.at else None


def _end(row: Delivery, ways: Mapping[int, Route], recipient: str) -> Event:
    told = row.state in {DeliveryState.ACCEPTED, DeliveryState.BOUNCED}
    return Event(
        at=row.ended_at or row.next_attempt_at,
        kind="ended",
        text=row.get_state_display(),
        detail=reason_text(row.reason),
        number=row.attempts if told else 0,
        answer=_answer(row.reply_code, row.reply_status, row.reply_text, recipient) if told else "",
        **(_way(ways.get(row.route or 0)) if told else {}),
    )


def _of_people(row: Delivery, dispatch: Dispatch, tries: Iterable[Attempt]) -> Iterator[Event]:
    """What staff did with this letter, or with the whole of which it is a part."""
    entries = AuditEntry.objects.of(row.workspace_id).filter(
        Q(subject=f"delivery:{row.pk}") | Q(subject=str(dispatch.pk)),
        at__gte=dispatch.created_at,
        action__in=_ACTS,
    )
    entries = entries.order_by("pk")
    doubtful = [each.at for each in tries if each.state == DeliveryState.IN_DOUBT]
    names = names_of_actors(row.workspace_id, {each.actor for each in entries})
    for each in entries:
        about = each.detail.get("delivery", row.pk)
        if each.action in _ABOUT_DOUBT and (
            about != row.pk or not any(at <= each.at for at in doubtful)
        ):
            continue
        if row.ended_at and each.action.startswith("dispatch.") and each.at > row.ended_at:
            continue
        yield Event(
            at=each.at, kind=each.action, text=event_text(each.action), by=names[each.actor]
        )


def _ways(numbers: Iterable[int | None]) -> dict[int, Route]:
    wanted = {number for number in numbers if number is not None}
    return Route.objects.select_related("egress").in_bulk(wanted)


def _way(route: Route | None) -> dict[str, Any]:
    if route is None:
        return {}
    return {
        "way": route.egress.label,
        "server": route.host,
        "address": route.address,
        "source": "" if route.source == "any" else route.source,
        "tls": route.tls,
    }


def _answer(code: int | None, status: str, words: str, recipient: str) -> str:
    said = fill_words(words, recipient)
    return " ".join(filter(None, (str(code or ""), status, said)))


def _acts(row: Delivery, dispatch: Dispatch, standing: Standing | None) -> Iterator[str]:
    if row.state == DeliveryState.IN_DOUBT:
        if row.reason != Reason.LEFT:
            yield "leave"
        if dispatch.state != DispatchState.STOPPED:
            yield "resend"
    if row.state != DeliveryState.WAITING or standing is None:
        return
    if dispatch.state == DispatchState.STOPPED:
        return
    if row.held_at is not None:
        yield "let-go"
    else:
        if dispatch.state == DispatchState.SENDING:
            if standing.code in _RESTS:
                yield "end-rest"
            elif not standing.in_hand:
                yield "retry"
        yield "hold"
    if not standing.in_hand and _other_ways(row.workspace_id, standing.road):
        yield "move"
    yield "give-up"


def _other_ways(workspace_id: uuid.UUID, road: Egress) -> bool:
    """Whether there is another way that real letters may go by."""
    if road.kind == EgressKind.SANDBOX:
        return False
    others = Egress.objects.of(workspace_id).filter(removed_at=None).exclude(pk=road.pk)
    return others.exclude(kind=EgressKind.SANDBOX).exists()
