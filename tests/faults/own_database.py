"""A database of a story's own, which it may stop, kill and fill without harm to the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from pytest_django.plugin import DjangoDbBlocker
from tests.integration.delivery.stage import reload, until

from hatobin.config.postgres import Cluster, EmbeddedPostgres
from hatobin.delivery.models import Dispatch
from hatobin.delivery.queries import sums


@contextmanager
def own_database(folder: Path, blocker: DjangoDbBlocker) -> Iterator[EmbeddedPostgres]:
    """A running, migrated server; Django in this process, and what it starts, uses it meanwhile."""
    postgres = EmbeddedPostgres(folder)
    try:
        with blocker.unblock(), django_at(postgres.start()):
            call_command("migrate", verbosity=0, interactive=False)
            yield postgres
    finally:
        postgres.ensure_running()  # one that crashed is stopped in good order too
        postgres.stop()


@contextmanager
def django_at(cluster: Cluster) -> Iterator[None]:
    """Django's default connection goes to this server."""
    values = connection.settings_dict
    before = dict(values)
    connection.close()
    values.update(
        NAME="hatobin",
        USER="hatobin",
        PASSWORD=cluster.password or "",
        HOST=str(cluster.socket_dir),
        PORT=str(cluster.port),
    )
    try:
        yield
    finally:
        connection.close()
        values.update(before)


def finished(dispatch: Dispatch, within: float = 60) -> None:
    """Waits until every letter has its end, and the dispatch too; the database may be away meanwhile."""

    def ended() -> bool:
        try:
            return not sums(dispatch.pk).waiting and reload(dispatch).state == "done"
        except (OperationalError, InterfaceError):
            connection.close()
            return False

    until(ended, "the end of the dispatch", within)
