"""The list of letters, and step 1: who gets this letter."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.audience import queries as audience
from hatobin.audience.queries import ListSummary
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import drafts
from hatobin.common.errors import HatobinError
from hatobin.console.letters.forms import ChooseListForm, NameForm
from hatobin.console.letters.lines import lines
from hatobin.console.letters.shell import shell
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.parts import state_look
from hatobin.console.shared import add_problem, attempt, staff_only, told
from hatobin.console.templatetags.hatobin_ui import thousands, when
from hatobin.delivery.queries.held_up import held_up

_FIELDS_SHOWN = 6


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every letter, last changed first."""
    wanted = request.GET.get("status", "")
    status = Status(wanted) if wanted in list(Status) else None
    page = queries.campaigns(request.actor, page=page_number(request), status=status)
    context = {
        "page": page,
        "lines": lines(request, page.campaigns, held_up(request.actor)),
        "status": status,
        "everything": sum(page.counts.values()),
        "statuses": [
            (each, state_look(each)[2], page.counts[each]) for each in Status if page.counts[each]
        ],
        "may_write": request.actor.may(Right.EDIT_LETTERS),
    }
    return render(request, "console/letters/index.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A name, and the first step opens; ``?list=`` is chosen there already."""
    check_right(request.actor, Right.EDIT_LETTERS)
    form = NameForm(request.POST or None)
    if form.is_valid():
        try:
            made = drafts.create(request.actor, form.cleaned_data["name"])
        except HatobinError as error:
            add_problem(form, error)
        else:
            brought = urlencode({"list": request.GET["list"]}) if "list" in request.GET else ""
            target = reverse("console:letter-people", args=[made.id])
            return redirect(f"{target}?{brought}" if brought else target)
    return render(request, "console/letters/new.html", {"form": form})


@staff_only
@require_safe
def open_letter(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Goes to the step that is next."""
    letter = queries.campaign(request.actor, letter_id)
    steps = queries.step_status(letter)
    if letter.status is not Status.DRAFT:
        return redirect("console:letter-result", letter_id)
    if not request.actor.may(Right.EDIT_LETTERS):
        return redirect("console:letter-check", letter_id)
    name = "people" if not steps.people else "letter" if not steps.letter else "check"
    return redirect(f"console:letter-{name}", letter_id)


@staff_only
@require_http_methods(["GET", "POST"])
def people(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Step 1: choose a list, or bring a file. ``?list=`` chooses one that was just brought."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.status is not Status.DRAFT:
        return redirect("console:letter-result", letter_id)
    lists = audience.lists(request.actor)
    form = _choose_form(request, letter, lists)
    if form.is_valid() and attempt(
        form,
        drafts.save_people,
        request.actor,
        letter_id,
        form.cleaned_data["revision"],
        uuid.UUID(form.cleaned_data["list_id"]),
    ):
        return redirect("console:letter-letter", letter_id)
    letter = queries.campaign(request.actor, letter_id)
    context = {
        "form": form,
        "lists": lists,
        "hints": {str(each.id): _hint(each) for each in lists},
        "name_form": NameForm(initial={"name": letter.name}),
        **shell(request, letter, "people"),
    }
    return render(request, "console/letters/people.html", context)


@staff_only
@require_POST
def rename(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Another name in the office."""
    letter = queries.campaign(request.actor, letter_id)
    with told(request):
        drafts.rename(request.actor, letter_id, letter.revision, request.POST.get("name", ""))
        messages.success(request, _("The letter has a new name."))
    return redirect("console:letter-people", letter_id)


@staff_only
@require_POST
def duplicate(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """A new draft like this letter, opened where it is likely to be changed."""
    made = drafts.duplicate(request.actor, letter_id)
    messages.success(request, _("This is the copy: a new draft. Nothing of it has been sent."))
    step = "letter" if queries.step_status(made).people else "people"
    return redirect(f"console:letter-{step}", made.id)


@staff_only
@require_POST
def delete(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Removes a draft."""
    with told(request):
        drafts.delete_draft(request.actor, letter_id)
        messages.success(request, _("The draft is deleted."))
    return redirect("console:letters")


def _choose_form(
    request: StaffRequest, letter: CampaignView, lists: list[ListSummary]
) -> ChooseListForm:
    brought = request.GET.get("list", "")
    known = {str(each.id) for each in lists}
    chosen = brought if brought in known else str(letter.list_id or "")
    if not chosen and len(lists) == 1:
        chosen = str(lists[0].id)
    return ChooseListForm(
        request.POST or None,
        choices=[(str(each.id), each.name) for each in lists],
        initial={"list_id": chosen, "revision": letter.revision},
    )


def _hint(each: ListSummary) -> SafeString:
    """How many, which fields, since when: what tells one list from another."""
    people = ngettext("%(people)s person", "%(people)s people", each.people) % {
        "people": thousands(each.people) or "0"
    }
    names = format_html_join(
        "",
        '<span class="field-name">{}</span>',
        ((name,) for name in each.field_names[:_FIELDS_SHOWN]),
    )
    more = "…" if len(each.field_names) > _FIELDS_SHOWN else ""
    return format_html(
        '<span class="tile-facts"><b>{}</b><span>{} {}</span></span>'
        '<span class="field-names">{}{}</span>',
        people,
        _("Last change"),
        when(each.updated),
        names,
        more,
    )
