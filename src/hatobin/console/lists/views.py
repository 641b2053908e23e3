"""Lists and the people on them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.audience import queries
from hatobin.audience.models import Field, FieldKind
from hatobin.audience.queries import PersonDetail
from hatobin.audience.services import lists
from hatobin.audience.services import people as people_services
from hatobin.common.errors import Conflict, HatobinError, NotAllowed, NotFound
from hatobin.console.lists.forms import ListNameForm, NewPersonForm, PersonForm
from hatobin.console.lists.wording import BASIS_HINTS
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import add_problem, attempt, staff_only, told
from hatobin.wire.address import in_own_letters

_SHOWN_IMPORTS = 5
_PEOPLE = 25  # a page
_SHOWN_FIELDS = 3
_NAME_KINDS = (FieldKind.NAME, FieldKind.FAMILY_NAME, FieldKind.GIVEN_NAME)
_FIRST_KINDS = [kind.value for kind in (*_NAME_KINDS, FieldKind.COMPANY)]


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every list, and the files that were read last."""
    stopped = queries.stopped_counts(request.actor)
    found = queries.lists(request.actor)
    context = {
        "lists": [(each, stopped.get(each.id, 0)) for each in found],
        "imports": queries.imports(request.actor, limit=_SHOWN_IMPORTS),
        "may_edit": request.actor.may(Right.EDIT_LISTS),
    }
    return render(request, "console/lists/index.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """The people on a list, searchable; its name can be changed here."""
    found = queries.list_summary(request.actor, list_id)
    form = ListNameForm(request.POST or None, initial={"list_name": found.name})
    if form.is_valid() and attempt(
        form, lists.rename_list, request.actor, list_id, name=form.cleaned_data["list_name"]
    ):
        messages.success(request, _("Saved."))
        return redirect("console:list", list_id)
    search = request.GET.get("q", "")
    fields = queries.fields_of_list(request.actor, list_id)
    context: dict[str, object] = {
        "list": found,
        "count": queries.count(request.actor.workspace_id, list_id),
        "form": form,
        "search": search,
        "may_edit": request.actor.may(Right.EDIT_LISTS),
        "may_write": request.actor.may(Right.EDIT_LETTERS),
        "fields": fields,
        "imports": queries.imports(request.actor, list_id, limit=_SHOWN_IMPORTS),
    }
    if request.actor.may(Right.VIEW_PEOPLE):
        page = queries.people(
            request.actor, list_id, search=search, page=page_number(request), per_page=_PEOPLE
        )
        shown = sorted(fields, key=_by_kind)[:_SHOWN_FIELDS]
        context["page"] = page
        context["shown_fields"] = shown
        context["people"] = [
            (row, [(field.name, row.fields.get(field.name, "")) for field in shown])
            for row in page.items
        ]
    return render(request, "console/lists/show.html", context)


@staff_only
@require_POST
def delete(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """Removes a list."""
    try:
        lists.delete_list(request.actor, list_id)
    except (NotAllowed, NotFound):
        raise
    except HatobinError as error:
        messages.error(request, str(error))
        return redirect("console:list", list_id)
    messages.success(request, _("The list is deleted."))
    return redirect("console:lists")


@staff_only
@require_http_methods(["GET", "POST"])
def add_person(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """One more person, by hand."""
    check_right(request.actor, Right.EDIT_LISTS)
    found = queries.list_summary(request.actor, list_id)
    fields = queries.fields_of_list(request.actor, list_id)
    form = NewPersonForm(request.POST or None, fields=fields)
    if form.is_valid():
        data = form.cleaned_data
        try:
            # What is left empty says nothing: somebody who is known already keeps it.
            given = {name: value for name, value in form.values().items() if value}
            people_services.add_person(
                request.actor, list_id, data["address"], given, data["basis"]
            )
        except HatobinError as error:
            error.field = form.key_of(error.field)
            add_problem(form, error)
        else:
            messages.success(request, _("The person is on the list."))
            return redirect("console:list", list_id)
    context = {"form": form, "list": found, "hints": BASIS_HINTS}
    return render(request, "console/lists/person_form.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def person(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Everything known about a person, and a form to correct it."""
    found = queries.person_detail(request.actor, contact_id)
    values = {field.name: field.value for field in found.fields}
    known = _fields_of(request, found)
    form = PersonForm(request.POST or None, fields=known, values=values)
    stale = False
    if request.method == "POST" and form.is_valid():
        try:
            people_services.edit_person(
                request.actor, contact_id, form.values(), revision=_revision(request)
            )
        except HatobinError as error:
            stale = isinstance(error, Conflict)
            error.field = form.key_of(error.field)
            add_problem(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:person", contact_id)
    names = [field.value for field in found.fields if field.kind in _NAME_KINDS and field.value]
    context = {
        "person": found,
        "title": " ".join(names) or in_own_letters(found.address),
        # A form that came back keeps the revision it was opened with: pressing again changes nothing.
        "revision": _revision(request) if form.is_bound else found.revision,
        "form": form,
        "stale": stale,
        "may_edit": request.actor.may(Right.EDIT_LISTS),
    }
    return render(request, "console/lists/person.html", context, status=409 if stale else 200)


@staff_only
@require_POST
def remove_person(request: StaffRequest, list_id: uuid.UUID, contact_id: int) -> HttpResponse:
    """Takes a person off a list."""
    with told(request):
        people_services.remove_person(request.actor, list_id, contact_id)
        messages.success(request, _("The person is off the list."))
    return redirect("console:list", list_id)


def _by_kind(field: Field) -> int:
    """What one knows people by comes first, else the order of the file."""
    return _FIRST_KINDS.index(field.kind) if field.kind in _FIRST_KINDS else len(_FIRST_KINDS)


def _fields_of(request: StaffRequest, person: PersonDetail) -> list[Field]:
    """What the person has, and what the lists they are on have for everybody."""
    names = {field.name for field in person.fields}
    for place in person.lists:
        names |= {field.name for field in queries.fields_of_list(request.actor, place.list_id)}
    return [field for field in queries.fields(request.actor) if field.name in names]


def _revision(request: StaffRequest) -> int | None:
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 9 else None
