"""What became of a letter: sums that add up, and where and why it went otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMinute

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.campaigns.queries import dispatch_id_of
from hatobin.delivery import queries as delivery
from hatobin.delivery.models import Delivery, DeliveryState

TOP_DOMAINS = 10

_FAILED = (DeliveryState.BOUNCED, DeliveryState.EXPIRED)
_OPEN = (DeliveryState.WAITING, DeliveryState.DOT_SENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainCount:
    """Letters to one domain. ``waiting`` includes those being handed over."""

    domain: str
    total: int
    accepted: int
    failed: int
    waiting: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """Letters that ended within one minute."""

    at: datetime
    accepted: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The result of one released letter.

    ``sums`` adds up (promise P2). ``reasons``: most frequent first. ``domains``: the largest ones;
    ``other_domains`` is how many more there are. ``timeline``: minutes in which something ended.
    """

    sums: delivery.Sums
    reasons: tuple[delivery.ReasonCount, ...]
    domains: tuple[DomainCount, ...]
    other_domains: int
    timeline: tuple[Minute, ...]


def outcome(actor: Actor, campaign_id: uuid.UUID) -> Outcome:
    """The result so far; raises NotFound for a letter that was not released."""
    check_right(actor, Right.VIEW)
    dispatch_id = dispatch_id_of(actor, campaign_id)
    rows = Delivery.objects.of(actor.workspace_id).filter(dispatch_id=dispatch_id)
    return Outcome(
        sums=delivery.sums(dispatch_id),
        reasons=delivery.reasons(dispatch_id),
        domains=_domains(rows),
        other_domains=max(rows.values("domain").distinct().count() - TOP_DOMAINS, 0),
        timeline=_timeline(rows),
    )


def rows(
    actor: Actor,
    campaign_id: uuid.UUID,
    *,
    states: Collection[str] = (),
    search: str = "",
    page: int = 1,
) -> delivery.RowPage:
    """A row per person, searchable by address or name; raises NotFound for a draft."""
    check_right(actor, Right.VIEW_PEOPLE)
    dispatch_id = dispatch_id_of(actor, campaign_id)
    return delivery.rows(actor, dispatch_id, states=states, search=search, page=page)


def _domains(rows: QuerySet[Delivery]) -> tuple[DomainCount, ...]:
    counted = (
        rows.values("domain")
        .annotate(
            total=Count("pk"),
            accepted=Count("pk", filter=Q(state=DeliveryState.ACCEPTED)),
            failed=Count("pk", filter=Q(state__in=_FAILED)),
            waiting=Count("pk", filter=Q(state__in=_OPEN)),
        )
        .order_by("-total", "domain")[:TOP_DOMAINS]
    )
    return tuple(DomainCount(**each) for each in counted)


def _timeline(rows: QuerySet[Delivery]) -> tuple[Minute, ...]:
    counted = (
        rows.filter(state__in=(DeliveryState.ACCEPTED, *_FAILED), ended_at__isnull=False)
        .annotate(at=TruncMinute("ended_at"))
        .values("at")
        .annotate(
            accepted=Count("pk", filter=Q(state=DeliveryState.ACCEPTED)),
            failed=Count("pk", filter=Q(state__in=_FAILED)),
        )
        .order_by("at")
    )
    return tuple(Minute(**each) for each in counted)
