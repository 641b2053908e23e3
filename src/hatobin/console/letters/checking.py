"""Step 3: the number, what is missing, and everybody's letter to look at."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.audience import queries as audience
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, testing
from hatobin.campaigns.services.checks import Check
from hatobin.common.errors import HatobinError
from hatobin.console.letters.forms import TestForm
from hatobin.console.letters.shell import shell
from hatobin.console.middleware import StaffRequest
from hatobin.console.sandbox.views import FRAME_POLICY
from hatobin.console.shared import add_problem, staff_only
from hatobin.guard.findings import Finding

VIEWS: tuple[tuple[str, Promise], ...] = (
    ("wide", pgettext_lazy("view", "Computer")),
    ("phone", pgettext_lazy("view", "Phone")),
    ("text", pgettext_lazy("view", "Text only")),
)
_TESTED = "tested"  # in the session
_TO_LETTER = gettext_lazy("Correct it in the letter")
# Where a finding can be corrected: view, anchor, words of the link.
_PLACES: dict[str, tuple[str, str, Promise]] = {
    "people": ("console:letter-people", "", gettext_lazy("Look at the list")),
    "list": ("console:letter-people", "", gettext_lazy("Choose a list")),
    "identity": ("console:letter-letter", "#id_identity_id", gettext_lazy("Choose a sender")),
    "subject": ("console:letter-letter", "#id_subject", _TO_LETTER),
    "preheader": ("console:letter-letter", "#id_preheader", _TO_LETTER),
    "html": ("console:letter-letter", "#body", _TO_LETTER),
    "text": ("console:letter-letter", "#body", _TO_LETTER),
    "letter": ("console:letter-letter", "#body", _TO_LETTER),
    "fallbacks": ("console:letter-letter", "#fallbacks", gettext_lazy("Set what stands instead")),
    "egress": ("console:letter-send", "", gettext_lazy("Choose a way of sending")),
}
_SETTINGS: dict[str, tuple[str, Promise]] = {
    "profile": ("console:settings-sender", gettext_lazy("Open the sender settings")),
    "domains": ("console:settings-domains", gettext_lazy("Open the sending domains")),
    "workspace": ("console:settings-workspace", gettext_lazy("Open the workspace settings")),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownFinding:
    """A finding with the link to where it is corrected."""

    text: str
    advice: str
    positions: tuple[int, ...]
    url: str
    link: str


@staff_only
@require_safe
def check(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The page. ``?person=`` counts from 1; ``lot`` draws one."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.status is not Status.DRAFT:
        return redirect("console:letter-result", letter_id)
    return _page(request, letter, TestForm(initial={"recipient": request.user.email}))


@staff_only
@require_safe
def preview(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """One person's letter, for moving about in the preview; nobody else's is made for it."""
    letter = queries.campaign(request.actor, letter_id)
    total = (
        audience.count(request.actor.workspace_id, letter.list_id).sendable if letter.list_id else 0
    )
    context = _preview(request, letter, total)
    return render(request, "console/letters/_preview.html", {"letter": letter, **context})


@xframe_options_sameorigin
@staff_only
@require_safe
def preview_html(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The HTML of one person's letter alone, for the frame."""
    found = checks.preview(request.actor, letter_id, _number(request) - 1)
    response = HttpResponse(found.html)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@staff_only
@require_POST
def send_test(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """One test letter, as the person who is shown would get it."""
    letter = queries.campaign(request.actor, letter_id)
    form = TestForm(request.POST)
    if form.is_valid():
        recipient = form.cleaned_data["recipient"]
        number = _number(request)
        try:
            testing.send_test(request.actor, letter_id, number - 1, recipient=recipient)
        except HatobinError as error:
            add_problem(form, error)
        else:
            request.session[_TESTED] = {"letter": str(letter_id), "to": recipient}
            page = reverse("console:letter-check", args=[letter_id])
            return redirect(f"{page}?person={number}#tested")
    return _page(request, letter, form, status=422)


def _page(
    request: StaffRequest, letter: CampaignView, test_form: TestForm, status: int = 200
) -> HttpResponse:
    found = checks.check(request.actor, letter.id)
    context = {
        "check": found,
        "must": [_shown(letter, each) for each in found.findings if each.level == "refuse"],
        "look": [_shown(letter, each) for each in found.findings if each.level != "refuse"],
        "jumps": _jumps(found) if request.actor.may(Right.VIEW_PEOPLE) else [],
        "test_form": test_form,
        "tested": _tested(request, letter),
        "may_test": request.actor.may(Right.EDIT_LETTERS) and request.actor.may(Right.VIEW_PEOPLE),
        **shell(request, letter, "check", checked=found.can_send),
    }
    if found.compiled_ok and letter.list_id is not None and found.sendable:
        context |= _preview(request, letter, found.sendable)
    return render(request, "console/letters/check.html", context, status=status)


def _preview(request: StaffRequest, letter: CampaignView, total: int) -> dict[str, object]:
    """Someone who asks beyond the last person is shown the last."""
    number = _number(request)
    if total:
        drawn = request.GET.get("person") == "lot"
        number = random.randint(1, total) if drawn else min(number, total)  # noqa: S311 - no secret
    wanted = request.GET.get("view", "")
    found = checks.preview(request.actor, letter.id, number - 1)
    view = wanted if wanted in dict(VIEWS) and found.html else "wide" if found.html else "text"
    return {
        "preview": found,
        "number": found.index + 1,
        "view": view,
        "views": VIEWS if found.html else VIEWS[2:],
        "several": request.actor.may(Right.VIEW_PEOPLE),
    }


def _tested(request: StaffRequest, letter: CampaignView) -> str:
    """To whom a test of this letter has just gone: said once, beside the button."""
    last = request.session.get(_TESTED)
    if not last or last["letter"] != str(letter.id):
        return ""
    del request.session[_TESTED]
    return str(last["to"])


def _jumps(found: Check) -> list[tuple[str, str]]:
    """(words, ?person=) of the people worth looking at."""
    if not found.sendable:
        return []
    made = [(_("First"), "1"), (_("Last"), str(found.sendable)), (_("At random"), "lot")]
    made += [(_("With an empty field"), str(index + 1)) for index in found.gaps[:1]]
    return made


def _shown(letter: CampaignView, finding: Finding) -> ShownFinding:
    url, link = "", ""
    where = "fallbacks" if finding.code == "empty-fields" else finding.where
    if where in _SETTINGS:
        view, words = _SETTINGS[where]
        url, link = reverse(view), str(words)
    elif where in _PLACES:
        view, anchor, words = _PLACES[where]
        url, link = reverse(view, args=[letter.id]) + anchor, str(words)
    return ShownFinding(
        text=finding.text,
        advice=finding.advice,
        positions=finding.positions,
        url=url,
        link=link,
    )


def _number(request: StaffRequest) -> int:
    text = request.GET.get("person", request.POST.get("person", ""))
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1
