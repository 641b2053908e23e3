"""Steps 4 and 5: release, watch, brake, result."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Actor, Right
from hatobin.analytics import queries as analytics
from hatobin.analytics.services import files
from hatobin.campaigns import queries
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, control, drafts, release
from hatobin.common.errors import HatobinError
from hatobin.console.letters.drafting import STEPS
from hatobin.console.letters.forms import SendForm
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import add_problem, staff_only, told
from hatobin.delivery import queries as delivery
from hatobin.delivery.models import DeliveryState

_ACTS: dict[str, tuple[Callable[[Actor, uuid.UUID], object], str]] = {
    "call-back": (control.call_back, "draft"),
    "pause": (control.pause, "result"),
    "resume": (control.resume, "result"),
    "stop": (control.stop, "result"),
    "resend": (control.resend_in_doubt, "result"),
    "leave": (control.leave_in_doubt, "result"),
}


@staff_only
@require_http_methods(["GET", "POST"])
def send(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Step 4: the number is repeated and typed; then the letter is on hold."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.status is not Status.DRAFT:
        return redirect("console:letter-result", letter_id)
    form = SendForm(request.POST or None)
    if form.is_valid():
        try:
            release.release(request.actor, letter_id, **form.cleaned_data)
        except HatobinError as error:
            add_problem(form, error)
        else:
            return redirect("console:letter-result", letter_id)
    check = checks.check(request.actor, letter_id)
    if not form.is_bound:
        form = SendForm(initial={"seal": check.seal})
    context = {
        "form": form,
        "check": check,
        "egresses": delivery.egresses(request.actor),
        "may_send": request.actor.may(Right.SEND),
        **_shell(letter, "send"),
    }
    return render(request, "console/letters/send.html", context)


@staff_only
@require_POST
def choose_egress(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """By which road."""
    with told(request):
        letter = queries.campaign(request.actor, letter_id)
        chosen = uuid.UUID(request.POST.get("egress", ""))
        drafts.save_sending(request.actor, letter_id, letter.revision, chosen)
    return redirect("console:letter-send", letter_id)


@staff_only
@require_safe
def result(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Step 5: live while it goes, the sums, and a row per person."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.dispatch_id is None:
        return redirect("console:letter", letter_id)
    wanted = request.GET.get("state", "")
    context = {
        "progress": delivery.progress(letter.dispatch_id),
        "outcome": analytics.outcome(request.actor, letter_id),
        "state": wanted if wanted in DeliveryState.values else "",
        "states": DeliveryState.choices,
        "search": request.GET.get("q", ""),
        "may_stop": request.actor.may(Right.STOP),
        "may_send": request.actor.may(Right.SEND),
        "may_export": request.actor.may(Right.EXPORT),
        **_shell(letter, "result"),
    }
    if request.actor.may(Right.VIEW_PEOPLE):
        context["rows"] = analytics.rows(
            request.actor,
            letter_id,
            states=[wanted] if context["state"] else [],
            search=str(context["search"]),
            page=page_number(request),
        )
    return render(request, "console/letters/result.html", context)


@staff_only
@require_safe
def progress(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The live part alone. 286 tells the page to stop asking once everything has ended."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.dispatch_id is None:
        return HttpResponse(status=286)
    context = {
        "progress": delivery.progress(letter.dispatch_id),
        "may_stop": request.actor.may(Right.STOP),
        "may_send": request.actor.may(Right.SEND),
        **_shell(letter, "result"),
    }
    over = letter.status in {Status.DONE, Status.STOPPED}
    response = render(request, "console/letters/_progress.html", context)
    if over:
        response.headers["HX-Refresh"] = "true"
    return response


@staff_only
@require_POST
def act(request: StaffRequest, letter_id: uuid.UUID, what: str) -> HttpResponse:
    """One of the buttons: call back, pause, resume, stop, resend or leave what is in doubt."""
    if what not in _ACTS:
        return HttpResponse(status=404)
    call, after = _ACTS[what]
    with told(request):
        call(request.actor, letter_id)
        messages.success(request, _said(what))
        if after == "draft":
            return redirect("console:letter-check", letter_id)
    return redirect("console:letter-result", letter_id)


@staff_only
@require_safe
def csv_file(request: StaffRequest, letter_id: uuid.UUID) -> StreamingHttpResponse:
    """The people of one state (or all) as a file for a spreadsheet program."""
    state = request.GET.get("state") or None
    pieces = files.csv_of_state(request.actor, letter_id, state)
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"letter-{str(letter_id)[-6:]}-{state or 'all'}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shell(letter: queries.CampaignView, step: str) -> dict[str, object]:
    return {"letter": letter, "step": step, "done": queries.step_status(letter), "steps": STEPS}


def _said(what: str) -> str:
    return {
        "call-back": _("The letter is called back. Nothing has left; it is a draft again."),
        "pause": _("Sending is paused."),
        "resume": _("Sending goes on."),
        "stop": _("Sending is stopped. Nothing more leaves."),
        "resend": _("The letters in doubt are sent once more."),
        "leave": _("The letters in doubt stay as they are."),
    }[what]
