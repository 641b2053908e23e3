"""Request bodies: JSON that says it is JSON, without characters that no database keeps."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from hatobin.common.errors import HatobinError, Invalid

_UNKEPT = re.compile("[\0\ud800-\udfff]")
_DEEP = 30


class WrongKind(HatobinError):
    """The body is of a kind that the operation does not take."""

    status = 415


class NotJson(HatobinError):
    """The body cannot be read at all."""

    status = 400


class JsonParser(Parser):
    """Raises WrongKind, NotJson, Invalid."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values."""
        if request.content_type != "application/json":
            raise wrong_kind("application/json")
        try:
            body = json.loads(request.body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise NotJson(
                "not-json",
                _("The body is not JSON in UTF-8."),
                advice=_("Send one JSON object."),
            ) from error
        check_kept(body)
        return body


def wrong_kind(wanted: str) -> WrongKind:
    """Names the content type that is taken."""
    return WrongKind(
        "wrong-content-type",
        _("The body is not of a kind that this operation takes."),
        advice=_("Send it with Content-Type: %(type)s."),
        params={"type": wanted},
    )


def check_kept(value: Any, depth: int = 0) -> None:
    """Raises Invalid where a string holds NUL or half a surrogate pair, or the nesting is absurd."""
    if depth > _DEEP:
        raise Invalid("too-deep", _("The body is nested too deeply."))
    if isinstance(value, str):
        if _UNKEPT.search(value):
            raise Invalid(
                "control-character", _("This contains a character that cannot be stored.")
            )
    elif isinstance(value, dict):
        for name, each in value.items():
            check_kept(name, depth + 1)
            check_kept(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            check_kept(each, depth + 1)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


class Utf8Renderer(JSONRenderer):
    """Answers with Japanese in its own letters, as problems do: people read them in a terminal."""

    json_dumps_params = {"ensure_ascii": False}
