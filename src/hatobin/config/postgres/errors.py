"""The one error of the embedded PostgreSQL."""

from __future__ import annotations

from hatobin.common.errors import Unavailable


class PostgresError(Unavailable):
    """The embedded PostgreSQL cannot be used; ``message`` says why, ``advice`` what to do."""

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__("embedded-postgresql", message, advice=advice)
