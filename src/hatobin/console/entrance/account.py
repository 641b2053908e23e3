"""Signing in, and where one is signed in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.views import LoginView
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from hatobin.accounts.models import User
from hatobin.accounts.services import audit
from hatobin.accounts.services.setup import is_set_up
from hatobin.common.errors import NotFound
from hatobin.console.entrance.browsers import browser_words
from hatobin.console.shared import problem_page
from hatobin.console.signed_out import PRESSED, signed_in


class SignIn(LoginView):  # type: ignore[misc]
    """The sign-in form; before the first owner it says where the key to the house is."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """allauth's, whether there is anybody who could sign in, and whether a button led here."""
        return {
            **super().get_context_data(**kwargs),
            "needs_owner": not is_set_up(),
            "pressed": self.request.session.get(PRESSED, False),
        }


@signed_in
@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Every place where the person is signed in; POST ends one of them, or all others."""
    user = cast("User", request.user)
    found = sorted(
        UserSession.objects.purge_and_list(user),
        key=lambda each: each.last_seen_at,
        reverse=True,
    )
    if request.method == "POST":
        return _end(request, user, found)
    shown = [(each, browser_words(each.user_agent)) for each in found]
    return render(request, "usersessions/usersession_list.html", {"sessions": shown})


def _end(request: HttpRequest, user: User, found: list[Any]) -> HttpResponse:
    wanted = request.POST.get("session")
    others = [each for each in found if not each.is_current()]
    ending = others if wanted is None else [each for each in others if str(each.pk) == wanted]
    if wanted is not None and not ending:
        return problem_page(request, NotFound("no-session", _("This session has already ended.")))
    get_adapter().end_sessions(ending)
    if ending:
        audit.record_for_user(user, "user.sessions-ended", count=len(ending))
        text = ngettext("One session has ended.", "%(count)s sessions have ended.", len(ending))
        messages.success(request, text % {"count": len(ending)})
    return redirect("usersessions_list")
