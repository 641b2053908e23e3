"""Step 2: what is written, and by whom. Saved by hand or by itself; never over somebody else's words."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import queries
from hatobin.campaigns.models import LetterKind
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, drafts
from hatobin.common.errors import Conflict, HatobinError
from hatobin.console.letters.forms import KIND_HINTS, MODE_HINTS, LetterForm, fallback_rows
from hatobin.console.letters.shell import chips, fields_of, shell
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, staff_only
from hatobin.content import clean
from hatobin.content.footer import ShownFooter, shown_footer
from hatobin.content.letters import LegalFooter
from hatobin.senders import queries as senders

_NO_FACTS = LegalFooter(organisation="…", postal_address="…", contact="…")


@staff_only
@require_http_methods(["GET", "POST"])
def write(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The page, and every way of saving it."""
    letter = queries.campaign(request.actor, letter_id)
    if request.method == "POST":
        check_right(request.actor, Right.EDIT_LETTERS)
    if not request.actor.may(Right.EDIT_LETTERS):
        return _read_only(request, letter)
    if letter.status is not Status.DRAFT and request.method == "GET":
        return redirect("console:letter-result", letter_id)
    form = _letter_form(request, letter)
    stale: CampaignView | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return _after_write(request, _save(request, letter_id, form))
        except Conflict as error:
            add_problem(form, error)
            stale = queries.campaign(request.actor, letter_id)
        except HatobinError as error:
            add_problem(form, error)
    status = 409 if stale else 422 if form.is_bound else 200
    if "autosave" in request.POST:
        return HttpResponse(_first_problem(form), status=status, content_type="text/plain")
    context = _context(request, letter, form, stale)
    return render(request, "console/letters/letter.html", context, status=status)


def _save(request: StaffRequest, letter_id: uuid.UUID, form: LetterForm) -> CampaignView:
    data = form.cleaned_data
    identity_id = uuid.UUID(data["identity_id"]) if data["identity_id"] else None
    return drafts.save_letter(
        request.actor, letter_id, data["revision"], form.draft(), identity_id, data["kind"]
    )


def _after_write(request: StaffRequest, saved: CampaignView) -> HttpResponse:
    if "autosave" in request.POST:
        response = HttpResponse(status=204)
        response.headers["X-Revision"] = str(saved.revision)
        response.headers["X-Saved-At"] = f"{timezone.localtime(saved.updated_at):%H:%M}"
        return response
    if "stay" in request.POST:
        messages.success(request, _("The draft is saved."))
        return redirect("console:letter-letter", saved.id)
    return redirect("console:letter-check", saved.id)


def _context(
    request: StaffRequest, letter: CampaignView, form: LetterForm, stale: CampaignView | None
) -> dict[str, object]:
    fields = fields_of(request, letter)
    typed = dict(form.cleaned_data.get("fallbacks", {})) if form.is_bound else None
    kept = dict(letter.letter.fallbacks) if typed is None else typed
    html = str(form["html"].value() or "")
    return {
        "form": form,
        "kind_hints": KIND_HINTS,
        "mode_hints": MODE_HINTS,
        "chips": chips(fields),
        "fallbacks": fallback_rows([field.name for field in fields], kept),
        "identities": senders.identities(request.actor),
        "profile": senders.profile(request.actor),
        "footers": [(kind, _footer(request, letter, kind)) for kind in LetterKind.values],
        "own_layout": clean.is_document(html) or " style=" in html,
        "stale": stale,
        "revision": stale.revision if stale else form["revision"].value(),
        "may_manage": request.actor.may(Right.MANAGE),
        **shell(request, letter, "letter"),
    }


def _read_only(request: StaffRequest, letter: CampaignView) -> HttpResponse:
    context = shell(request, letter, "letter")
    context["identity"] = next(
        (each for each in senders.identities(request.actor) if each.pk == letter.identity_id), None
    )
    context["kind"] = LetterKind(letter.kind).label
    try:
        context["preview"] = checks.preview(request.actor, letter.id)
    except HatobinError as error:
        context["problem"] = error
    return render(request, "console/letters/letter_read.html", context)


def _letter_form(request: StaffRequest, letter: CampaignView) -> LetterForm:
    draft = letter.letter
    names = ("mode", "subject", "preheader", "html", "text", "text_edited")
    initial = {name: getattr(draft, name) for name in names}
    initial |= {"identity_id": str(letter.identity_id or ""), "kind": letter.kind}
    initial["revision"] = letter.revision
    found = senders.identities(request.actor)
    choices = [(str(each.pk), f"{each.display_name} <{each.address}>") for each in found]
    if letter.identity_id is None:
        choices.insert(0, ("", _("Choose a sender")))
    return LetterForm(request.POST or None, initial=initial, identities=choices)


def _footer(request: StaffRequest, letter: CampaignView, kind: str) -> ShownFooter:
    facts = queries.legal_facts(request.actor, letter.id) or _NO_FACTS
    return shown_footer(facts, kind=kind, language=request.workspace.language)


def _first_problem(form: LetterForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")
