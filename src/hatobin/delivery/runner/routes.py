"""Ways that letters took, each with a number: a letter's row holds the number."""

from __future__ import annotations

from uuid import UUID

from hatobin.delivery.runner.database import DatabaseAway, Line
from hatobin.delivery.runner.ways import RouteFacts

_MOST = 50_000


class Routes:
    """Numbers already known in this process, and the statement for new ones."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[tuple[UUID, RouteFacts], int] = {}

    async def number(self, egress_id: UUID, facts: RouteFacts) -> int | None:
        """None while the database is away: a letter's history is not worth its delay."""
        key = egress_id, facts
        if key not in self._known:
            try:
                rows = await self._line.run("route", egress=egress_id, **facts._asdict())
            except DatabaseAway:
                return None
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = rows[0]["id"]
        return self._known[key]
