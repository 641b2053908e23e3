"""Imports: how far, how it ended, and which rows were not taken."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience import reasons
from hatobin.audience.models import Import, ImportProblem, ImportState
from hatobin.audience.queries.pages import PAGE, Page, bounds
from hatobin.common.errors import NotFound

_OPEN = frozenset({ImportState.STAGED, ImportState.QUEUED, ImportState.RUNNING})


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportStatus:
    """An import as doors see it.

    When done: ``rows = added + changed + unchanged + duplicates + refused``, and ``suppressed`` of the
    first three are on the list but get no letter. ``error`` and ``advice`` are sentences, when failed.
    ``file_name`` is empty for those who may not view people: file names hold names too often.
    ``percent`` is None while the number of rows is not known.
    """

    id: uuid.UUID
    state: str
    state_text: str
    open: bool
    list_id: uuid.UUID | None
    list_name: str
    file_name: str
    size: int
    rows: int
    rows_total: int | None
    percent: int | None
    added: int
    changed: int
    unchanged: int
    duplicates: int
    refused: int
    suppressed: int
    error_code: str
    error: str
    advice: str
    cancel_requested: bool
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemRow:
    """A row that was refused or merged. ``cells`` is empty unless asked for."""

    row: int
    kind: str
    reason: str
    sentence: str
    params: Mapping[str, object]
    cells: tuple[str, ...] = ()


def imports(actor: Actor, list_id: uuid.UUID | None = None, limit: int = 20) -> list[ImportStatus]:
    """The newest imports, of one list or all; uploads that were never confirmed are left out."""
    check_right(actor, Right.VIEW)
    rows = Import.objects.of(actor.workspace_id).exclude(state=ImportState.STAGED)
    if list_id is not None:
        rows = rows.filter(list_id=list_id)
    return [_status(actor, row) for row in rows.select_related("list").order_by("-id")[:limit]]


def import_status(actor: Actor, import_id: uuid.UUID) -> ImportStatus:
    """One import; raises NotFound."""
    check_right(actor, Right.VIEW)
    return _status(actor, access_import(actor, import_id))


def problems(
    actor: Actor,
    import_id: uuid.UUID,
    kind: str = ImportProblem.Kind.REFUSED,
    *,
    page: int = 1,
    per_page: int = PAGE,
    cells: bool = False,
) -> Page[ProblemRow]:
    """Rows that were refused (or, with ``kind="duplicate"``, merged), in file order.

    With ``cells`` each row's own cells, which needs the right to view people.
    """
    check_right(actor, Right.VIEW_PEOPLE if cells else Right.VIEW)
    upload = access_import(actor, import_id)
    rows = _problem_rows(upload, kind)
    total = rows.count()
    page, pages, first, last = bounds(total, page, per_page)
    items = tuple(problem_of(upload, row, cells=cells) for row in rows[first:last])
    return Page(items=items, total=total, page=page, pages=pages)


def refused_rows(actor: Actor, import_id: uuid.UUID) -> Iterator[ProblemRow]:
    """Every refused row without its cells, in file order."""
    check_right(actor, Right.VIEW)
    upload = access_import(actor, import_id)
    for row in _problem_rows(upload, ImportProblem.Kind.REFUSED).iterator(chunk_size=1000):
        yield problem_of(upload, row, cells=False)


def every_problem(actor: Actor, import_id: uuid.UUID, kind: str) -> Iterator[ProblemRow]:
    """Every refused or merged row with its cells, in file order."""
    check_right(actor, Right.EXPORT)
    upload = access_import(actor, import_id)
    for row in _problem_rows(upload, kind).iterator(chunk_size=1000):
        yield problem_of(upload, row, cells=True)


def access_import(actor: Actor, import_id: uuid.UUID) -> Import:
    """The row in the actor's workspace; raises NotFound."""
    rows = Import.objects.of(actor.workspace_id).select_related("list")
    row = rows.filter(pk=import_id).first()
    if row is None:
        raise NotFound(
            "no-import",
            _("This upload no longer exists."),
            advice=_("An upload that is not confirmed is removed after 24 hours. Upload it again."),
        )
    return row


def _status(actor: Actor, row: Import) -> ImportStatus:
    error, advice = ("", "")
    if row.error_code:
        error, advice = reasons.file_sentence(row.error_code, row.error_params)
    return ImportStatus(
        id=row.pk,
        state=row.state,
        state_text=row.get_state_display(),
        open=row.state in _OPEN,
        list_id=row.list_id,
        list_name=row.list.name if row.list else row.list_name,
        file_name=file_name_of(row) if actor.may(Right.VIEW_PEOPLE) else "",
        size=row.size,
        rows=row.rows,
        rows_total=row.rows_total,
        percent=_percent(row),
        added=row.added,
        changed=row.changed,
        unchanged=row.unchanged,
        duplicates=row.duplicates,
        refused=row.refused,
        suppressed=row.suppressed,
        error_code=row.error_code,
        error=error,
        advice=advice,
        cancel_requested=row.cancel_requested,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def file_name_of(row: Import) -> str:
    """The uploaded file's name, opened."""
    vault = vault_of(row.workspace_id)
    return vault.open(row.file_name_sealed, b"file-name:" + row.pk.bytes).decode()


def problem_of(upload: Import, row: ImportProblem, *, cells: bool) -> ProblemRow:
    """A problem with its sentence, in the language that is active now."""
    return ProblemRow(
        row=row.row,
        kind=row.kind,
        reason=row.reason,
        sentence=reasons.row_sentence(row.reason, row.params),
        params=row.params,
        cells=_cells(upload, row) if cells else (),
    )


def _cells(upload: Import, row: ImportProblem) -> tuple[str, ...]:
    vault = vault_of(upload.workspace_id)
    return tuple(json.loads(vault.open(row.sealed, b"import-problem:" + upload.pk.bytes)))


def _problem_rows(upload: Import, kind: str) -> QuerySet[ImportProblem]:
    rows = ImportProblem.objects.of(upload.workspace_id).filter(upload=upload, kind=kind)
    return rows.order_by("row", "id")


def _percent(row: Import) -> int | None:
    if row.state == ImportState.DONE:
        return 100
    if not row.rows_total:
        return None
    return min(99, row.rows * 100 // row.rows_total)
