"""What waits goes by another way of sending: choose it, see where it goes, say yes (promise P4)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import queries as campaigns
from hatobin.campaigns.services import control
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import staff_only, told
from hatobin.delivery import queries as delivery
from hatobin.delivery.queries import EgressView
from hatobin.delivery.queries.history import history
from hatobin.delivery.services import letters, moving


@staff_only
@require_http_methods(["GET", "POST"])
def way(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """All that waits for one way of sending."""
    check_right(request.actor, Right.SEND)
    found = delivery.egress(request.actor, egress_id)
    back = reverse("console:delivery")
    to = _chosen(request)
    if request.method == "POST" and to is not None:
        with told(request):
            done = moving.move_way(request.actor, egress_id, to)
            messages.success(request, _said(request, done))
        return redirect(back)
    plan = None
    with told(request):
        plan = moving.plan_for_way(request.actor, egress_id, to) if to else None
    return _page(request, subject=found.name, back=back, plan=plan, sources=[found])


@staff_only
@require_http_methods(["GET", "POST"])
def campaign(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """All that waits of one released letter."""
    check_right(request.actor, Right.SEND)
    found = campaigns.campaign(request.actor, letter_id)
    back = reverse("console:letter-result", args=[letter_id])
    to = _chosen(request)
    if request.method == "POST" and to is not None:
        with told(request):
            done = control.move(request.actor, letter_id, to)
            messages.success(request, _said(request, done))
        return redirect(back)
    plan = None
    with told(request):
        plan = control.plan_move(request.actor, letter_id, to) if to else None
    now = plan.sources if plan else control.ways_now(request.actor, letter_id)
    sources = [each for each in delivery.egresses(request.actor) if each.id in now]
    return _page(request, subject=found.name, back=back, plan=plan, sources=sources)


@staff_only
@require_http_methods(["GET", "POST"])
def letter(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """One person's letter."""
    check_right(request.actor, Right.SEND)
    found = history(request.actor, delivery_id)
    back = reverse("console:delivery-letter", args=[delivery_id])
    to = _chosen(request)
    if request.method == "POST" and to is not None:
        with told(request):
            letters.move(request.actor, delivery_id, to)
            way = delivery.egress(request.actor, to)
            messages.success(request, _("It goes by “%(way)s” now.") % {"way": way.name})
        return redirect(back)
    sources = [each for each in delivery.egresses(request.actor) if each.id == found.egress_id]
    plan = None
    if to is not None:
        plan = moving.Move(sources=(found.egress_id,), to=to, letters=1, in_hand=0)
    return _page(request, subject=found.recipient, back=back, plan=plan, sources=sources)


def _page(
    request: StaffRequest,
    *,
    subject: str,
    back: str,
    plan: moving.Move | None,
    sources: list[EgressView],
) -> HttpResponse:
    ways = [each for each in delivery.egresses(request.actor) if not each.sandbox]
    gone = {each.id for each in sources} if len(sources) == 1 else set()
    to = next((each for each in ways if plan is not None and each.id == plan.to), None)
    context = {
        "subject": subject,
        "back": back,
        "ways": [each for each in ways if each.id not in gone],
        "sources": sources,
        "plan": plan if to else None,
        "to": to,
    }
    return render(request, "console/delivery/move.html", context)


def _chosen(request: StaffRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID((request.POST if request.method == "POST" else request.GET).get("to", ""))
    except ValueError:
        return None


def _said(request: StaffRequest, done: moving.Move) -> str:
    said = ngettext(
        "%(count)s letter goes by “%(way)s” now.",
        "%(count)s letters go by “%(way)s” now.",
        done.letters,
    ) % {"count": f"{done.letters:,}", "way": delivery.egress(request.actor, done.to).name}
    if not done.in_hand:
        return said
    rest = ngettext(
        "%(count)s letter is in a sender's hands and stays with its way.",
        "%(count)s letters are in a sender's hands and stay with their way.",
        done.in_hand,
    ) % {"count": f"{done.in_hand:,}"}
    return f"{said} {rest}"
