"""Lists and the people on them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.audience import queries
from hatobin.audience.services import lists
from hatobin.audience.services import people as people_services
from hatobin.common.errors import HatobinError
from hatobin.console.lists.forms import ListNameForm, NewPersonForm, PersonForm
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import add_problem, attempt, staff_only, told


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every list."""
    context = {
        "lists": queries.lists(request.actor),
        "may_edit": request.actor.may(Right.EDIT_LISTS),
    }
    return render(request, "console/lists/index.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """The people on a list, searchable; its name can be changed here."""
    found = queries.list_summary(request.actor, list_id)
    form = ListNameForm(request.POST or None, initial={"name": found.name})
    if form.is_valid() and attempt(
        form, lists.rename_list, request.actor, list_id, name=form.cleaned_data["name"]
    ):
        messages.success(request, _("Saved."))
        return redirect("console:list", list_id)
    context = {
        "list": found,
        "form": form,
        "search": request.GET.get("q", ""),
        "may_edit": request.actor.may(Right.EDIT_LISTS),
        "fields": queries.fields_of_list(request.actor, list_id),
    }
    if request.actor.may(Right.VIEW_PEOPLE):
        context["page"] = queries.people(
            request.actor, list_id, search=str(context["search"]), page=page_number(request)
        )
    return render(request, "console/lists/show.html", context)


@staff_only
@require_POST
def delete(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """Removes a list."""
    try:
        lists.delete_list(request.actor, list_id)
    except HatobinError as error:
        messages.error(request, str(error))
        return redirect("console:list", list_id)
    messages.success(request, _("The list is deleted."))
    return redirect("console:lists")


@staff_only
@require_http_methods(["GET", "POST"])
def add_person(request: StaffRequest, list_id: uuid.UUID) -> HttpResponse:
    """One more person, by hand."""
    found = queries.list_summary(request.actor, list_id)
    names = [field.name for field in queries.fields_of_list(request.actor, list_id)]
    form = NewPersonForm(request.POST or None, names=names)
    if form.is_valid():
        data = form.cleaned_data
        try:
            people_services.add_person(
                request.actor, list_id, data["address"], form.values(), data["basis"]
            )
        except HatobinError as error:
            add_problem(form, error)
        else:
            messages.success(request, _("The person is on the list."))
            return redirect("console:list", list_id)
    return render(request, "console/lists/person_form.html", {"form": form, "list": found})


@staff_only
@require_http_methods(["GET", "POST"])
def person(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Everything known about a person, and a form to correct it."""
    found = queries.person_detail(request.actor, contact_id)
    names = [field.name for field in found.fields]
    initial = {f"field:{field.name}": field.value for field in found.fields}
    form = PersonForm(request.POST or None, names=names, initial=initial)
    if form.is_valid() and attempt(
        form,
        people_services.edit_person,
        request.actor,
        contact_id,
        form.values(),
        revision=_revision(request),
    ):
        messages.success(request, _("Saved."))
        return redirect("console:person", contact_id)
    context = {
        "person": found,
        "form": form,
        "may_edit": request.actor.may(Right.EDIT_LISTS),
    }
    return render(request, "console/lists/person.html", context)


@staff_only
@require_POST
def remove_person(request: StaffRequest, list_id: uuid.UUID, contact_id: int) -> HttpResponse:
    """Takes a person off a list."""
    with told(request):
        people_services.remove_person(request.actor, list_id, contact_id)
        messages.success(request, _("The person is off the list."))
    return redirect("console:list", list_id)


def _revision(request: StaffRequest) -> int | None:
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 9 else None
