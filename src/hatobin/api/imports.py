"""Imports: a spreadsheet into a list, whole or nothing."""

from __future__ import annotations

import uuid
from typing import Any, BinaryIO, Literal, cast

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja import Status as Reply
from ninja.files import UploadedFile

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.openapi import csv_answer
from hatobin.api.parsing import check_kept
from hatobin.api.schemas.base import PAGE
from hatobin.api.schemas.imports import ImportOut, ProblemRowPage
from hatobin.api.schemas.lists import Basis
from hatobin.audience import queries
from hatobin.audience.mapping import columns_of
from hatobin.audience.services import imports
from hatobin.audience.services.imports import import_file
from hatobin.audience.services.uploads import ReadingOverride

router = Router(tags=["Imports"])
Encoding = Literal["", "utf-8", "cp932", "iso-2022-jp", "euc-jp", "utf-16"]


@router.get("/imports", response=list[ImportOut], openapi_extra=needs(Right.VIEW))
def get_imports(request: HttpRequest, list_id: uuid.UUID | None = None) -> Any:
    """The newest imports.

    Twenty of the workspace, or of one list, newest first.
    """
    return queries.imports(actor_of(request), list_id)


@router.post("/imports", response={202: ImportOut}, openapi_extra=needs(Right.EDIT_LISTS))
def start_import(
    request: HttpRequest,
    file: File[UploadedFile],
    list_name: Form[str],
    basis: Form[Basis],
    columns: Form[str] = "",
    encoding: Form[Encoding] = "",
    sheet: Form[str] = "",
) -> Any:
    """Brings a spreadsheet into a list.

    CSV, TSV, xlsx, xls or ods, as Japanese offices keep them. ``list_name``: a known list is added to.
    Encoding and columns are recognised; ``columns`` corrects them, one ``column=field`` a line:
    ``column=`` leaves a column out, ``column=@`` is the one with the mail addresses. Whole or nothing; it
    runs in the background: ask ``GET /imports/{import_id}`` how far it is.
    """
    check_kept([list_name, columns, sheet, file.name])
    upload = import_file(
        actor_of(request),
        file_name=file.name or "",
        data=cast("BinaryIO", file.file),
        list_name=list_name,
        basis=basis,
        columns=columns_of(columns),
        reading=ReadingOverride(encoding=encoding or None, sheet=sheet or None),
    )
    return Reply(202, queries.import_status(actor_of(request), upload.pk))


@router.get("/imports/{import_id}", response=ImportOut, openapi_extra=needs(Right.VIEW))
def get_import(request: HttpRequest, import_id: uuid.UUID) -> Any:
    """How far an import is.

    ``state`` goes from ``queued`` by ``running`` to ``done``, ``failed`` or ``cancelled``.
    """
    return queries.import_status(actor_of(request), import_id)


@router.post(
    "/imports/{import_id}/cancel", response={202: ImportOut}, openapi_extra=needs(Right.EDIT_LISTS)
)
def cancel_import(request: HttpRequest, import_id: uuid.UUID) -> Any:
    """Stops an import.

    Nothing is written. Refused (409) when it has ended already.
    """
    imports.cancel_import(actor_of(request), import_id)
    return Reply(202, queries.import_status(actor_of(request), import_id))


@router.get(
    "/imports/{import_id}/problems", response=ProblemRowPage, openapi_extra=needs(Right.VIEW)
)
def get_problems(
    request: HttpRequest,
    import_id: uuid.UUID,
    kind: Literal["refused", "duplicate"] = "refused",
    page: int = PAGE,
) -> Any:
    """Rows that were not taken.

    Each with its number and reason, 50 a page; ``kind=duplicate``: those that were merged into an
    earlier row.
    """
    return queries.problems(actor_of(request), import_id, kind, page=page)


@router.get(
    "/imports/{import_id}/refused.csv",
    response={200: None},
    openapi_extra=needs(Right.EXPORT, responses=csv_answer("行,理由,氏名,メールアドレス\r\n")),
)
def get_refused_file(
    request: HttpRequest,
    import_id: uuid.UUID,
    kind: Literal["refused", "duplicate"] = "refused",
) -> HttpResponse:
    """The rows that were not taken, as a file.

    CSV in UTF-8 with BOM: row number, reason, and the row's own cells, to be mended in a spreadsheet
    program and imported again.
    """
    name, data = imports.refused_file(actor_of(request), import_id, kind)
    return HttpResponse(
        data,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
