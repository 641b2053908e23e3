"""Lists, people, imports and the do-not-mail list."""

from __future__ import annotations

import uuid
from typing import Any, BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from hatobin.api.auth import actor_of
from hatobin.api.schemas import (
    Added,
    CountOut,
    ImportOut,
    ListIn,
    ListOut,
    PersonIn,
    PersonPage,
    Problem,
    ProblemRowOut,
    SuppressionIn,
    SuppressionOut,
)
from hatobin.audience import queries
from hatobin.audience.services import imports, lists, people
from hatobin.audience.services.whole_file import columns_of, import_file
from hatobin.suppression import queries as suppression
from hatobin.suppression import services as suppression_services

router = Router(tags=["Lists"])
WRONG = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


@router.get("/lists", response={200: list[ListOut], **WRONG})
def get_lists(request: HttpRequest) -> Any:
    """Every list of the workspace."""
    return queries.lists(actor_of(request))


@router.post("/lists", response={201: ListOut, **WRONG})
def create_list(request: HttpRequest, body: ListIn) -> Any:
    """A new, empty list."""
    made = lists.create_list(actor_of(request), name=body.name)
    return 201, queries.list_summary(actor_of(request), made.pk)


@router.get("/lists/{list_id}", response={200: ListOut, **WRONG})
def get_list(request: HttpRequest, list_id: uuid.UUID) -> Any:
    """One list."""
    return queries.list_summary(actor_of(request), list_id)


@router.delete("/lists/{list_id}", response={204: None, **WRONG})
def delete_list(request: HttpRequest, list_id: uuid.UUID) -> Any:
    """Removes a list that no letter on its way uses."""
    lists.delete_list(actor_of(request), list_id)
    return 204, None


@router.get("/lists/{list_id}/people", response={200: PersonPage, **WRONG})
def get_people(
    request: HttpRequest, list_id: uuid.UUID, search: str = "", page: int = 1, per_page: int = 50
) -> Any:
    """The people on a list, in its order. ``search``: any part of name or address."""
    return queries.people(actor_of(request), list_id, search=search, page=page, per_page=per_page)


@router.post("/lists/{list_id}/people", response={201: Added, **WRONG})
def add_person(request: HttpRequest, list_id: uuid.UUID, body: PersonIn) -> Any:
    """Puts one person on a list."""
    contact_id = people.add_person(
        actor_of(request), list_id, body.address, body.fields, body.basis
    )
    return 201, {"contact_id": contact_id}


@router.delete("/lists/{list_id}/people/{contact_id}", response={204: None, **WRONG})
def remove_person(request: HttpRequest, list_id: uuid.UUID, contact_id: int) -> Any:
    """Takes a person off a list."""
    people.remove_person(actor_of(request), list_id, contact_id)
    return 204, None


@router.post("/imports", response={202: ImportOut, **WRONG})
def start_import(
    request: HttpRequest,
    file: File[UploadedFile],
    list_name: Form[str],
    basis: Form[str],
    columns: Form[str] = "",
) -> Any:
    """Brings a spreadsheet into a list (multipart). Whole or nothing; runs in the background.

    Columns are recognised; ``columns`` corrects them: ``column=field`` one a line, ``column=`` leaves a
    column out, ``column=@`` is the one with the mail address. Ask ``GET /imports/{id}`` how far it is.
    """
    upload = import_file(
        actor_of(request),
        file_name=file.name or "",
        data=cast("BinaryIO", file.file),
        list_name=list_name,
        basis=basis,
        columns=columns_of(columns),
    )
    return 202, queries.import_status(actor_of(request), upload.pk)


@router.get("/imports/{import_id}", response={200: ImportOut, **WRONG})
def get_import(request: HttpRequest, import_id: uuid.UUID) -> Any:
    """How far an import is, and its sums."""
    return queries.import_status(actor_of(request), import_id)


@router.post("/imports/{import_id}/cancel", response={202: ImportOut, **WRONG})
def cancel_import(request: HttpRequest, import_id: uuid.UUID) -> Any:
    """Stops an import; nothing is written."""
    imports.cancel_import(actor_of(request), import_id)
    return 202, queries.import_status(actor_of(request), import_id)


@router.get("/imports/{import_id}/problems", response={200: list[ProblemRowOut], **WRONG})
def get_problems(
    request: HttpRequest, import_id: uuid.UUID, kind: str = "refused", page: int = 1
) -> Any:
    """Rows that were refused (or ``kind=duplicate``: merged into an earlier one), 50 a page."""
    return queries.problems(actor_of(request), import_id, kind, page=page).items


@router.get("/imports/{import_id}/refused.csv", response={200: bytes, **WRONG})
def refused_file(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """The rows that were not taken, with reasons, for a spreadsheet program."""
    _name, data = imports.refused_file(actor_of(request), import_id)
    return HttpResponse(data, content_type="text/csv; charset=utf-8")


@router.get("/suppression", response={200: list[SuppressionOut], **WRONG})
def get_suppression(request: HttpRequest, search: str = "", page: int = 1) -> Any:
    """The do-not-mail list, newest first, 50 a page; ``search`` is one whole address."""
    return suppression.entries(actor_of(request), search=search, page=page).entries


@router.post("/suppression", response={201: CountOut, **WRONG})
def add_suppression(request: HttpRequest, body: SuppressionIn) -> Any:
    """Puts addresses on the do-not-mail list; answers how many were new."""
    added = suppression_services.add_by_staff(actor_of(request), "\n".join(body.addresses))
    return 201, {"count": added}
