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
from hatobin.common.sentences import in_a_row
from hatobin.console.middleware import StaffRequest
from hatobin.console.settings.forms import TLS_HINTS, RelayForm
from hatobin.console.shared import attempt, staff_only, told
from hatobin.delivery import queries
from hatobin.delivery.services import egress, egress_test


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every road, with its trouble if it has one."""
    context = {
        "egresses": queries.egresses(request.actor),
        "may_manage": request.actor.may(Right.MANAGE),
    }
    return render(request, "console/settings/roads.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def relay(request: StaffRequest, egress_id: uuid.UUID | None = None) -> HttpResponse:
    """One SMTP relay, new or known; "test" looks before it is saved."""
    check_right(request.actor, Right.MANAGE)
    form = RelayForm(request.POST or None, initial=_initial(request, egress_id))
    context: dict[str, object] = {"form": form, "egress_id": egress_id, "tls_hints": TLS_HINTS}
    if form.is_valid():
        values = {key: value for key, value in form.cleaned_data.items() if key != "make_default"}
        if "test" in request.POST:
            del values["name"]
            found: list[egress_test.EgressTest] = []
            if attempt(
                form,
                lambda: found.append(
                    egress_test.test_values(request.actor, egress_id=egress_id, **values)
                ),
            ):
                context["test"] = found[0]
        elif attempt(
            form, egress.save_relay, request.actor, egress_id=egress_id, **form.cleaned_data
        ):
            messages.success(request, _("Saved."))
            return redirect("console:settings-roads")
    return render(request, "console/settings/relay.html", context)


@staff_only
@require_POST
def test(request: StaffRequest, egress_id: uuid.UUID) -> HttpResponse:
    """Tries a stored road."""
    with told(request):
        found = egress_test.test_egress(request.actor, egress_id)
        (messages.success if found.ok else messages.error)(
            request, in_a_row(found.text, found.advice)
        )
    return redirect("console:settings-roads")


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


def _initial(request: StaffRequest, egress_id: uuid.UUID | None) -> dict[str, object]:
    if egress_id is None:
        return {}
    stored = queries.egress(request.actor, egress_id)
    names = ("name", "host", "port", "tls", "username")
    return {name: getattr(stored, name) for name in names} | {"make_default": stored.is_default}
