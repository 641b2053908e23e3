"""Home: what is going on, and the next thing to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.audience import queries as audience
from hatobin.campaigns import queries as campaigns
from hatobin.campaigns.rules import Status
from hatobin.console.letters.lines import lines
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import staff_only
from hatobin.delivery import queries as delivery
from hatobin.delivery.queries.held_up import held_up
from hatobin.senders import queries as senders

_THEMES = {"light", "dark"}
_YEAR = 365 * 24 * 3600
_SHOWN = 5  # letters


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Letters on their way, drafts, lists, and what is still missing before the first letter."""
    roads = delivery.egresses(request.actor)
    letters = campaigns.campaigns(request.actor, page=1)
    waiting = held_up(request.actor)
    context = {
        "draft": next((each for each in letters.campaigns if each.status is Status.DRAFT), None),
        "sandbox": any(road.is_default and road.sandbox for road in roads),
        "sandbox_only": all(road.sandbox for road in roads),
        "troubled": list({each.way.id: each.way for each in waiting}.values()),
        "may_see_people": request.actor.may(Right.VIEW_PEOPLE),
        "letters": letters,
        "lines": lines(request, letters.campaigns[:_SHOWN], waiting),
        "lists": audience.lists(request.actor),
        "profile": senders.profile(request.actor),
        "identities": senders.identities(request.actor),
        "may_write": request.actor.may(Right.EDIT_LETTERS),
    }
    return render(request, "console/home/index.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the machine is set; remembered in a cookie."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = redirect(target)
    chosen = request.POST.get("theme", "")
    if chosen in _THEMES:
        response.set_cookie(
            "hatobin_theme",
            chosen,
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    else:
        response.delete_cookie("hatobin_theme")
    return response
