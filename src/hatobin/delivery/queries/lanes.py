"""Lanes as screens show them: what waits where, how fast it goes, why it is slow, when it goes on.

Numbers only, and never a scan of letters: senders tell of their lanes every few seconds (``LaneShare``), and
what they do not have in hand stands in lots.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.queries.emergency import standing
from hatobin.delivery.queries.lane_views import LanesView, LaneView, SenderView
from hatobin.delivery.queries.shaping import demands_tls, rules_of
from hatobin.delivery.queries.troubles import next_try_of
from hatobin.delivery.rules.lane_words import ENCRYPTION, Mood, mood_of, mood_text
from hatobin.delivery.rules.shaping.document import Rule
from hatobin.delivery.rules.shaping_words import WHY_CODES, why_text
from hatobin.delivery.rules.troubles import trouble_text
from hatobin.delivery.statements import statement

SHOWN = 200  # lanes on a screen; of the others only how many
_LANES = 1000  # lanes of senders that are looked at
_LOTS = 50_000  # lots that are counted
_LOCK = 8101  # of runner.node
_ANY = "*"
_PLAIN = ("most", "granted", "open", "accepted", "refused", "senders")


@dataclass(kw_only=True, slots=True)
class _Lane:
    """Being summed up: what senders told (may be nothing), and what stands in lots."""

    egress_id: uuid.UUID
    site: str
    told: Mapping[str, Any] = field(default_factory=dict)
    queued: Counter[str] = field(default_factory=Counter)
    next_at: datetime | None = None
    domains: set[str] = field(default_factory=set)


def lanes(
    actor: Actor, *, search: str = "", egress_id: uuid.UUID | None = None, slow: bool = False
) -> LanesView:
    """How it goes now. ``search``: a part of a destination's name or domain; ``slow``: only lanes that rest,
    are slow or stand still."""
    check_right(actor, Right.VIEW)
    roads = {row.pk: row for row in Egress.objects.of(actor.workspace_id)}
    senders = senders_alive(actor)
    told = _rows("lane_sums", workspace=actor.workspace_id, most=_LANES)
    lots = _rows("queue_sums", workspace=actor.workspace_id, most=_LOTS)
    rules = rules_of(actor.workspace_id)
    stopped = bool(standing(actor.workspace_id))
    found = [
        _view(each, roads[each.egress_id], rules, has_sender=bool(senders), stopped=stopped)
        for each in _merged(told, lots)
    ]
    chosen = [each for each in found if _is_chosen(each, search, egress_id, slow=slow)]
    chosen.sort(key=lambda each: (-each.waiting - each.in_hand, -each.apart, each.title, each.site))
    unseen = told[0]["lanes"] - len(told) if told else 0
    return LanesView(
        lanes=tuple(chosen[:SHOWN]),
        more=max(len(chosen) - SHOWN, 0) + unseen,
        more_waiting=sum(each.waiting for each in chosen[SHOWN:]),
        waiting=sum(each.waiting for each in found),
        on_hold=sum(each.on_hold for each in found),
        still=sum(each.still for each in found),
        in_hand=told[0]["all_in_hand"] if told else 0,
        per_minute=told[0]["all_per_minute"] if told else 0,
        senders=senders,
        complete=not lots or lots[0]["lots"] < _LOTS,
        at=clock.now(),
    )


def senders_alive(actor: Actor) -> tuple[SenderView, ...]:
    """Every sender process of the installation that lives; its machine only for who may manage."""
    check_right(actor, Right.VIEW)
    managing = actor.may(Right.MANAGE)
    return tuple(
        SenderView(
            number=row["id"],
            host=row["host"] if managing else "",
            pid=row["pid"] if managing else 0,
            since=row["started_at"],
            in_hand=row["in_hand"],
        )
        for row in _rows("senders_alive", workspace=actor.workspace_id, lock=_LOCK)
    )


def a_sender_lives() -> bool:
    """Whether any sender process of the installation lives."""
    return bool(_rows("senders_alive", workspace=None, lock=_LOCK))


def _rows(name: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _merged(told: Sequence[Mapping[str, Any]], lots: Sequence[Mapping[str, Any]]) -> list[_Lane]:
    """Lots stand under recipients' domains, lanes under sites: a lane knows its domains."""
    merged: dict[tuple[uuid.UUID, str], _Lane] = {}
    by_domain: dict[tuple[uuid.UUID, str], _Lane] = {}
    for row in told:
        lane = _Lane(egress_id=row["egress_id"], site=row["site"], told=row)
        lane.domains = {each for each in (row["domains"] or "").split(",") if each}
        merged[lane.egress_id, lane.site] = lane
        by_domain |= {(lane.egress_id, domain): lane for domain in lane.domains}
    for row in lots:
        key = row["egress_id"], row["site"]
        lane = by_domain.get(key) or merged.setdefault(key, _Lane(egress_id=key[0], site=key[1]))
        lane.queued.update(
            {name: row[name] for name in ("due", "later", "resting", "on_hold", "still")}
        )
        if row["next_at"] and (lane.next_at is None or row["next_at"] < lane.next_at):
            lane.next_at = row["next_at"]
    return [each for each in merged.values() if each.told or each.queued.total()]


def _view(
    lane: _Lane, road: Egress, rules: Mapping[str, Rule], *, has_sender: bool, stopped: bool
) -> LaneView:
    told, queued = lane.told, lane.queued
    in_lane = told.get("waiting", 0) + told.get("in_hand", 0)
    rest_until = _rest_of(lane, road)
    resting = rest_until is not None and rest_until > clock.now()
    code = told.get("why_code", "")
    params = json.loads(told.get("why_params") or "{}")
    troubled = bool(
        road.trouble_code
        and not told.get("in_hand")
        and in_lane + queued["due"] + queued["resting"]
    )
    mood = mood_of(
        why=code,
        in_lane=in_lane,
        due=queued["due"],
        later=queued["later"] + queued["resting"],
        on_hold=queued["on_hold"],
        still=queued["still"],
        resting=resting or troubled,
        has_sender=has_sender,
        stopped=stopped,
    )
    return LaneView(
        egress_id=road.pk,
        egress_name=road.label,
        sandbox=road.kind == EgressKind.SANDBOX,
        site=lane.site,
        title=_title(lane, road),
        domains=tuple(sorted(lane.domains)),
        waiting=told.get("waiting", 0) + queued["due"] + queued["later"] + queued["resting"],
        later=queued["later"],
        resting=queued["resting"],
        on_hold=queued["on_hold"],
        still=queued["still"],
        in_hand=told.get("in_hand", 0),
        per_minute=told.get("per_minute", 0),
        mood=mood,
        text=_text(lane, road, mood, params),
        why_code=code,
        why=_why(road, code, params, rules) if mood not in {"stopped", "empty"} else "",
        next_at=_next_at(mood, rest_until, lane.next_at),
        way_in_trouble=bool(road.trouble_code),
        **{name: told.get(name, 0) for name in _PLAIN},
        last_reply=told.get("last_reply") or "",
    )


def _text(lane: _Lane, road: Egress, mood: Mood, params: Mapping[str, Any]) -> Promise:
    kind = road.trouble_code or str(params.get("kind", ""))
    demanded = (
        road.kind == EgressKind.DIRECT
        and kind in ENCRYPTION
        and demands_tls(road.workspace_id, min(lane.domains, default=""), lane.site)
    )
    why = lane.told.get("why_code", "")
    return mood_text(mood, why=why, kind=kind, tls_demanded=demanded)


def _why(road: Egress, code: str, params: Mapping[str, Any], rules: Mapping[str, Rule]) -> str:
    """The cause: of a whole way in trouble its trouble, whatever else holds its lanes up."""
    if road.trouble_code:
        return str(trouble_text(road.trouble_code, road.kind))
    return why_text(code, params, rules) if code in WHY_CODES else ""


def _rest_of(lane: _Lane, road: Egress) -> datetime | None:
    """Of a whole way in trouble its own next try, which is told above all its lanes; else the lane's rest."""
    rest: datetime | None = lane.told.get("next_at")
    if not road.trouble_code:
        return rest
    own = next_try_of(road)
    return own if lane.site == _ANY else max(filter(None, (rest, own)), default=None)


def _next_at(mood: Mood, rest: datetime | None, later: datetime | None) -> datetime | None:
    if mood in {"resting", "unreachable"}:
        return rest
    return later if mood == "later" else None


def _title(lane: _Lane, road: Egress) -> str:
    if lane.site == _ANY:
        return road.label
    return lane.told.get("title") or min(lane.domains, default=lane.site)


def _is_chosen(lane: LaneView, search: str, egress_id: uuid.UUID | None, *, slow: bool) -> bool:
    words = search.strip().casefold()
    places = (lane.title, lane.site, lane.egress_name, *lane.domains)
    return (
        (egress_id is None or lane.egress_id == egress_id)
        and (not slow or lane.mood not in {"going", "soon", "empty"})
        and (not words or any(words in place.casefold() for place in places))
    )
