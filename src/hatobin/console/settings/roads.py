"""Roads out: the sandbox and SMTP relays, each with a test that says what is wrong."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.console.middleware import StaffRequest
from hatobin.console.settings import tested
from hatobin.console.settings.forms import TLS_HINTS, RelayForm
from hatobin.console.shared import attempt, staff_only, told
from hatobin.delivery import queries
from hatobin.delivery.queries.egresses import EgressView
from hatobin.delivery.services import egress, egress_test


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every road, with its trouble if it has one."""
    return _roads(request)


@staff_only
@require_http_methods(["GET", "POST"])
def relay(request: StaffRequest, egress_id: uuid.UUID | None = None) -> HttpResponse:
    """One SMTP relay, new or known; "test" looks before it is saved."""
    check_right(request.actor, Right.MANAGE)
    stored = queries.egress(request.actor, egress_id) if egress_id else None
    form = RelayForm(request.POST or None, initial=_initial(stored))
    form.explain_password(stored=bool(stored and stored.has_password))
    context: dict[str, object] = {"form": form, "egress_id": egress_id, "tls_hints": TLS_HINTS}
    if form.is_valid():
        values = form.cleaned_data
        place = {key: values[key] for key in ("host", "username")}
        values["password"] = values["password"] or tested.kept(request, **place)
        if "test" in request.POST:
            context["test"] = _tried(request, form, egress_id)
        elif attempt(form, egress.save_relay, request.actor, egress_id=egress_id, **values):
            tested.forget(request)
            messages.success(request, _("Saved."))
            return redirect("console:settings-roads")
        form.explain_kept(minutes=tested.MINUTES if tested.kept(request, **place) else 0)
    return render(request, "console/settings/relay.html", context)


def _tried(
    request: StaffRequest, form: RelayForm, egress_id: uuid.UUID | None
) -> egress_test.EgressTest | None:
    """Tests what was typed and keeps its password for the save that follows; None: the form says why."""
    names = ("host", "port", "tls", "username", "password")
    values = {name: form.cleaned_data[name] for name in names}
    found: list[egress_test.EgressTest] = []
    if not attempt(
        form,
        lambda: found.append(egress_test.test_values(request.actor, egress_id=egress_id, **values)),
    ):
        return None
    if found[0].code == "auth-refused":
        tested.forget(request)
    elif values["password"]:
        place = {name: values[name] for name in ("host", "username", "password")}
        tested.keep(request, **place)
    return found[0]


@staff_only
@require_POST
def test(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """Tries a stored road; the answer stands in its row."""
    return _roads(request, tried=egress_id, test=egress_test.test_egress(request.actor, egress_id))


@staff_only
@require_POST
def delete(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """Removes a relay that no letter on its way uses."""
    with told(request):
        egress.delete_relay(request.actor, egress_id)
        messages.success(request, _("The relay is removed."))
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
    }
    return render(request, "console/settings/roads.html", context | tried)


def _initial(stored: EgressView | None) -> dict[str, object]:
    if stored is None:
        return {}
    names = ("name", "host", "port", "tls", "username")
    return {name: getattr(stored, name) for name in names} | {"make_default": stored.is_default}
