"""Uploads: a file is read into memory, looked at, sealed piece by piece, and shown as a preview.

No plain copy touches a disk or the database. A file that cannot be a list is refused before anything
is stored.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience import mapping, reasons
from hatobin.audience.choices import ImportChoice, Proposal
from hatobin.audience.models import Field, Import, ImportState, UploadChunk
from hatobin.audience.queries.imports import access_import, file_name_of
from hatobin.audience.sheets import Override, Preview, SheetError, SheetSource, inspect
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.common.ids import uuid7

# What the person corrected about the reading; None keeps the guess.
ReadingOverride = Override

CHUNK = 1024 * 1024
KEEP_STAGED = timedelta(hours=24)
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadPreview:
    """An uploaded file as it would be read, and the proposed mapping."""

    import_id: uuid.UUID
    file_name: str
    size: int
    preview: Preview
    proposal: Proposal

    def proposed_choice(self, *, list_name: str, basis: str) -> ImportChoice:
        """What is started when nobody corrects anything."""
        return ImportChoice(
            mapping=self.proposal.mapping(),
            basis=basis,
            list_name=list_name,
            reading=self.preview.reading,
        )


def stage_upload(actor: Actor, *, file_name: str, data: BinaryIO | bytes) -> Import:
    """Stores an uploaded file, sealed, until its columns are confirmed.

    Raises Invalid (``field="file"``) for a file that is too large or is not a list; then nothing is stored.
    """
    check_right(actor, Right.EDIT_LISTS)
    content = _read(data)
    name = file_name.replace("\\", "/").rpartition("/")[2].strip()[:255] or "list"
    inspected(SheetSource.from_bytes(content, name))
    import_id = uuid7()
    vault = vault_of(actor.workspace_id)
    with transaction.atomic():
        upload = Import.objects.create(
            id=import_id,
            workspace_id=actor.workspace_id,
            file_name_sealed=vault.seal(name.encode(), b"file-name:" + import_id.bytes),
            size=len(content),
            created_by_id=actor.user_id,
            actor_label=actor.label,
        )
        _store(upload, content)
        audit.record(actor, "import.uploaded", subject=str(import_id), size=len(content))
    return upload


def preview(
    actor: Actor, import_id: uuid.UUID, override: ReadingOverride | None = None
) -> UploadPreview:
    """Real rows of the file as it would be read, with what is proposed for each column.

    Raises NotFound, Conflict when the file is gone, Invalid when it cannot be read as asked.
    """
    check_right(actor, Right.EDIT_LISTS)
    upload = access_import(actor, import_id)
    shown = inspected(source_of(upload), override)
    return UploadPreview(
        import_id=upload.pk,
        file_name=file_name_of(upload),
        size=upload.size,
        preview=shown,
        proposal=mapping.propose(shown.columns, known_fields(actor.workspace_id)),
    )


def inspected(source: SheetSource, override: Override | None = None) -> Preview:
    """The preview of a file; raises Invalid with a sentence where it cannot be read."""
    try:
        return inspect(source, override=override or Override())
    except SheetError as error:
        raise reasons.file_problem(error.code, error.params) from error


def source_of(upload: Import) -> SheetSource:
    """The uploaded file, opened piece by piece; raises Conflict when it was removed."""
    chunks = UploadChunk.objects.of(upload.workspace_id).filter(upload=upload)
    positions = list(chunks.order_by("position").values_list("position", flat=True))
    if not positions:
        raise Conflict(
            "upload-gone", reasons.UPLOAD_GONE, advice=reasons.UPLOAD_AGAIN, field="file"
        )
    vault = vault_of(upload.workspace_id)

    def pieces() -> Iterator[bytes]:
        # One query a piece: no cursor stays open while the reader rests between rows.
        for position in positions:
            sealed = chunks.values_list("sealed", flat=True).get(position=position)
            yield vault.open(sealed, _chunk_context(upload, position))

    return SheetSource(name=file_name_of(upload), size=upload.size, chunks=pieces)


def known_fields(workspace_id: uuid.UUID) -> dict[str, tuple[str, bool]]:
    """The workspace's fields: name > (kind, personal)."""
    rows = Field.objects.of(workspace_id).values_list("name", "kind", "personal")
    return {name: (kind, personal) for name, kind, personal in rows}


def seal_labels(upload: Import, labels: list[str]) -> bytes:
    """The columns' names, sealed: where the header row was guessed wrong, they are a person."""
    plain = json.dumps(labels, ensure_ascii=False).encode()
    return vault_of(upload.workspace_id).seal(plain, b"import-labels:" + upload.pk.bytes)


def open_labels(upload: Import) -> list[str]:
    """The columns' names as they were when the import was started."""
    if upload.labels_sealed is None:
        return []
    vault = vault_of(upload.workspace_id)
    labels: list[str] = json.loads(
        vault.open(upload.labels_sealed, b"import-labels:" + upload.pk.bytes)
    )
    return labels


def remove_content(upload: Import) -> None:
    """Forgets the file's bytes."""
    UploadChunk.objects.of(upload.workspace_id).filter(upload=upload).delete()


@transaction.atomic
def purge_uploads() -> int:
    """Removes uploads that were not confirmed within a day, and the bytes of imports that failed.

    Returns how many uploads lost their bytes.
    """
    before = clock.now() - KEEP_STAGED
    old = Import.objects.across_workspaces().filter(created_at__lt=before)
    staged = old.filter(state=ImportState.STAGED)
    failed = old.filter(state=ImportState.FAILED, chunks__isnull=False).distinct()
    numbers = [*staged.values_list("pk", flat=True), *failed.values_list("pk", flat=True)]
    UploadChunk.objects.across_workspaces().filter(upload_id__in=numbers).delete()
    staged.delete()
    return len(numbers)


def _read(data: BinaryIO | bytes) -> bytes:
    """At most one byte more than the limit is taken from the stream."""
    limit = settings.HATOBIN.upload_limit_mb
    stream = BytesIO(data) if isinstance(data, bytes) else data
    content = stream.read(limit * _MIB + 1)
    if len(content) > limit * _MIB:
        raise reasons.file_problem("too-large", {"limit": limit})
    return content


def _store(upload: Import, content: bytes) -> None:
    vault = vault_of(upload.workspace_id)
    for position, piece in enumerate(_pieces(content)):
        UploadChunk.objects.create(
            workspace_id=upload.workspace_id,
            upload=upload,
            position=position,
            sealed=vault.seal(piece, _chunk_context(upload, position)),
        )


def _pieces(content: bytes) -> Iterable[bytes]:
    return (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))


def _chunk_context(upload: Import, position: int) -> bytes:
    return b"upload:" + upload.pk.bytes + position.to_bytes(4, "big")
