"""Putting letters that wait into the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Egress, EgressKind, Lot

ANY_SITE = "*"
LOT = 500  # letters in a lot, at most


def site_of(egress: Egress, row: Delivery) -> str:
    """The lane of a letter on this road: its recipient's domain, or one lane for all."""
    return row.domain if wants_domains(egress) else ANY_SITE


def wants_domains(egress: Egress) -> bool:
    """Whether the road has a lane for each destination: only one that meets them itself."""
    return egress.kind == EgressKind.DIRECT


def queue(dispatch: Dispatch, rows: Sequence[Delivery], egress: Egress | None = None) -> None:
    """Lots for letters that wait and stand in none; in the caller's transaction. Due now."""
    road = egress or dispatch.egress
    by_site: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_site[site_of(road, row)].append(row.pk)
    now = clock.now()
    Lot.objects.bulk_create(
        Lot(
            workspace_id=dispatch.workspace_id,
            dispatch=dispatch,
            egress=road,
            site=site,
            due_at=now,
            ids=ids[start : start + LOT],
        )
        for site, ids in by_site.items()
        for start in range(0, len(ids), LOT)
    )
