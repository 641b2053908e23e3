"""Headers that every page carries, and what no door is given to read."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class ContentSecurityPolicy:
    """Only our own scripts and styles, none inline; in nobody's frame; in nobody's cache.

    A view that needs less may set its own, stricter headers. Static files pass by: WhiteNoise serves
    them before this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # People's names and addresses are on these pages, and office machines are shared.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class NoNulInQuery:
    """A NUL in the address is nobody's search: the database can store and compare none.

    Forms say it beside the field, the API's parser in a problem; query strings are read in many places.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name, values in request.GET.lists():
            if any("\0" in text for text in (name, *values)):
                raise BadRequest("NUL in the query string")
        return self._get_response(request)
