"""The numbers of ``/metrics``: all from PostgreSQL, because the processes share nothing else. Cheap at each scrape.

What costs something is kept for some seconds in this process: at least ``KEPT``, and as long as it takes that counting
costs a two-hundredth of the time. The letters of a dispatch are one pass over its rows (a tenth of a second for a
million), so only open ones are counted, for at most ``BUDGET`` seconds a scrape: older counts serve meanwhile.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from hatobin import __version__
from hatobin.delivery.models import DeliveryState, Dispatch
from hatobin.delivery.rules.metrics import FEW, SITES
from hatobin.delivery.statements import statement

KEPT = 5.0
BUDGET = 1.0
SHARE = 200
_NODE_LOCK = 8101
_LANE = ("open_connections", "granted_connections", "limit_connections", "waiting_letters", "in_hand_letters",
         "accepted_letters", "refused_letters", "accepted_per_minute")  # fmt: skip

Sample = tuple[str, tuple[str, ...], float]


@dataclass(slots=True)
class _Kept:
    at: float
    cost: float
    value: Any

    def is_fresh(self, now: float) -> bool:
        return now - self.at < max(KEPT, self.cost * SHARE)


_lock = threading.Lock()
_kept: dict[str, _Kept] = {}
_counted: dict[uuid.UUID, _Kept] = {}


def samples() -> list[Sample]:
    """(metric, values of its labels, number). Raises django.db.DatabaseError."""
    with _lock:
        return [
            ("hatobin_info", (__version__,), 1.0),
            *_remembered("now", _now),
            *_remembered("lots", _lots),
            *_remembered("lanes", _lanes),
            *_letters(),
        ]


def forget() -> None:
    """The next scrape counts everything anew: for tests."""
    with _lock:
        _kept.clear()
        _counted.clear()


def _remembered(name: str, read: Callable[[], Iterator[Sample]]) -> list[Sample]:
    now = time.monotonic()
    found = _kept.get(name)
    if found is None or not found.is_fresh(now):
        value = list(read())
        found = _kept[name] = _Kept(now, time.monotonic() - now, value)
    return list(found.value)


def _now() -> Iterator[Sample]:
    for name, labels, value in _rows("metrics_now", lock=_NODE_LOCK):
        yield name, tuple(labels), float(value)


def _lots() -> Iterator[Sample]:
    found = {state: values for state, *values in _rows("metrics_lots")}
    for state in ("due", "later", "held", "still"):
        lots, letters, _oldest = found.get(state, (0, 0, 0.0))
        yield "hatobin_lots", (state,), float(lots)
        yield "hatobin_lot_letters", (state,), float(letters)
    yield "hatobin_oldest_due_lot_seconds", (), float(found["due"][2]) if "due" in found else 0.0


def _lanes() -> Iterator[Sample]:
    lanes = 0
    for road, site, *numbers, count in _rows("metrics_lanes", few=FEW, most=SITES):
        lanes += count
        for name, value in zip(_LANE, numbers, strict=True):
            yield f"hatobin_lane_{name}", (road, site), float(value)
    yield "hatobin_lanes", (), float(lanes)
    for code, count in _rows("metrics_slowed"):
        yield "hatobin_lanes_slowed", (code,), float(count)


def _letters() -> Iterator[Sample]:
    began = time.monotonic()
    open_now = Dispatch.objects.across_workspaces().filter(finished_at=None)
    wanted = list(open_now.order_by("-created_at").values_list("pk", flat=True)[:1000])
    for gone in set(_counted) - set(wanted):
        del _counted[gone]
    for dispatch_id in sorted(wanted, key=_when_counted):
        now = time.monotonic()
        if now - began > BUDGET:
            break
        kept = _counted.get(dispatch_id)
        if kept is None or not kept.is_fresh(now):
            value = {row[0]: row[1] for row in _rows("sums", dispatch=dispatch_id)}
            _counted[dispatch_id] = _Kept(now, time.monotonic() - now, value)
    total: Counter[str] = Counter()
    for kept in _counted.values():
        total.update(kept.value)
    for state in DeliveryState.values:
        yield "hatobin_letters", (state,), float(total[state])
    oldest = min((kept.at for kept in _counted.values()), default=began)
    yield "hatobin_letters_counted_seconds", (), max(0.0, time.monotonic() - oldest)


def _when_counted(dispatch_id: uuid.UUID) -> float:
    kept = _counted.get(dispatch_id)
    return kept.at if kept else 0.0


def _rows(name: str, **values: int | uuid.UUID) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
