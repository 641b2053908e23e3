"""The emergency stop: one page that says what it will do, one button that does it, and the way to lift it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.campaigns.services import emergency
from hatobin.common.errors import HatobinError
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, staff_only, told


class StopForm(forms.Form):
    """Why, and of what."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        help_text=gettext_lazy(
            "Everybody who finds it stopped reads this. Write no names or addresses here."
        ),
        max_length=300,
        required=False,
    )
    everywhere = forms.BooleanField(
        label=gettext_lazy("Stop every workspace of this installation"), required=False
    )


@staff_only
@require_http_methods(["GET", "POST"])
def index(request: StaffRequest) -> HttpResponse:
    """What stands, what a stop would do, and what stops did before."""
    if request.method == "POST":
        check_right(request.actor, Right.STOP)
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            report = emergency.stop(
                request.actor, reason=data["reason"], everywhere=data["everywhere"]
            )
        except HatobinError as error:
            add_problem(form, error)
        else:
            messages.success(request, _said(report))
            return redirect("console:emergency")
    situation = emergency.situation(request.actor)
    if situation.everywhere is None:
        del form.fields["everywhere"]
    context = {"form": form, "situation": situation}
    status = 422 if form.is_bound else 200
    return render(request, "console/emergency/index.html", context, status=status)


@staff_only
@require_POST
def lift(request: StaffRequest) -> HttpResponse:
    """What was stopped goes on."""
    with told(request):
        count = emergency.lift(request.actor, everywhere=request.POST.get("scope") == "everywhere")
        messages.success(request, _lifted(count))
    return redirect("console:emergency")


def _said(report: emergency.Report) -> str:
    count = report.stop.in_flight
    if not count:
        return _("Everything is stopped. Nothing was in its final transmission.")
    text = ngettext(
        "Everything is stopped. %(count)s message was in its final transmission; it is named below.",
        "Everything is stopped. %(count)s messages were in their final transmission; they are named below.",
        count,
    )
    return text % {"count": f"{count:,}"}


def _lifted(count: int) -> str:
    if not count:
        return _("The emergency stop is lifted. No letter was waiting for that.")
    text = ngettext(
        "The emergency stop is lifted. %(count)s letter goes on.",
        "The emergency stop is lifted. %(count)s letters go on.",
        count,
    )
    return text % {"count": f"{count:,}"}
