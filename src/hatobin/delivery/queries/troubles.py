"""Whether a way of sending is in trouble now. What an old failure left is no trouble once nothing waits for it."""

from __future__ import annotations

import uuid
from datetime import datetime

from hatobin.common import clock
from hatobin.delivery.models import Egress, Lot


def is_in_trouble(row: Egress) -> bool:
    """It failed, and is tried again: its next try is to come, or letters wait for it."""
    if not row.trouble_code:
        return False
    if row.resume_at is None or row.resume_at > clock.now():
        return True
    return Lot.objects.of(row.workspace_id).filter(egress=row).exists()


def next_try_of(row: Egress) -> datetime | None:
    """When it is tried again; None when it may be now, or when that hangs on a person."""
    return row.resume_at if row.resume_at and row.resume_at > clock.now() else None


def trouble_of(workspace_id: uuid.UUID, dispatch_id: uuid.UUID) -> Egress | None:
    """The way in trouble that letters of this dispatch wait for, the one that has been so for longest.

    Lots know where letters wait now; some may have been moved from the way that the dispatch was released for.
    """
    troubled = Egress.objects.of(workspace_id).exclude(trouble_code="").order_by("trouble_since")
    for row in troubled:
        if Lot.objects.of(workspace_id).filter(dispatch_id=dispatch_id, egress=row).exists():
            return row
    return None
