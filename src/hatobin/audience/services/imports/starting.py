"""A confirmed preview becomes a queued import, or is refused beside the field that is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.audience import mapping
from hatobin.audience.choices import ImportChoice, reading_to_json
from hatobin.audience.models import ContactList, Import, ImportState
from hatobin.audience.queries.imports import access_import
from hatobin.audience.queries.lists import access_list
from hatobin.audience.services.imports.ending import end_import
from hatobin.audience.services.lists import checked_list_name
from hatobin.audience.services.people import checked_basis
from hatobin.audience.services.uploads import (
    ReadingOverride,
    inspected,
    known_fields,
    preview,
    seal_labels,
    source_of,
    stage_upload,
)
from hatobin.audience.sheets import Override, Reading
from hatobin.common.errors import Conflict, HatobinError

TASK = "hatobin.audience.run_import"
QUEUE = "imports"


def start_import(
    actor: Actor, import_id: uuid.UUID, choice: ImportChoice, *, queue: bool = True
) -> Import:
    """Checks the confirmed preview and queues the import (``queue=False``: the caller runs it).

    Raises Invalid with ``field`` one of ``file``, ``address``, ``fields.<column>``, ``list_name``,
    ``basis``; NotFound; Conflict when it was started already.
    """
    check_right(actor, Right.EDIT_LISTS)
    upload = access_import(actor, import_id)
    basis = checked_basis(choice.basis)
    contact_list, list_name = _target(actor, choice)
    shown = inspected(source_of(upload), _override(choice.reading))
    columns = len(shown.columns)
    mapping.check_mapping(choice.mapping, columns, known_fields(actor.workspace_id))
    with transaction.atomic():
        upload = _startable(actor, import_id)
        upload.list, upload.list_name = contact_list, list_name
        upload.reading = reading_to_json(shown.reading)
        upload.mapping, upload.basis = choice.mapping.to_json(), basis
        upload.labels_sealed = seal_labels(upload, [column.label for column in shown.columns])
        upload.rows_total = shown.total_rows
        upload.state, upload.actor_label = ImportState.QUEUED, actor.label
        upload.save()
        audit.record(actor, "import.started", subject=str(import_id), list_name=list_name)
        if queue:
            _enqueue(upload)
    return upload


def import_file(
    actor: Actor,
    *,
    file_name: str,
    data: BinaryIO | bytes,
    list_name: str,
    basis: str,
    columns: Mapping[str, str],
    reading: ReadingOverride | None = None,
    queue: bool = True,
) -> Import:
    """Upload, preview and start in one call, for callers that have nobody to look at the preview.

    ``columns`` corrects what is proposed, see ``mapping.corrected``. A file that is refused is not kept.
    Raises as ``stage_upload`` and ``start_import`` do, and Invalid (``field="columns"``).
    """
    upload = stage_upload(actor, file_name=file_name, data=data)
    try:
        shown = preview(actor, upload.pk, reading)
        choice = shown.proposed_choice(list_name=list_name, basis=basis)
        corrected = mapping.corrected(shown.proposal, columns)
        return start_import(actor, upload.pk, replace(choice, mapping=corrected), queue=queue)
    except HatobinError:
        upload.delete()
        raise


def cancel_import(actor: Actor, import_id: uuid.UUID) -> None:
    """Ends an import before anything is written; one that is running ends within a batch of rows.

    Raises Conflict when it has ended already.
    """
    check_right(actor, Right.EDIT_LISTS)
    with transaction.atomic():
        access_import(actor, import_id)
        upload = Import.objects.of(actor.workspace_id).select_for_update().get(pk=import_id)
        if upload.state == ImportState.RUNNING:
            upload.cancel_requested = True
            upload.save(update_fields=["cancel_requested"])
        elif upload.state in {ImportState.STAGED, ImportState.QUEUED}:
            end_import(upload, ImportState.CANCELLED)
        else:
            raise Conflict(
                "import-ended",
                _("This import has already ended."),
                advice=_("To undo it, remove the people or delete the list."),
            )
        audit.record(actor, "import.cancelled", subject=str(import_id))


def _target(actor: Actor, choice: ImportChoice) -> tuple[ContactList | None, str]:
    """The list to write into, if it is there, and its name."""
    if choice.list_id is not None:
        found = access_list(actor, choice.list_id)
        return found, found.name
    name = checked_list_name(choice.list_name)
    return ContactList.objects.of(actor.workspace_id).filter(name=name).first(), name


def _override(reading: Reading | None) -> Override | None:
    """What the preview showed is asked for again word by word, so that nothing is guessed anew."""
    if reading is None:
        return None
    return Override(
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        sheet=reading.sheet,
        header_row=reading.header_row,
    )


def _startable(actor: Actor, import_id: uuid.UUID) -> Import:
    upload = Import.objects.of(actor.workspace_id).select_for_update().get(pk=import_id)
    if upload.state not in {ImportState.STAGED, ImportState.FAILED}:
        raise Conflict(
            "import-started",
            _("This import was already started."),
            advice=_("Look at its progress. To read the file again, upload it again."),
        )
    return upload


def _enqueue(upload: Import) -> None:
    """In the caller's transaction: there is a job exactly when there is a queued import."""
    job = app.configure_task(TASK, queue=QUEUE, lock=f"people:{upload.workspace_id}")
    job.defer(import_id=str(upload.pk))
