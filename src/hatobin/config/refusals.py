"""Requests that are refused before or while they are read, answered as the door they came to does."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from hatobin.api import problems
from hatobin.public import views as public


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A strange Host header, a form too large, a NUL: a problem, the readers' page, or the console's."""
    if request.path_info.startswith("/api/"):
        return problems.unreadable(exception)
    if request.path_info.startswith("/u/"):
        return public.refused(request, exception)
    return defaults.bad_request(request, exception)
