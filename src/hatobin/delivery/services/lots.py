"""Putting letters that wait into the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Egress, EgressKind, Lot
from hatobin.delivery.statements import statement

ANY_SITE = "*"
LOT = 500  # letters in a lot, at most
HELD_UNTIL = datetime(9000, 1, 1, tzinfo=UTC)  # when a letter that a person holds back is due


def site_of(egress: Egress, row: Delivery) -> str:
    """The lane of a letter on this road: its recipient's domain, or one lane for all."""
    return row.domain if wants_domains(egress) else ANY_SITE


def wants_domains(egress: Egress) -> bool:
    """Whether the road has a lane for each destination: only one that meets them itself."""
    return egress.kind == EgressKind.DIRECT


def queue(
    dispatch: Dispatch,
    rows: Sequence[Delivery],
    egress: Egress | None = None,
    due_at: datetime | None = None,
) -> None:
    """Lots for letters that wait and stand in none; in the caller's transaction. Due now, or at ``due_at``."""
    road = egress or dispatch.egress
    by_site: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_site[site_of(road, row)].append(row.pk)
    due = due_at or clock.now()
    Lot.objects.bulk_create(
        Lot(
            workspace_id=dispatch.workspace_id,
            dispatch=dispatch,
            egress=road,
            site=site,
            due_at=due,
            ids=ids[start : start + LOT],
        )
        for site, ids in by_site.items()
        for start in range(0, len(ids), LOT)
    )


def leave_queue(dispatch_id: UUID, letter: int) -> UUID | None:
    """Takes a letter out of the free lots that name it. The road of the first; None where it stands in none:
    then a sender holds its lot, or is just taking it."""
    with connection.cursor() as cursor:
        cursor.execute(statement("take_out"), {"dispatch": dispatch_id, "letter": letter})
        lots = cursor.fetchall()
    return lots[0][0] if lots else None
