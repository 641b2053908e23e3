"""Delivery pace: how gently each destination is treated, and the workspace's own values."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import HatobinError
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import add_problem, attempt, staff_only
from hatobin.delivery.queries import shaping_views as views
from hatobin.delivery.queries.shaping_views import ProblemView
from hatobin.delivery.services import shaping


class DomainForm(forms.Form):
    """Whose values to show."""

    domain = forms.CharField(
        label=gettext_lazy("Domain, or a mail address"),
        max_length=254,
        help_text=gettext_lazy("For example docomo.ne.jp"),
    )
    mail_server = forms.CharField(
        label=gettext_lazy("Its mail server (MX), if you know it"),
        max_length=254,
        required=False,
        help_text=gettext_lazy(
            "A domain whose mail is kept at Gmail or Microsoft is treated like them."
        ),
    )


class PaceForm(forms.Form):
    """The workspace's own values, as text."""

    text = forms.CharField(
        label=gettext_lazy("This workspace's own values (TOML)"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 14, "spellcheck": "false"}),
    )
    revision = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)


@staff_only
@require_http_methods(["GET", "POST"])
def index(request: StaffRequest) -> HttpResponse:
    """Everything that applies; ``?domain=`` for one; a POST checks or saves the workspace's text."""
    if request.method == "POST":
        check_right(request.actor, Right.MANAGE)
    found = views.overview(request.actor)
    stored = {"text": found.text, "revision": found.revision}
    form = PaceForm(request.POST or None, initial=stored)
    problems = list(found.problems)
    checked = False
    if form.is_valid():
        text, revision = form.cleaned_data["text"], form.cleaned_data["revision"]
        problems = views.problem_views(shaping.check(request.actor, text))
        checked = "check" in request.POST and not problems
        if not problems and not checked and _saved(request, form, text, revision):
            return redirect("console:settings-pace")
    context: dict[str, object] = {
        "found": found,
        "form": form,
        "checked": checked,
        "problems": _with_lines(problems, form["text"].value() or ""),
        "may_manage": request.actor.may(Right.MANAGE),
    }
    return render(request, "console/settings/pace.html", context | _preview(request))


def _saved(request: StaffRequest, form: PaceForm, text: str, revision: int | None) -> bool:
    if not attempt(form, shaping.save, request.actor, text=text, revision=revision or 0):
        return False
    messages.success(request, _("Saved. Letters on their way follow within seconds."))
    return True


def _preview(request: StaffRequest) -> dict[str, object]:
    form = DomainForm(request.GET if "domain" in request.GET else None)
    context: dict[str, object] = {"domain_form": form}
    if form.is_valid():
        try:
            context["applied"] = views.applies(request.actor, **form.cleaned_data)
        except HatobinError as error:
            add_problem(form, error)
    return context


def _with_lines(problems: list[ProblemView], text: str) -> list[tuple[ProblemView, str]]:
    """Each fault with the line it is about."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [(each, lines[each.line - 1] if each.line <= len(lines) else "") for each in problems]
