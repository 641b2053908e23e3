"""Errors as RFC 9457 problems: one shape, whatever went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from hatobin.accounts.rules import SCOPE_RIGHTS
from hatobin.api import sentences
from hatobin.api.auth import GUESSES_WITHIN
from hatobin.api.parsing import wrong_kind
from hatobin.common.errors import HatobinError, NotAllowed

TYPES = "urn:hatobin:problem:"
TITLES: dict[int, Promise] = {
    400: gettext_lazy("The request cannot be read."),
    401: gettext_lazy("This needs an API key."),
    403: gettext_lazy("This API key may not do that."),
    404: gettext_lazy("There is no such thing here."),
    405: gettext_lazy("This address does not take that method."),
    409: gettext_lazy("This is not possible in its present state."),
    413: gettext_lazy("The request is too large."),
    415: gettext_lazy("The request is of the wrong kind."),
    422: gettext_lazy("Something in the request cannot be taken as it is."),
    429: gettext_lazy("Too many attempts."),
    500: gettext_lazy("Something went wrong here."),
    503: gettext_lazy("Something that this needs does not answer now."),
}
# What services call a thing > what the API calls it.
_FIELDS = {
    "typed_number": "number",
    "hold": "hold_seconds",
    "identity": "sender_id",
    "list": "list_id",
    "egress": "egress_id",
}
_log = structlog.get_logger("hatobin.api")


def problem(status: int, code: str, **more: Any) -> HttpResponse:
    """``application/problem+json``; ``more`` are further keys, left out where empty."""
    body = {
        "type": TYPES + code,
        "title": str(TITLES.get(status, TITLES[400])),
        "status": status,
        "code": code,
    }
    body |= {key: value for key, value in more.items() if value not in (None, "")}
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 429:
        response.headers["Retry-After"] = str(GUESSES_WITHIN)
    return response


def add_to(api: NinjaAPI) -> None:
    """Registers a handler for every kind of error."""
    api.add_exception_handler(HatobinError, _hatobin)
    api.add_exception_handler(ValidationError, _validation)
    api.add_exception_handler(AuthenticationError, _authentication)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, missing)
    api.add_exception_handler(RequestDataTooBig, _too_large)
    for away in (OperationalError, InterfaceError):
        api.add_exception_handler(away, _no_database)
    for kind in (SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        api.add_exception_handler(kind, _unreadable)
    api.add_exception_handler(Exception, _unexpected)


def missing(_request: HttpRequest, _error: Any = None) -> HttpResponse:
    """Nothing is under this address."""
    return problem(
        404,
        "not-found",
        detail=_("There is nothing under this address."),
        advice=_("The addresses are listed in /api/v1/openapi.json."),
    )


def unreadable(error: Exception) -> HttpResponse:
    """What the framework refused before an operation of ours was reached."""
    if isinstance(error, DisallowedHost):
        return problem(
            400,
            "wrong-host",
            detail=_("This installation does not answer under the name in the Host header."),
            advice=_("Use its public address, or ask for HATOBIN_ALLOWED_HOSTS to be set."),
        )
    if isinstance(error, RequestDataTooBig):
        return _too_large(None, error)
    return problem(400, "unreadable", detail=_("The request cannot be read."))


def with_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Turns the framework's plain "method not allowed" into a problem."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = ", ".join(sorted(response.headers["Allow"].replace(" ", "").split(",")))
        told = problem(
            405, "wrong-method", advice=_("It takes: %(methods)s") % {"methods": allowed}
        )
        told.headers["Allow"] = allowed
        return told

    return wrapped


def _hatobin(_request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, NotAllowed) and "right" in error.params:
        return _lacks(str(error.params["right"]))
    return problem(
        error.status,
        error.code,
        detail=error.message,
        advice=error.advice,
        field=_FIELDS.get(error.field, error.field),
        row=error.row,
        retry=error.retry or None,
    )


def _lacks(right: str) -> HttpResponse:
    scopes = [name for name, rights in SCOPE_RIGHTS.items() if right in rights]
    return problem(
        403,
        "not-allowed",
        detail=_("The key lacks the right “%(right)s”.") % {"right": right},
        advice=_("These scopes have it: %(scopes)s") % {"scopes": ", ".join(scopes)},
        right=right,
    )


def _validation(request: HttpRequest, error: Any) -> HttpResponse:
    if request.META.get("hatobin.upload_too_large"):
        return _too_large(request, error)
    is_upload = any(each["loc"][0] in {"file", "form"} for each in error.errors)
    if is_upload and request.content_type != "multipart/form-data":
        return _hatobin(request, wrong_kind("multipart/form-data"))
    errors = [
        {"field": sentences.place(each), "detail": sentences.sentence(each)}
        for each in error.errors
    ]
    first = errors[0]
    return problem(422, "bad-request", field=first["field"], detail=first["detail"], errors=errors)


def _authentication(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(
        401,
        "no-api-key",
        detail=_("The request has no API key."),
        advice=_(
            "Send it as `Authorization: Bearer hb_…`. Owners make keys under Settings > API keys."
        ),
    )


def _http(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, HatobinError):  # ninja wraps what the parser raises
        return _hatobin(request, error.__cause__)
    return problem(error.status_code, "bad-request", detail=str(error))


def _too_large(_request: HttpRequest | None, _error: Any) -> HttpResponse:
    return problem(
        413,
        "too-large",
        detail=_("The body is larger than this installation takes."),
        advice=_(
            "Split the list, or ask the person who runs this installation to raise the limit."
        ),
    )


def _unreadable(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(400, "unreadable", detail=_("The body of the request cannot be read."))


def _no_database(_request: HttpRequest, error: Any) -> HttpResponse:
    _log.error("the database does not answer", exc_info=error)
    return problem(
        503,
        "no-database",
        detail=_("The database does not answer. Nothing was half done."),
        advice=_("Try again in a moment."),
        retry=True,
    )


def _unexpected(_request: HttpRequest, error: Any) -> HttpResponse:
    _log.error("unexpected error", exc_info=error)
    return problem(
        500,
        "internal-error",
        detail=_("It stands in the server's log. Nothing was half done."),
        advice=_("Try again; if it happens again, tell the person who runs this installation."),
        retry=True,
    )
