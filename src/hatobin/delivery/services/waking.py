"""What makes a way of sending, with all its lanes, go on at once; for services that have checked the right."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from hatobin.common import clock
from hatobin.delivery.models import Egress, LaneShare
from hatobin.delivery.statements import statement


def wake_everything_of(road: Egress) -> int:
    """All its lanes, in senders and in the queue. How many lots are due by that."""
    LaneShare.objects.filter(egress=road).update(wake_asked_at=clock.now())
    return end_rest_of_lots(road, None)


def end_rest_of_lots(road: Egress, sites: Sequence[str] | None) -> int:
    """Lots of these sites, or of all; letters that were put off one by one keep their times. How many."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("end_rest"),
            {"egress": road.pk, "sites": None if sites is None else list(sites)},
        )
        return int(cursor.rowcount)
