"""Who is signed out meets the sign-in page first, and comes back to where a button can be pressed again.

A page that is asked for is simply shown afterwards. What a button sent is not kept: after signing in the
person stands before the page with the button, and is told that nothing was done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

PRESSED = "pressed_while_signed_out"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in(view: View[P]) -> View[P]:
    """Only signed-in people; others sign in first."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, *args, **kwargs) if request.user.is_authenticated else _ask(request)

    return cast("View[P]", guarded)


def tell_to_press_again(request: HttpRequest) -> None:
    """After signing in: what was pressed before was not done."""
    if request.session.pop(PRESSED, False):
        messages.warning(
            request, _("You had been signed out, so nothing was done. Please press again.")
        )


def _ask(request: HttpRequest) -> HttpResponseRedirect:
    if request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path())
    request.session[PRESSED] = True
    return redirect_to_login(_page_of_the_button(request))


def _page_of_the_button(request: HttpRequest) -> str:
    """The path of the page that the browser names, if it is one of ours; else home."""
    named = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(
        named, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        parts = urlsplit(named)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if url_has_allowed_host_and_scheme(path, None) and parts.path != reverse("account_login"):
            return path
    return reverse("console:home")
