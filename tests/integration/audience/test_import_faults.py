"""Importing when things break: a worker is killed, the database says no, somebody presses cancel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from tests import factories
from tests.integration.audience.story import (
    choice,
    csv_file,
    imported,
    many_people,
    people_of,
    staged,
    wait_for,
)

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.audience import queries
from hatobin.audience.models import Contact, ContactList, Field, Import, Subscription
from hatobin.audience.services.imports import cancel_import, run_import, start_import
from hatobin.audience.services.people import edit_person
from hatobin.common.errors import Unavailable

pytestmark = pytest.mark.django_db(transaction=True)

# A worker as ``hatobin serve`` runs it.
WORKER = """
import django
django.setup()
from procrastinate.contrib.django import app
with app.replace_connector(app.connector.get_worker_connector()) as worker_app:
    worker_app.run_worker(queues=["imports"], concurrency=2, fetch_job_polling_interval=0.2)
"""
MANY = 15_000


@pytest.fixture
def office(transactional_db: None) -> Actor:
    workspace: Workspace = factories.make_workspace()
    return factories.make_actor(workspace)


@pytest.fixture
def queued(office: Actor) -> Import:
    """A large file that waits for a worker."""
    upload = staged(office, many_people(MANY))
    return start_import(office, upload.pk, choice())


def url_of_this_test() -> str:
    """The test database, as another process reaches it."""
    given = connection.settings_dict
    where = {"host": given["HOST"], "port": given["PORT"]} | given["OPTIONS"]
    person = f"{quote(given['USER'], '')}:{quote(given['PASSWORD'], '')}"
    texts = {key: value for key, value in where.items() if isinstance(value, str) and value}
    return f"postgresql://{person}@/{given['NAME']}?{urlencode(texts)}"


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process on the database of this test."""
    env = os.environ | {
        "DATABASE_URL": url_of_this_test(),
        "DJANGO_SETTINGS_MODULE": "hatobin.config.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", WORKER], env=env, stderr=out, stdout=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def is_reading(upload: Import) -> bool:
    upload.refresh_from_db()
    return upload.state == "running" and 0 < upload.rows < MANY


def ended(upload: Import) -> bool:
    upload.refresh_from_db()
    return upload.finished_at is not None


def nothing_is_written() -> bool:
    tables = (Contact, Subscription, ContactList, Field)
    return not any(table.objects.across_workspaces().exists() for table in tables)


def let_heartbeats_grow_old() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"
        )


def test_a_killed_worker_leaves_nothing_behind_and_the_import_runs_again(
    office: Actor, queued: Import, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(log) as process:
        wait_for(lambda: is_reading(queued), "the first rows")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    assert nothing_is_written()
    assert queries.import_status(office, queued.pk).state == "running"

    let_heartbeats_grow_old()
    app.configure_task("hatobin.audience.revive_imports").defer(timestamp=0)
    with worker(log):
        wait_for(lambda: ended(queued), "the second worker")
    status = queries.import_status(office, queued.pk)
    assert (status.state, status.added) == ("done", MANY)
    assert queries.lists(office)[0].people == MANY


def test_a_worker_that_is_killed_while_it_writes_leaves_nothing_behind(
    office: Actor, tmp_path: Path
) -> None:
    """The last statement of the write is held up until the worker is dead."""
    upload = staged(office, many_people(10))
    start_import(office, upload.pk, choice())
    other = connection.copy()
    with (
        other.cursor() as cursor,
        database_doing(
            "PERFORM pg_advisory_lock(4242)",
            "accounts_auditentry",
            "NEW.action = 'import.finished'",
        ),
    ):
        cursor.execute("SELECT pg_advisory_lock(4242)")
        with worker(tmp_path / "worker.log") as process:
            wait_for(somebody_waits_for_a_lock, "the last statement")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        cursor.execute("SELECT pg_advisory_unlock(4242)")
    other.close()

    wait_for(lambda: runs(upload), "the server to notice that the worker is gone")
    assert queries.import_status(office, upload.pk).added == 10
    assert Contact.objects.of(office.workspace_id).count() == 10


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_connection_that_is_cut_is_tried_again(
    office: Actor, queued: Import, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(log):
        wait_for(lambda: is_reading(queued), "the first rows")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        wait_for(lambda: ended(queued), "the second try")

    assert queries.import_status(office, queued.pk).state == "done", log.read_text()
    assert Contact.objects.of(office.workspace_id).count() == MANY


def test_cancel_ends_an_import_in_the_middle(office: Actor, queued: Import, tmp_path: Path) -> None:
    with worker(tmp_path / "worker.log"):
        wait_for(lambda: is_reading(queued), "the first rows")
        cancel_import(office, queued.pk)
        wait_for(lambda: ended(queued), "the end")

    status = queries.import_status(office, queued.pk)
    assert (status.state, status.open) == ("cancelled", False)
    assert status.rows < MANY
    assert nothing_is_written()


def test_cancel_after_the_worker_died_holds_when_it_runs_again(
    office: Actor, queued: Import
) -> None:
    Import.objects.filter(pk=queued.pk).update(state="running")
    cancel_import(office, queued.pk)
    run_import(queued.pk)

    assert queries.import_status(office, queued.pk).state == "cancelled"
    assert nothing_is_written()


@contextmanager
def database_doing(what: str, table: str, condition: str, event: str = "INSERT") -> Iterator[None]:
    """The database itself does something before a row is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {what}; RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER meanwhile BEFORE {event} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION meanwhile()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION meanwhile CASCADE")


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("audience_subscription", "NEW.position = 4"),
        ("audience_importproblem", "NEW.row = 5"),
        ("accounts_auditentry", "NEW.action = 'import.finished'"),
    ],
)
def test_an_error_in_the_last_write_undoes_all_of_it(
    office: Actor, table: str, condition: str
) -> None:
    rows = [(f"p{n}@example.jp", "花子") for n in range(3)]
    upload = staged(office, csv_file([*rows, ("broken", "太郎")]))
    start_import(office, upload.pk, choice(), queue=False)
    no = "RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'"
    with database_doing(no, table, condition):
        run_import(upload.pk)

    status = queries.import_status(office, upload.pk)
    assert (status.state, status.error_code) == ("failed", "unexpected")
    assert status.advice
    assert nothing_is_written()

    start_import(office, upload.pk, choice(), queue=False)
    run_import(upload.pk)
    assert queries.import_status(office, upload.pk).added == 3


def test_a_person_who_is_corrected_while_a_file_is_read_is_read_again(office: Actor) -> None:
    """The correction commits between reading and writing: a trigger makes it at that moment."""
    imported(
        office, csv_file([("hanako@example.jp", "山田花子", "東京")], ("メール", "氏名", "支部"))
    )
    (hanako,) = people_of(office)
    edit_person(office, hanako.contact_id, {"支部": "大阪"})
    upload = staged(office, csv_file([("hanako@example.jp", "佐藤花子")]))
    start_import(office, upload.pk, choice(), queue=False)
    correction = "UPDATE audience_contact SET revision = 3 WHERE revision = 2"
    progress = "NEW.rows = 1 AND OLD.rows = 0"
    with database_doing(correction, "audience_import", progress, event="UPDATE"):
        run_import(upload.pk)

    assert queries.import_status(office, upload.pk).changed == 1
    assert Contact.objects.of(office.workspace_id).get().revision == 4
    assert people_of(office)[0].fields == {"氏名": "佐藤花子", "支部": "大阪"}


def test_one_import_has_one_runner(office: Actor) -> None:
    upload = staged(office, csv_file([("hanako@example.jp", "花子")]))
    start_import(office, upload.pk, choice(), queue=False)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 811))", [str(upload.pk)])
        with pytest.raises(Unavailable):
            run_import(upload.pk)
        assert nothing_is_written()
    finally:
        other.close()
    wait_for(lambda: runs(upload), "the lock of the closed connection")
    assert queries.import_status(office, upload.pk).state == "done"


def runs(upload: Import) -> bool:
    try:
        run_import(upload.pk)
    except Unavailable:
        return False
    return True
