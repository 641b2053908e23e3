"""Steps 1 to 3: people, letter, check. Each leaves a saved draft."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.audience import queries as audience
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, drafts, testing
from hatobin.common.errors import Conflict, HatobinError
from hatobin.console.letters.forms import (
    ChooseListForm,
    LetterForm,
    NameForm,
    TestForm,
    fallback_rows,
)
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.sandbox.views import FRAME_POLICY
from hatobin.console.shared import add_problem, attempt, staff_only, told
from hatobin.senders import queries as senders

STEPS = ("people", "letter", "check", "send", "result")


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every letter, last changed first."""
    wanted = request.GET.get("status", "")
    status = Status(wanted) if wanted in list(Status) else None
    page = queries.campaigns(request.actor, page=page_number(request), status=status)
    context = {
        "page": page,
        "status": status,
        "statuses": [(each, page.counts[each]) for each in Status],
        "may_write": request.actor.may(Right.EDIT_LETTERS),
    }
    return render(request, "console/letters/index.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A name, and the first step opens."""
    form = NameForm(request.POST or None)
    if form.is_valid():
        try:
            made = drafts.create(request.actor, form.cleaned_data["name"])
        except HatobinError as error:
            add_problem(form, error)
        else:
            return redirect("console:letter-people", made.id)
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
    """Step 1: choose a list, or bring a file."""
    letter = queries.campaign(request.actor, letter_id)
    lists = audience.lists(request.actor)
    form = ChooseListForm(
        request.POST or None,
        choices=[(str(each.id), each.name) for each in lists],
        initial={"list_id": str(letter.list_id or "")},
    )
    if form.is_valid() and attempt(
        form,
        drafts.save_people,
        request.actor,
        letter_id,
        letter.revision,
        uuid.UUID(form.cleaned_data["list_id"]),
    ):
        return redirect("console:letter-letter", letter_id)
    context = {"form": form, "lists": lists, **_shell(letter, "people")}
    return render(request, "console/letters/people.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def write(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Step 2: sender, subject, letter, merge fields."""
    letter = queries.campaign(request.actor, letter_id)
    names = _field_names(request, letter)
    form = _letter_form(request, letter)
    stale: CampaignView | None = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        identity_id = uuid.UUID(data["identity_id"]) if data["identity_id"] else None
        try:
            saved = drafts.save_letter(
                request.actor, letter_id, data["revision"], form.draft(), identity_id, data["kind"]
            )
        except Conflict as error:
            add_problem(form, error)
            stale = queries.campaign(request.actor, letter_id)
        except HatobinError as error:
            add_problem(form, error)
        else:
            return _after_write(request, saved)
    fallbacks = dict(form.cleaned_data.get("fallbacks", {})) if form.is_bound else {}
    context = {
        "form": form,
        "names": names,
        "fallbacks": fallback_rows(names, fallbacks or dict(letter.letter.fallbacks)),
        "stale": stale,
        **_shell(letter, "letter"),
    }
    status = 409 if stale else 200
    return render(request, "console/letters/letter.html", context, status=status)


@staff_only
@require_safe
def check(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Step 3: the number, what is missing, and the real letters."""
    letter = queries.campaign(request.actor, letter_id)
    context = _shell(letter, "check")
    try:
        context["check"] = checks.check(request.actor, letter_id)
        context["interesting"] = checks.interesting(request.actor, letter_id)
        context["preview"] = checks.preview(request.actor, letter_id, _index(request))
    except HatobinError as error:
        context["problem"] = error
    context["test_form"] = TestForm(initial={"recipient": request.user.email})
    return render(request, "console/letters/check.html", context)


@staff_only
@require_safe
def preview(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """One person's letter, for the preview's next and previous."""
    letter = queries.campaign(request.actor, letter_id)
    found = checks.preview(request.actor, letter_id, _index(request))
    context = {"preview": found, **_shell(letter, "check")}
    return render(request, "console/letters/_preview.html", context)


@xframe_options_sameorigin
@staff_only
@require_safe
def preview_html(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The HTML of one person's letter alone, for the frame."""
    found = checks.preview(request.actor, letter_id, _index(request))
    response = HttpResponse(found.html)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@staff_only
@require_POST
def send_test(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """One test letter, as the person who is shown would get it."""
    form = TestForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a mail address for the test."))
        return redirect("console:letter-check", letter_id)
    with told(request):
        recipient = form.cleaned_data["recipient"]
        testing.send_test(request.actor, letter_id, _index(request), recipient=recipient)
        messages.success(
            request, _("A test letter is on its way to %(address)s.") % {"address": recipient}
        )
    return redirect("console:letter-check", letter_id)


@staff_only
@require_POST
def duplicate(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """A new draft like this letter."""
    return redirect("console:letter", drafts.duplicate(request.actor, letter_id).id)


@staff_only
@require_POST
def delete(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Removes a draft."""
    with told(request):
        drafts.delete_draft(request.actor, letter_id)
        messages.success(request, _("The draft is deleted."))
    return redirect("console:letters")


def _shell(letter: CampaignView, step: str) -> dict[str, object]:
    return {"letter": letter, "step": step, "done": queries.step_status(letter), "steps": STEPS}


def _letter_form(request: StaffRequest, letter: CampaignView) -> LetterForm:
    draft = letter.letter
    names = ("mode", "subject", "preheader", "html", "text", "text_edited")
    initial = {name: getattr(draft, name) for name in names}
    initial |= {"identity_id": str(letter.identity_id or ""), "kind": letter.kind}
    initial["revision"] = letter.revision
    found = senders.identities(request.actor)
    choices = [(str(each.pk), f"{each.display_name} <{each.address}>") for each in found]
    return LetterForm(request.POST or None, initial=initial, identities=choices)


def _after_write(request: StaffRequest, saved: CampaignView) -> HttpResponse:
    if "autosave" in request.POST:
        response = HttpResponse(status=204)
        response.headers["X-Revision"] = str(saved.revision)
        return response
    if "stay" in request.POST:
        messages.success(request, _("The draft is saved."))
        return redirect("console:letter-letter", saved.id)
    return redirect("console:letter-check", saved.id)


def _field_names(request: StaffRequest, letter: CampaignView) -> list[str]:
    if letter.list_id is None:
        return []
    return [field.name for field in audience.fields_of_list(request.actor, letter.list_id)]


def _index(request: StaffRequest) -> int:
    text = request.GET.get("index", request.POST.get("index", ""))
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1
