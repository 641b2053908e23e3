"""A file on its way into a list: upload, preview, progress, result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping as Dictionary

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.audience import queries
from hatobin.audience.choices import FieldChoice, ImportChoice, Mapping
from hatobin.audience.services import imports, uploads
from hatobin.audience.services.uploads import ReadingOverride
from hatobin.common.errors import HatobinError
from hatobin.console.lists.forms import FIELD_KINDS, ImportForm, ReadingForm, UploadForm
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, staff_only, told

_FIELD = "column:"


@staff_only
@require_http_methods(["GET", "POST"])
def upload(request: StaffRequest) -> HttpResponse:
    """Takes a file and opens its preview. ``?letter=`` leads back to that letter's first step."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.META.get("hatobin.upload_too_large"):
        form.add_error(
            "file", _("This file is too large. Split it, or ask your operator to raise the limit.")
        )
    elif form.is_valid():
        file = form.cleaned_data["file"]
        try:
            staged = uploads.stage_upload(request.actor, file_name=file.name, data=file)
        except HatobinError as error:
            error.field = "file"
            add_problem(form, error)
        else:
            return _to(request, "console:import", staged.pk)
    context = {"form": form, "letter": request.GET.get("letter", "")}
    return render(request, "console/lists/upload.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def preview(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Real rows, the guess, and what the person makes of it."""
    override = _override(request.GET)
    found = uploads.preview(request.actor, import_id, override)
    proposal = found.proposal
    columns = [(str(plan.column), plan.label) for plan in proposal.columns]
    form = ImportForm(
        request.POST or None,
        columns=columns,
        initial={"list_name": _name_of(found.file_name), "address": str(proposal.address)},
    )
    if form.is_valid():
        choice = ImportChoice(
            mapping=_mapping(request.POST, int(form.cleaned_data["address"])),
            basis=form.cleaned_data["basis"],
            list_name=form.cleaned_data["list_name"],
            reading=found.preview.reading,
        )
        try:
            imports.start_import(request.actor, import_id, choice)
        except HatobinError as error:
            add_problem(form, error)
        else:
            return _to(request, "console:import-result", import_id)
    context = {
        "form": form,
        "reading_form": ReadingForm(
            request.GET or None, sheets=[each.name for each in found.preview.sheets]
        ),
        "found": found,
        "kinds": FIELD_KINDS,
        "letter": request.GET.get("letter", ""),
    }
    return render(request, "console/lists/preview.html", context)


@staff_only
@require_safe
def result(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Progress while it runs, then the sums and every row that was not taken."""
    found = queries.import_status(request.actor, import_id)
    context: dict[str, object] = {"found": found, "letter": request.GET.get("letter", "")}
    if not found.open:
        context["refused"] = queries.problems(request.actor, import_id, "refused")
        context["duplicates"] = queries.problems(request.actor, import_id, "duplicate")
    if request.htmx and not found.open:  # type: ignore[attr-defined]
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    name = "_running" if request.htmx else "result"  # type: ignore[attr-defined]
    return render(request, f"console/lists/{name}.html", context)


@staff_only
@require_POST
def cancel(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Stops it; nothing is written."""
    with told(request):
        imports.cancel_import(request.actor, import_id)
    return _to(request, "console:import-result", import_id)


@staff_only
@require_safe
def refused_file(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """The rows that were not taken, with reasons, as a file."""
    name, data = imports.refused_file(request.actor, import_id)
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _override(query: Dictionary[str, str]) -> ReadingOverride | None:
    given: dict[str, object] = {key: query[key] for key in ("encoding", "sheet") if query.get(key)}
    if query.get("delimiter"):
        given["delimiter"] = "\t" if query["delimiter"] == "tab" else query["delimiter"]
    if query.get("header_row", "").isdecimal():
        given["header_row"] = int(query["header_row"])
    return ReadingOverride(**given) if given else None  # type: ignore[arg-type]


def _mapping(post: Dictionary[str, str], address: int) -> Mapping:
    used = [
        key.removeprefix(_FIELD).removesuffix(":use")
        for key in post
        if key.startswith(_FIELD) and key.endswith(":use")
    ]
    fields = [
        FieldChoice(
            column=int(column),
            name=post.get(f"{_FIELD}{column}:name", ""),
            kind=post.get(f"{_FIELD}{column}:kind", "text"),
            personal=post.get(f"{_FIELD}{column}:ordinary") != "on",
        )
        for column in used
        if column.isdecimal() and int(column) != address
    ]
    return Mapping(address=address, fields=tuple(fields))


def _to(request: StaffRequest, where: str, import_id: uuid.UUID) -> HttpResponse:
    response = redirect(where, import_id)
    letter = request.GET.get("letter") or request.POST.get("letter")
    if letter:
        response["Location"] += f"?letter={letter}"
    return response


def _name_of(file_name: str) -> str:
    return file_name.rpartition(".")[0] or file_name
