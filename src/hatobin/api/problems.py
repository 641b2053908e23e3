"""Errors as RFC 9457 problems: one shape, whatever went wrong."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from hatobin.common.errors import HatobinError

_log = structlog.get_logger("hatobin.api")
_TYPES = "urn:hatobin:problem:"


def problem(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """``application/problem+json`` with ``type``, ``title``, ``status``, ``code`` and what else is known."""
    body = {"type": _TYPES + code, "title": title, "status": status, "code": code}
    body |= {key: value for key, value in more.items() if value not in (None, "")}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def add_to(api: NinjaAPI) -> None:
    """Registers a handler for every kind of error."""
    api.add_exception_handler(HatobinError, _hatobin)
    api.add_exception_handler(ValidationError, _validation)
    api.add_exception_handler(AuthenticationError, _authentication)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(Exception, _unexpected)


def _hatobin(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        error.status,
        error.code,
        error.message,
        detail=error.advice,
        field=error.field,
        row=error.row,
        retry=error.retry or None,
    )


def _validation(_request: HttpRequest, error: Any) -> HttpResponse:
    errors = [
        {"field": ".".join(str(part) for part in each["loc"][1:]), "detail": each["msg"]}
        for each in error.errors
    ]
    return problem(
        422,
        "bad-request-body",
        _("The request does not have the shape that this operation takes."),
        detail=_("See `errors` for each field."),
        errors=errors,
    )


def _authentication(_request: HttpRequest, _error: Any) -> HttpResponse:
    response = problem(
        401,
        "no-api-key",
        _("This needs an API key."),
        detail=_(
            "Send it as `Authorization: Bearer hb_…`. Owners make keys under Settings > API keys."
        ),
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, "bad-request", str(error))


def _missing(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(404, "not-found", _("There is nothing under this address."))


def _unexpected(_request: HttpRequest, error: Any) -> HttpResponse:
    _log.error("unexpected error", exc_info=error)
    return problem(
        500,
        "internal-error",
        _("Something went wrong here. It is on the server's log."),
        retry=True,
    )
