"""NAME
    running - a queued file becomes people on a list, whole or not at all

JOB
    ``run_import`` reads a queued import's file and writes its people, in a worker or inline for the
    command. docs/mechanisms/import.md tells the whole story.

STATES
    staged > queued > running > done | failed | cancelled; a failed import may be started again.

SAFETY
    Reading fills a temporary table of the session and touches no person. One transaction then moves
    everything. A worker that dies in either half leaves nothing behind, and its job runs again.
    A session-level advisory lock per import keeps two workers from running it at once.

DIAGNOSTICS
    Progress and counts stand in the Import row. A lost database connection is raised (the job is
    tried again); every other end is written down with a code.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.accounts.services import audit
from hatobin.audience import choices
from hatobin.audience.models import ContactList, Import, ImportProblem, ImportState
from hatobin.audience.services.imports import sql
from hatobin.audience.services.imports.ending import end_import
from hatobin.audience.services.imports.staging import OnList, PeopleChanged, Stage
from hatobin.audience.services.uploads import source_of
from hatobin.audience.services.writing import (
    add_field_names,
    last_position,
    lock_people,
    save_fields,
)
from hatobin.audience.sheets import SheetError, SheetSource, read_rows
from hatobin.common import clock
from hatobin.common.errors import HatobinError, Unavailable

BATCH = 1000  # rows between two looks at the cancel button
CONNECTION_LOST = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
_TRIES = 3  # when others change the same people meanwhile
_MANY = 5000  # people after which the planner's numbers are renewed at once
_GIVE_UP = timedelta(hours=24)

_log = structlog.get_logger(__name__)


class _Cancelled(Exception):
    """The person pressed cancel, or the workspace is gone."""


class _Failed(Exception):
    """The import came to nothing, with a code of ``reasons.FILE_PROBLEMS``."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def run_import(import_id: uuid.UUID) -> None:
    """Runs a queued import to its end; one that has ended is left alone.

    Raises Unavailable while another worker runs it, and the database's own error when the
    connection is lost: then nothing was written and it can run again.
    """
    with _only_runner(import_id):
        upload = _begin(import_id)
        if upload is None:
            return
        try:
            _read_and_write(upload)
        except _Cancelled:
            _end_badly(import_id, ImportState.CANCELLED)
        except (_Failed, SheetError, HatobinError) as error:
            _end_badly(import_id, ImportState.FAILED, error.code, error.params)
        except CONNECTION_LOST:
            raise
        except Exception:
            _log.exception("import stopped by an error", upload=str(import_id))
            _end_badly(import_id, ImportState.FAILED, "unexpected")


def give_up_old_imports() -> int:
    """Fails imports that were started more than a day ago and that nobody runs any more."""
    before = clock.now() - _GIVE_UP
    rows = Import.objects.across_workspaces().filter(created_at__lt=before)
    given_up = 0
    for upload in rows.filter(state__in=[ImportState.QUEUED, ImportState.RUNNING]):
        try:
            with _only_runner(upload.pk):
                _end_badly(upload.pk, ImportState.FAILED, "never-finished")
                given_up += 1
        except Unavailable:
            continue
    return given_up


@contextmanager
def _only_runner(import_id: uuid.UUID) -> Iterator[None]:
    key = [str(import_id)]
    with connection.cursor() as cursor:
        cursor.execute(sql.TRY_LOCK_IMPORT, key)
        if not cursor.fetchone()[0]:
            raise Unavailable("import-runs", _("Another worker is reading this file."))
    try:
        yield
    finally:
        # A lost connection has freed the lock by itself.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(sql.UNLOCK_IMPORT, key)


def _begin(import_id: uuid.UUID) -> Import | None:
    """The import, now running and with clean counts; None when it is not to be run."""
    with transaction.atomic():
        rows = Import.objects.across_workspaces().select_for_update()
        upload = rows.filter(pk=import_id).first()
        if upload is None or upload.state not in {ImportState.QUEUED, ImportState.RUNNING}:
            return None
        if upload.cancel_requested:
            end_import(upload, ImportState.CANCELLED)
            return None
        ImportProblem.objects.of(upload.workspace_id).filter(upload=upload).delete()
        upload.state, upload.started_at = ImportState.RUNNING, clock.now()
        upload.rows, upload.error_code, upload.error_params = 0, "", {}
        upload.save()
    return upload


def _read_and_write(upload: Import) -> None:
    chosen = choices.Mapping.from_json(upload.mapping)
    source = source_of(upload)
    for _attempt in range(_TRIES):
        with Stage(upload.workspace_id, upload.pk, chosen) as stage:
            _read(upload, stage, source)
            if not stage.people:
                _keep_problems(upload, stage)
                raise _Failed("no-valid-rows")
            try:
                _write(upload, stage, chosen)
            except PeopleChanged:
                continue
            if stage.people >= _MANY:
                _analyze()
            return
    raise _Failed("changed-meanwhile")


def _read(upload: Import, stage: Stage, source: SheetSource) -> None:
    rows = iter(read_rows(source, choices.reading_from_json(upload.reading)))
    while batch := list(islice(rows, BATCH)):
        stage.add(batch)
        _report(upload, stage.rows)


def _report(upload: Import, rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.REPORT_PROGRESS, {"rows": rows, "upload": upload.pk})
        if cursor.rowcount == 0:
            raise _Cancelled


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.ANALYZE_PEOPLE)


@transaction.atomic
def _write(upload: Import, stage: Stage, chosen: choices.Mapping) -> None:
    """Everything in one transaction; the people of the workspace have one writer at a time."""
    lock_people(upload.workspace_id)
    current = Import.objects.of(upload.workspace_id).select_for_update().get(pk=upload.pk)
    if current.cancel_requested:
        raise _Cancelled
    contact_list = _list_of(current)
    save_fields(upload.workspace_id, chosen.fields)
    add_field_names(contact_list, [choice.name for choice in chosen.fields])
    after = last_position(contact_list)
    counts = stage.move_people(contact_list.pk, after=after, basis=upload.basis)
    stage.move_problems()
    upload.list = contact_list
    end_import(upload, ImportState.DONE, **_counts(stage, counts))
    audit.record(
        _starter(upload),
        "import.finished",
        subject=str(upload.pk),
        list=str(contact_list.pk),
        **_counts(stage, counts),
    )


@transaction.atomic
def _keep_problems(upload: Import, stage: Stage) -> None:
    """Nothing is written but why: the person needs the reasons to choose better columns."""
    stage.move_problems()
    upload.rows, upload.refused, upload.duplicates = stage.rows, stage.refused, stage.duplicates
    upload.save(update_fields=["rows", "refused", "duplicates"])


def _counts(stage: Stage, counts: OnList) -> dict[str, Any]:
    return {
        "rows": stage.rows,
        "added": counts.added,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "suppressed": counts.suppressed,
        "duplicates": stage.duplicates,
        "refused": stage.refused,
    }


def _list_of(upload: Import) -> ContactList:
    """The list that was chosen, or one of the name that was typed."""
    if upload.list is not None:
        return upload.list
    found, _new = ContactList.objects.get_or_create(
        workspace_id=upload.workspace_id, name=upload.list_name
    )
    return found


def _end_badly(
    import_id: uuid.UUID,
    state: ImportState,
    code: str = "",
    params: Mapping[str, object] | None = None,
) -> None:
    """From a fresh row: the one in hand may hold what was rolled back."""
    upload = Import.objects.across_workspaces().filter(pk=import_id).first()
    if upload is not None:
        end_import(upload, state, error_code=code, error_params=dict(params or {}))


def _starter(upload: Import) -> Actor:
    return Actor(workspace_id=upload.workspace_id, rights=frozenset(), label=upload.actor_label)
