"""A file on its way into a list: upload, preview, progress, result."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.audience import queries, reasons
from hatobin.audience.choices import ImportChoice
from hatobin.audience.models import ImportProblem, ImportState
from hatobin.audience.services import imports, uploads
from hatobin.audience.services.uploads import UploadPreview
from hatobin.common.errors import HatobinError, Invalid
from hatobin.console.lists import wording
from hatobin.console.lists.columns import chosen_mapping, column_rows, shown_label, with_error
from hatobin.console.lists.forms import FIELD_KINDS, ImportForm, ReadingForm, UploadForm
from hatobin.console.lists.origin import Origin, origin_of
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, staff_only, told

_STARTED = frozenset({"queued", "running", "done", "cancelled"})
_SHOWN_ROWS = 10


@staff_only
@require_http_methods(["GET", "POST"])
def upload(request: StaffRequest) -> HttpResponse:
    """Takes a file and opens its preview. ``?letter=`` leads back to that letter's first step."""
    check_right(request.actor, Right.EDIT_LISTS)
    origin = origin_of(request, request.actor)
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None)
    too_large = request.META.get("hatobin.upload_too_large")
    if too_large:
        form.fields["file"].required = False
        limit = settings.HATOBIN.upload_limit_mb
        add_problem(form, reasons.file_problem("too-large", {"limit": limit}))
    elif form.is_valid():
        file = form.cleaned_data["file"]
        try:
            staged = uploads.stage_upload(request.actor, file_name=file.name, data=file)
        except HatobinError as error:
            error.field = "file"
            add_problem(form, error)
        else:
            return origin.to("console:import", staged.pk)
    context = {"form": form, "origin": origin}
    status = 413 if too_large else 200
    return render(request, "console/lists/upload.html", context, status=status)


@staff_only
@require_http_methods(["GET", "POST"])
def preview(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Real rows, the guess, and what the person makes of it."""
    check_right(request.actor, Right.EDIT_LISTS)
    origin = origin_of(request, request.actor)
    if queries.import_status(request.actor, import_id).state in _STARTED:
        return origin.to("console:import-result", import_id)
    reading_form = ReadingForm.asked(request.GET)
    found, sound = _read(request, import_id, reading_form)
    form = _import_form(request, found, origin)
    typed = request.POST if request.method == "POST" else None
    rows = column_rows(found.proposal, str(form["address"].value()), typed)
    if sound and form.is_valid():
        choice = ImportChoice(
            mapping=chosen_mapping(rows, int(form.cleaned_data["address"])),
            basis=form.cleaned_data["basis"],
            list_name=form.cleaned_data["list_name"],
            reading=found.preview.reading,
        )
        try:
            imports.start_import(request.actor, import_id, choice)
        except HatobinError as error:
            placed = with_error(rows, error)
            rows = placed or rows
            if placed is None:
                add_problem(form, error)
        else:
            return origin.to("console:import-result", import_id)
    context = {
        "form": form,
        "reading_form": reading_form,
        "found": found,
        "origin": origin,
        "rows": rows,
        "wrong_columns": [row for row in rows if row.error],
    }
    return render(request, "console/lists/preview.html", context | _shown(request, found))


@staff_only
@require_safe
def result(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Progress while it runs, then the sums and every row that was not taken."""
    found = queries.import_status(request.actor, import_id)
    origin = origin_of(request, request.actor)
    may_edit = request.actor.may(Right.EDIT_LISTS)
    if found.state == ImportState.STAGED and may_edit:
        return origin.to("console:import", import_id)
    if request.htmx and not found.open:  # type: ignore[attr-defined]
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    context: dict[str, object] = {
        "found": found,
        "taken": found.added + found.changed + found.unchanged,
        "origin": origin,
        "may_edit": may_edit,
        "may_write": request.actor.may(Right.EDIT_LETTERS),
        "may_export": request.actor.may(Right.EXPORT),
    }
    if not found.open:
        see = request.actor.may(Right.VIEW_PEOPLE)
        for name, kind in (("refused", "refused"), ("duplicates", "duplicate")):
            context[name] = queries.problems(request.actor, import_id, kind, cells=see)
    name = "_running" if request.htmx else "result"  # type: ignore[attr-defined]
    return render(request, f"console/lists/{name}.html", context)


@staff_only
@require_POST
def cancel(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """Stops it; nothing is written."""
    with told(request):
        imports.cancel_import(request.actor, import_id)
    return origin_of(request, request.actor).to("console:import-result", import_id)


@staff_only
@require_safe
def refused_file(request: StaffRequest, import_id: uuid.UUID) -> HttpResponse:
    """The rows that were not taken, with reasons, as a file; ``?kind=duplicate`` the merged ones."""
    kind = ImportProblem.Kind.REFUSED
    if request.GET.get("kind") == ImportProblem.Kind.DUPLICATE:
        kind = ImportProblem.Kind.DUPLICATE
    name, data = imports.refused_file(request.actor, import_id, kind)
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _read(
    request: StaffRequest, import_id: uuid.UUID, form: ReadingForm
) -> tuple[UploadPreview, bool]:
    """The file as it was asked to be read, else as it is guessed with the reason in the form."""
    override = form.override()
    problem: Invalid | None = None
    try:
        found = uploads.preview(request.actor, import_id, override)
    except Invalid as error:
        if override is None:
            raise
        problem = error
        found = uploads.preview(request.actor, import_id)
    form.show(found.preview)
    if problem is not None:
        problem.field = wording.PLACES.get(problem.code)
        add_problem(form, problem)
    return found, not form.errors


def _import_form(request: StaffRequest, found: UploadPreview, origin: Origin) -> ImportForm:
    address = found.proposal.address
    return ImportForm(
        request.POST if request.method == "POST" else None,
        columns=[
            (str(plan.column), shown_label(plan.column, plan.label))
            for plan in found.proposal.columns
        ],
        initial={
            "list_name": origin.list.name if origin.list else _name_of(found.file_name),
            "address": "" if address is None else str(address),
        },
    )


def _shown(request: StaffRequest, found: UploadPreview) -> dict[str, object]:
    preview = found.preview
    header = [shown_label(column.index, column.label) for column in preview.columns]
    return {
        "words": wording.reading_in_words(found),
        "doubts": wording.doubts(found),
        "hints": wording.BASIS_HINTS,
        "kinds": FIELD_KINDS,
        "header": header,
        "titles": [" ".join(filter(None, cells)) for cells in preview.title_rows],
        "width": len(preview.columns),
        "sample": [
            (
                row.number,
                [row.cell(index) for index in range(max(len(preview.columns), len(row.cells)))],
                reasons.row_sentence(row.problem, {}) if row.problem else "",
            )
            for row in preview.rows[:_SHOWN_ROWS]
        ],
        "list_names": [each.name for each in queries.lists(request.actor)],
    }


def _name_of(file_name: str) -> str:
    return (file_name.rpartition(".")[0] or file_name)[:120]
