"""Step 4: by which way, the number typed, and the letter is on hold; then the hand on the brake."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import queries
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, control, drafts, release
from hatobin.common.errors import Conflict, HatobinError, NotAllowed
from hatobin.console.letters.forms import SendForm
from hatobin.console.letters.shell import shell
from hatobin.console.letters.trying import TriesForm, carried_tries, shown_tries, tries_form
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, attempt, staff_only, told
from hatobin.delivery import queries as delivery

_ACTS: dict[str, Callable[[Actor, uuid.UUID], object]] = {
    "call-back": control.call_back,
    "pause": control.pause,
    "resume": control.resume,
    "stop": control.stop,
    "resend": control.resend_in_doubt,
    "leave": control.leave_in_doubt,
    "retry": control.retry_put_off,
}


@staff_only
@require_http_methods(["GET", "POST"])
def send(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The number is repeated and typed; then the letter is on hold."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.status is not Status.DRAFT:
        return redirect("console:letter-result", letter_id)
    form = SendForm(request.POST or None)
    conflict: Conflict | None = None
    tries = carried_tries(request, letter)
    whole = form.is_valid() & (tries is None or tries.is_valid())
    shown = form.cleaned_data.get("egress") if form.is_bound else None
    another = _use_way(request, letter, shown) if shown not in {None, letter.egress_id} else ""
    if another:
        form = SendForm()
        letter = queries.campaign(request.actor, letter_id)
        if letter.status is not Status.DRAFT:
            return redirect("console:letter-result", letter_id)
    elif whole:
        times = tries.typed() if tries else {}
        try:
            release.release(
                request.actor,
                letter_id,
                typed_number=form.cleaned_data["typed_number"],
                seal=form.cleaned_data["seal"],
                give_up_after=times.get("give_up_after"),
                retry=times.get("retry"),
            )
        except Conflict as error:
            conflict = error
        except HatobinError as error:
            add_problem(tries if tries and error.field in tries.fields else form, error)
        else:
            return redirect("console:letter-result", letter_id)
    context = _context(request, letter, form, tries) | {"conflict": conflict, "another": another}
    status = 409 if conflict or another else 422 if form.is_bound else 200
    return render(request, "console/letters/send.html", context, status=status)


@staff_only
@require_POST
def choose_egress(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """By which road. Times that were chosen on the same page and not saved yet are saved with it."""
    tries = _keep_tries(request, letter_id)
    try:
        chosen = uuid.UUID(request.POST.get("egress", ""))
    except ValueError:
        messages.error(request, _("Choose one of the ways of sending."))
    else:
        _keep_way(request, letter_id, chosen)
    if tries is not None and tries.errors:
        return _times_again(request, letter_id, tries)
    return redirect(f"{reverse('console:letter-send', args=[letter_id])}?chosen")


@staff_only
@require_POST
def act(request: StaffRequest, letter_id: uuid.UUID, what: str) -> HttpResponse:
    """One of the buttons: call back, pause, resume, stop, resend or leave what is in doubt, retry."""
    if what not in _ACTS:
        return HttpResponse(status=404)
    with told(request):
        _ACTS[what](request.actor, letter_id)
        messages.success(request, _said(what))
        if what == "call-back":
            return redirect("console:letter-check", letter_id)
    return redirect("console:letter-result", letter_id)


@staff_only
@require_http_methods(["GET", "POST"])
def choose_tries(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """How long its letters are tried, and when again; a way chosen on the same page is saved with it."""
    letter = queries.campaign(request.actor, letter_id)
    page = reverse("console:letter-send", args=[letter_id])
    if request.method == "GET" or letter.status is not Status.DRAFT:
        return redirect(page)
    check_right(request.actor, Right.EDIT_LETTERS)
    tries = _keep_tries(request, letter_id)
    with suppress(ValueError):
        chosen = uuid.UUID(request.POST.get("egress", ""))
        if chosen != letter.egress_id:
            _keep_way(request, letter_id, chosen)
    if tries is not None and tries.errors:
        return _times_again(request, letter_id, tries)
    return redirect(page)


def _keep_tries(request: StaffRequest, letter_id: uuid.UUID) -> TriesForm | None:
    """Saves the times that the page sent along and says so; what cannot be used stands in the form."""
    letter = queries.campaign(request.actor, letter_id)
    form = carried_tries(request, letter)
    if form is None or not form.is_valid():
        return form
    revision = form.cleaned_data["revision"]
    done = attempt(form, drafts.save_tries, request.actor, letter_id, revision, **form.typed())
    if done and queries.campaign(request.actor, letter_id).revision != revision:
        messages.success(request, _("The times of this letter are saved."))
    return form


def _keep_way(request: StaffRequest, letter_id: uuid.UUID, chosen: uuid.UUID) -> None:
    with told(request):
        letter = queries.campaign(request.actor, letter_id)
        saved = drafts.save_sending(request.actor, letter_id, letter.revision, chosen)
        messages.success(
            request, _("This letter will leave by “%(way)s”.") % {"way": saved.egress_name}
        )


def _times_again(request: StaffRequest, letter_id: uuid.UUID, tries: TriesForm) -> HttpResponse:
    letter = queries.campaign(request.actor, letter_id)
    context = _context(request, letter, SendForm(), tries)
    return render(request, "console/letters/send.html", context, status=422)


def _use_way(request: StaffRequest, letter: queries.CampaignView, egress_id: uuid.UUID) -> str:
    """The way that the page showed as chosen becomes the letter's; says so, or why it cannot.

    Nothing is released with it: the number was typed under another one.
    """
    try:
        saved = drafts.save_sending(request.actor, letter.id, letter.revision, egress_id)
    except NotAllowed:
        raise
    except HatobinError as error:
        return str(error)
    return _("You chose another way, “%(way)s”. It is saved, and nothing has been sent.") % {
        "way": saved.egress_name
    }


def _context(
    request: StaffRequest,
    letter: queries.CampaignView,
    form: SendForm,
    tries: TriesForm | None = None,
) -> dict[str, object]:
    """Everything is looked at anew: the number, its seal and the hold are of the way that is shown."""
    found = checks.check(request.actor, letter.id)
    form.fields["seal"].initial = found.seal
    if form.errors:
        form.fields["typed_number"].widget.attrs["data-focus"] = ""
    roads = delivery.egresses(request.actor)
    first = None
    if found.compiled_ok and found.sendable:
        first = checks.preview(request.actor, letter.id)
    return {
        "form": form,
        "check": found,
        "roads": roads,
        "road": next((each for each in roads if each.id == letter.egress_id), None),
        "chosen": "chosen" in request.GET,
        "first": first,
        "tries": tries or tries_form(request, letter),
        "shown": shown_tries(request, letter),
        "hold": _duration(release.hold_of(letter).total_seconds()),
        "several": request.actor.may(Right.VIEW_PEOPLE),
        **shell(request, letter, "send", checked=found.can_send),
    }


def _duration(seconds: float) -> str:
    if seconds < 120 or seconds % 60:
        count = int(seconds)
        return ngettext("%(count)s second", "%(count)s seconds", count) % {"count": count}
    count = int(seconds // 60)
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}


def _said(what: str) -> str:
    return {
        "call-back": _("The letter is called back. Nothing has left; it is a draft again."),
        "pause": _("Sending is paused."),
        "resume": _("Sending goes on."),
        "stop": _("Sending is stopped. Nothing more leaves."),
        "resend": _("The letters in doubt are sent once more."),
        "leave": _("The letters in doubt stay as they are."),
        "retry": _("The letters that were put off are tried now."),
    }[what]
