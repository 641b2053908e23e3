"""Why letters ended otherwise than accepted. Numbers only: nobody's address is opened here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count

from hatobin.delivery.models import Delivery, DeliveryState
from hatobin.delivery.rules.reasons import reason_text


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonCount:
    """How many letters ended in ``state`` for ``reason`` (a code) with their sentences."""

    state: str
    state_text: str
    reason: str
    reason_text: str
    count: int


def reasons(dispatch_id: uuid.UUID) -> tuple[ReasonCount, ...]:
    """Most frequent first. For doors and services that have checked the actor's right to the dispatch."""
    rows = Delivery.objects.across_workspaces().filter(dispatch_id=dispatch_id)
    ended = rows.filter(missed__isnull=False)
    counted = ended.values("state", "reason").annotate(number=Count("pk"))
    return tuple(
        ReasonCount(
            state=each["state"],
            state_text=str(DeliveryState(each["state"]).label),
            reason=each["reason"],
            reason_text=reason_text(each["reason"]),
            count=each["number"],
        )
        for each in counted.order_by("-number", "state", "reason")
    )
