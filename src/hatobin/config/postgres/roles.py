"""The application's role and database inside a cluster."""

from __future__ import annotations

import time
from typing import LiteralString

import psycopg
from psycopg import sql

from hatobin.config.postgres.cluster import DATABASE, ROLE, SUPERUSER, Cluster
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.locks import POLL_S

_TIMEOUT_S = 10
_PATIENCE_S = 5.0  # a server told to read its files again needs a moment


def ensure(cluster: Cluster, password: str) -> None:
    """Makes the role and the database where they are missing, so that a killed first start is
    finished by the next. The role is neither superuser nor free of row-level security.
    """
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return _create_missing(cluster, password)
        except psycopg.Error as error:
            if time.monotonic() > give_up:
                raise PostgresError(
                    f"The database server runs but refuses us: {str(error).strip()}",
                    advice="Stop every hatobin process on this data folder and start again.",
                ) from error
        time.sleep(POLL_S)


def _create_missing(cluster: Cluster, password: str) -> None:
    url = cluster.url(database="postgres", role=SUPERUSER)
    with psycopg.connect(url, autocommit=True, connect_timeout=_TIMEOUT_S) as connection:
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE):
            create = sql.SQL(
                "CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS PASSWORD {}"
            )
            connection.execute(create.format(role, sql.Literal(password)))
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def _exists(connection: psycopg.Connection, question: LiteralString, name: str) -> bool:
    return connection.execute(question, (name,)).fetchone() is not None
