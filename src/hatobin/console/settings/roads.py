"""Ways of sending: the list, each with a test that says what is wrong, and what kinds can be added."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import Invalid
from hatobin.console.middleware import StaffRequest
from hatobin.console.settings import road_edit
from hatobin.console.shared import staff_only, told
from hatobin.delivery import queries
from hatobin.delivery.egress.providers import PROVIDERS
from hatobin.delivery.models import EgressKind
from hatobin.delivery.services import egress, egress_test


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every road, with its trouble if it has one."""
    return _roads(request)


@staff_only
@require_safe
def new(request: StaffRequest) -> HttpResponse:
    """Which kind: told in plain words, the usual one first."""
    check_right(request.actor, Right.MANAGE)
    services = [(each.name, each.title) for each in PROVIDERS.values()]
    return render(request, "console/settings/road_new.html", {"services": services})


@staff_only
@require_http_methods(["GET", "POST"])
def road(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """One way of sending, by the form of its kind."""
    check_right(request.actor, Right.MANAGE)
    stored = queries.egress(request.actor, egress_id)
    if stored.kind == EgressKind.SMTP_RELAY:
        return road_edit.relay(request, stored)
    if stored.kind == EgressKind.DIRECT:
        return road_edit.direct(request, stored)
    if stored.kind == EgressKind.PROVIDER:
        return road_edit.service(request, stored.provider, stored)
    return redirect("console:settings-roads")


@staff_only
@require_POST
def test(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """Tries a stored road; the answer stands in its row."""
    to = request.POST.get("to", "")
    try:
        found = egress_test.test_egress(request.actor, egress_id, to=to)
    except Invalid as problem:
        return _roads(request, tried=egress_id, problem=problem, to=to)
    return _roads(request, tried=egress_id, test=found, to=to)


@staff_only
@require_POST
def delete(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """Removes a way of sending that no letter on its way uses."""
    with told(request):
        egress.delete_egress(request.actor, egress_id)
        messages.success(request, _("The way of sending is removed."))
    return redirect("console:settings-roads")


@staff_only
@require_POST
def make_default(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """New letters go this way."""
    with told(request):
        egress.make_default(request.actor, egress_id)
        messages.success(request, _("New letters use this way from now on."))
    return redirect("console:settings-roads")


def _roads(request: StaffRequest, **tried: object) -> HttpResponse:
    context = {
        "egresses": queries.egresses(request.actor),
        "may_manage": request.actor.may(Right.MANAGE),
        "may_send": request.actor.may(Right.SEND),
    }
    return render(request, "console/settings/roads.html", context | tried)
