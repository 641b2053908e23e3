"""Why a letter waits at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils.functional import Promise

from hatobin.common import clock
from hatobin.delivery.models import (
    Delivery,
    DeliveryState,
    Dispatch,
    DispatchState,
    Egress,
    LaneShare,
)
from hatobin.delivery.queries.lanes import a_sender_lives
from hatobin.delivery.queries.letters import Place, place_of
from hatobin.delivery.queries.shaping import rules_of
from hatobin.delivery.queries.troubles import next_try_of
from hatobin.delivery.rules.history_words import standing_text
from hatobin.delivery.rules.lane_words import mood_text
from hatobin.delivery.rules.shaping_words import WHY_CODES, why_text
from hatobin.delivery.rules.stops import EMERGENCY, stop_text
from hatobin.delivery.rules.troubles import trouble_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """``detail``: more about it, may be empty; ``until``: when that ends, where it is known.

    ``road``: the way of sending that it waits for; ``site``: its lane there, where that rests;
    ``in_hand``: a sender holds its lot.
    """

    code: str
    text: str | Promise
    detail: str
    until: datetime | None
    site: str
    road: Egress
    in_hand: bool


class Rest(NamedTuple):
    """A way of sending, or a destination there (``site``), takes nothing for a while, and why."""

    road: Egress
    site: str
    why: str
    until: datetime | None


class _Reason(NamedTuple):
    code: str
    detail: str = ""
    until: datetime | None = None
    site: str = ""


def standing_of(row: Delivery, dispatch: Dispatch) -> Standing | None:
    """What it waits for; None when it has ended."""
    if row.state not in {DeliveryState.WAITING, DeliveryState.DOT_SENT}:
        return None
    place = place_of(row, dispatch)
    found = _by_person(row, dispatch) or _by_engine(row, place)
    return Standing(
        code=found.code,
        text=standing_text(found.code),
        detail=found.detail,
        until=found.until,
        site=found.site,
        road=place.road,
        in_hand=place.in_hand or row.state == DeliveryState.DOT_SENT,
    )


def _by_person(row: Delivery, dispatch: Dispatch) -> _Reason | None:
    if row.state == DeliveryState.DOT_SENT:
        return _Reason("handing-over")
    if row.held_at is not None:
        return _Reason("held", until=dispatch.expires_at)
    if dispatch.stop_code == EMERGENCY:
        return _Reason("emergency-stop")
    why = stop_text(dispatch.state, dispatch.stop_code) if dispatch.stop_code else ""
    if dispatch.state == DispatchState.HELD:
        return _Reason("dispatch-held", why, dispatch.hold_until)
    if dispatch.state != DispatchState.SENDING:
        return _Reason("dispatch-paused", why)
    return None


def rest_of(place: Place) -> Rest | None:
    """The rest of its way, else of its destination there, that a letter in this place waits for."""
    road = place.road
    if road.trouble_code:
        return Rest(road, "", str(trouble_text(road.trouble_code, road.kind)), next_try_of(road))
    now = clock.now()
    lanes = LaneShare.objects.filter(
        Q(site=place.site) | Q(domains__contains=[place.site]), egress=road, next_at__gt=now
    )
    lane = lanes.filter(until__gt=now).order_by("-next_at").first()
    if lane is None:
        return None
    if lane.why_code in WHY_CODES:
        why = why_text(lane.why_code, lane.why_params, rules_of(road.workspace_id))
    else:
        why = str(mood_text("resting"))
    return Rest(road, lane.site, why, lane.next_at)


def _by_engine(row: Delivery, place: Place) -> _Reason:
    now = clock.now()
    if not a_sender_lives():
        return _Reason("no-sender")
    if row.attempts and row.next_attempt_at > now:
        return _Reason("put-off", until=row.next_attempt_at)
    rest = rest_of(place)
    if rest is not None and not rest.site:
        return _Reason("way-in-trouble", rest.why, rest.until)
    if place.in_hand:
        return _Reason("in-hand")
    if rest is not None:
        return _Reason("lane-rests", rest.why, rest.until, rest.site)
    if row.next_attempt_at > now:  # the road broke in the middle of it
        return _Reason("put-off", until=row.next_attempt_at)
    return _Reason("in-turn")
