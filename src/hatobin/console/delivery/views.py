"""Delivery status: what is on its way, how fast, why it is slow; it looks again by itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from hatobin.accounts.rules import Right
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import staff_only, told
from hatobin.delivery import queries as delivery
from hatobin.delivery.queries.emergency import standing
from hatobin.delivery.queries.lanes import lanes
from hatobin.delivery.services.lanes import wake_lane, wake_way


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the page shows, as its address says."""

    search: str
    way: uuid.UUID | None
    slow: bool
    details: bool


@staff_only
@require_http_methods(["GET", "POST"])
def index(request: StaffRequest) -> HttpResponse:
    """The page; a POST ends a rest."""
    if request.method == "POST":
        return _wake(request)
    return render(request, "console/delivery/index.html", _context(request))


@staff_only
@require_safe
def live(request: StaffRequest) -> HttpResponse:
    """The part that is asked for again and again."""
    return render(request, "console/delivery/_live.html", _context(request))


def _context(request: StaffRequest) -> dict[str, object]:
    wanted = _wanted(request)
    ways = delivery.egresses(request.actor)
    query = request.GET.copy()
    query.pop("details", None)
    simple = query.urlencode()
    query["details"] = "1"
    return {
        "found": lanes(request.actor, search=wanted.search, egress_id=wanted.way, slow=wanted.slow),
        "wanted": wanted,
        "ways": ways,
        "troubled": [each for each in ways if each.trouble],
        "query": request.GET.urlencode(),
        "other_query": simple if wanted.details else query.urlencode(),
        "may_wake": request.actor.may(Right.SEND) and not standing(request.actor.workspace_id),
        "may_send": request.actor.may(Right.SEND),
        "may_move": request.actor.may(Right.SEND) and sum(not each.sandbox for each in ways) > 1,
    }


def _wanted(request: StaffRequest) -> Wanted:
    return Wanted(
        search=request.GET.get("q", "")[:200],
        way=_id(request.GET.get("way", "")),
        slow=request.GET.get("slow") == "1",
        details=request.GET.get("details") == "1",
    )


def _wake(request: StaffRequest) -> HttpResponse:
    way = _id(request.POST.get("way", ""))
    site = request.POST.get("site", "")[:253]
    with told(request):
        if way is not None and site:
            wake_lane(request.actor, way, site)
        elif way is not None:
            wake_way(request.actor, way)
        messages.success(request, _("It is tried again now. Look here again in a few seconds."))
    return redirect(f"{reverse('console:delivery')}?{request.GET.urlencode()}")


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
