"""The unsubscribe page, the icon, and the sign of life for load balancers.

People and machines come here without a session: no cookie is read or set, no script runs, and the
page is rendered without the console's context. GET and HEAD change nothing, because mail scanners
fetch links. Nothing here limits how often: an honest unsubscribe must never be refused.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from hatobin.common.errors import HatobinError
from hatobin.feedback.services import unsubscribe as service

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


@csrf_exempt  # the token is the authority; RFC 8058 section 3.1 forbids to ask for cookies
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET: the page for people. POST: one-click (RFC 8058), or the page's buttons.

    ``?language=`` is the page's language switch: it stays in the address, so that no cookie is needed.
    """
    if chosen := _chosen_language(request):
        translation.activate(chosen)
    if request.method != "POST":
        return _page(request, token)
    request.upload_handlers = []  # a form of two words: files are not even kept in memory
    try:
        return _act(request, token)
    except HatobinError as error:
        return _problem(request, error)
    except (SuspiciousOperation, MultiPartParserError) as error:  # too large, too many fields
        return refused(request, error)


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """The page for a request that cannot be read; nothing was changed."""
    status = 413 if isinstance(error, RequestDataTooBig) else 400
    told = HatobinError(
        "unreadable",
        _("This request cannot be read."),
        advice=_("Open the link in the letter again and press the button there."),
    )
    return _render(request, "problem.html", {"error": told}, status=status)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the web process and its database answer, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Where browsers ask for an icon that no page has named: the mark."""
    return HttpResponseRedirect(
        static("console/mark.svg"), headers={"Cache-Control": "public, max-age=86400"}
    )


def _act(request: HttpRequest, token: str) -> HttpResponse:
    if request.POST.get("List-Unsubscribe") == "One-Click":
        service.unsubscribe(token, channel="one-click")
        return HttpResponse(status=200, content_type="text/plain", headers=_HEADERS)
    if "undo" in request.POST:
        service.undo(token)
    else:
        service.unsubscribe(token, channel="page")
    chosen = _chosen_language(request)
    query = f"?language={chosen}" if chosen else ""
    response = HttpResponseRedirect(reverse("public:unsubscribe", args=[token]) + query)
    response.status_code = 303
    return response


def _page(request: HttpRequest, token: str) -> HttpResponse:
    view = service.look_up(token)
    if view is None:
        return _render(request, "unknown.html", {}, status=404)
    if not _chosen_language(request) and _names_no_language_of_ours(request):
        translation.activate(view.language)
    return _render(request, "unsubscribe.html", {"view": view})


def _problem(request: HttpRequest, error: HatobinError) -> HttpResponse:
    if error.status == 404:
        return _render(request, "unknown.html", {}, status=404)
    return _render(request, "problem.html", {"error": error}, status=error.status)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    language = translation.get_language() or "ja"
    html = render_to_string(f"public/{template}", {**context, "language": language})
    headers = {**_HEADERS, "Content-Language": language}
    return HttpResponse(html, status=status, headers=headers)


def _chosen_language(request: HttpRequest) -> str:
    """What the person chose with the page's switch; empty for nothing, or for what we do not speak."""
    chosen = request.GET.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else ""


def _names_no_language_of_ours(request: HttpRequest) -> bool:
    """Whether the browser wants neither Japanese nor English: the letter's language is best."""
    wanted = request.headers.get("Accept-Language", "").lower().split(",")
    return not any(part.strip().startswith(("ja", "en")) for part in wanted)
