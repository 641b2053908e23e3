"""Database connections of a sender that come back by themselves. No ORM here: this is the hot path."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connections
from psycopg.rows import dict_row, tuple_row

from hatobin.delivery.statements import statement

Row = dict[str, Any]
Tuple = tuple[Any, ...]
Step = tuple[str, Mapping[str, Any]]

# A server that vanished without a word is noticed within half a minute.
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


class DatabaseAway(Exception):
    """The database does not answer. Whether the last transaction was committed is unknown. Try again later."""


# A statement was refused, and its session lives: with it would go the lock that says so of this sender.
_REFUSED = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.SerializationFailure,
)

# A sender that is frozen between two statements, or vanished with its machine, may not keep a lock from the
# others: this side's keepalive is of no use for that.
_CALM = (
    "-c jit=off -c idle_in_transaction_session_timeout=5s -c tcp_keepalives_idle=10"
    " -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25s"
)
# A plan that was made while the tables were empty must do when they are large: never a scan of one.
_HOT = (
    f"{_CALM} -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)


class Line:
    """One connection, opened when first needed and again after a failure.

    ``generation`` grows when a connection ends: what was bound to it (a lock) is gone. ``hot``: it asks the
    same few statements by primary key again and again, so each is planned once.
    """

    def __init__(self, *, hot: bool = False) -> None:
        self.generation = 0
        self._options = _HOT if hot else _CALM
        self._connection: psycopg.AsyncConnection[Row] | None = None
        self._lock = asyncio.Lock()

    async def run(self, name: str, **values: Any) -> list[Row]:
        """One statement of ``sql/``, committed. Raises DatabaseAway."""
        return await self._guarded([(statement(name), values)])

    async def text(self, text: str, **values: Any) -> list[Row]:
        """One statement given as text, committed. Raises DatabaseAway."""
        return await self._guarded([(text, values)])

    async def together(self, steps: Sequence[Step]) -> list[Row]:
        """Statements of ``sql/`` in one transaction; the rows of the last. Raises DatabaseAway."""
        return await self._guarded([(statement(name), values) for name, values in steps])

    async def fetch(self, name: str, **values: Any) -> list[Tuple]:
        """One statement of the hot path, committed; its rows as plain tuples. Raises DatabaseAway."""
        async with self._lock:
            try:
                connection = await self._opened()
                cursor = connection.cursor(binary=True, row_factory=tuple_row)
                await cursor.execute(statement(name).encode(), values)
                return await cursor.fetchall() if cursor.description else []
            except _REFUSED as error:
                raise DatabaseAway(str(error)) from error
            except (psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
                await self.close()
                raise DatabaseAway(str(error)) from error
            except asyncio.CancelledError:
                await self.close()
                raise

    async def close(self) -> None:
        """Ends the connection, and with it every lock it held."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self.generation += 1
            await connection.close()

    async def _guarded(self, steps: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Row]:
        async with self._lock:
            try:
                return await self._execute(await self._opened(), steps)
            except _REFUSED as error:
                raise DatabaseAway(str(error)) from error
            except (psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
                await self.close()
                raise DatabaseAway(str(error)) from error
            except asyncio.CancelledError:
                # Cut in the middle of a statement: the connection's state is unknown.
                await self.close()
                raise

    async def _execute(
        self,
        connection: psycopg.AsyncConnection[Row],
        steps: Sequence[tuple[str, Mapping[str, Any]]],
    ) -> list[Row]:
        if len(steps) == 1:
            cursor = await connection.execute(steps[0][0].encode(), steps[0][1])
            return await cursor.fetchall() if cursor.description else []
        async with connection.transaction():
            for text, values in steps:
                cursor = await connection.execute(text.encode(), values)
        return await cursor.fetchall() if cursor.description else []

    async def _opened(self) -> psycopg.AsyncConnection[Row]:
        if self._connection is None or self._connection.closed:
            values = connection_values()
            values["options"] = f"{values.get('options', '')} {self._options}".strip()
            self._connection = await psycopg.AsyncConnection.connect(
                autocommit=True, row_factory=dict_row, prepare_threshold=1, **values
            )
        return self._connection


def connection_values() -> dict[str, Any]:
    """Where Django's database is, for a connection of our own."""
    django = connections["default"].settings_dict
    named = {
        "dbname": django["NAME"],
        "user": django["USER"],
        "password": django["PASSWORD"],
        "host": django["HOST"],
        "port": django["PORT"],
    }
    given = {key: value for key, value in named.items() if value}
    options = {k: v for k, v in django["OPTIONS"].items() if isinstance(v, str | int)}
    return {**_KEEPALIVE, "application_name": "hatobin sender", **options, **given}
