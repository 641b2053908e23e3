"""First owner, invitations, and people who belong to no workspace."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from hatobin.accounts.models import Invitation, User
from hatobin.accounts.services import members, setup
from hatobin.common.errors import HatobinError
from hatobin.console.entrance.forms import OwnerForm, PersonForm
from hatobin.console.middleware import SESSION_KEY
from hatobin.console.shared import add_problem, problem_page
from hatobin.console.signed_out import signed_in

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """The first start: whoever holds the token from the terminal becomes the owner."""
    try:
        setup.check_setup_token(token)
    except HatobinError as error:
        return problem_page(request, error)
    form = OwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = {
            key: form.cleaned_data[key] for key in ("email", "name", "password", "workspace_name")
        }
        try:
            user, _workspace = setup.set_up_owner(token, language=_language(), **data)
        except HatobinError as error:
            add_problem(form, error)
        else:
            login(request, user, backend=_BACKEND)
            return redirect("console:home")
    return render(request, "console/entrance/set_up.html", {"form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Joins a workspace by a one-time link, with a new account or the one signed in."""
    try:
        row = members.access_invitation(token)
        if isinstance(request.user, User):
            return _join(request, request.user, token, row)
    except HatobinError as error:
        return problem_page(request, error)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = members.accept_as_new_person(
                token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=_language(),
            )
        except HatobinError as error:
            add_problem(form, error)
        else:
            login(request, user, backend=_BACKEND)
            return redirect("console:home")
    context = {"form": form, "invitation": row, "known": members.has_account(row)}
    return render(request, "console/entrance/invitation.html", context)


def _join(request: HttpRequest, user: User, token: str, row: Invitation) -> HttpResponse:
    """For somebody who is signed in: one button, and the new workspace opens."""
    if request.method == "POST":
        joined = members.accept_as_user(token, user)
        request.session[SESSION_KEY] = str(joined.pk)
        messages.success(request, _("You are a member of “%(name)s” now.") % {"name": joined.name})
        return redirect("console:home")
    context = {"invitation": row, "other": user.email.lower() != row.email}
    return render(request, "console/entrance/join.html", context)


@signed_in
@require_safe
def no_workspace(request: HttpRequest) -> HttpResponse:
    """For a person whose last membership ended."""
    return render(request, "console/entrance/no_workspace.html")


def _language() -> str:
    return "ja" if (get_language() or "ja").startswith("ja") else "en"
