"""What is wrong with one part of a request, in words: pydantic speaks English only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SENTENCES: dict[str, Promise] = {
    "missing": _("This is missing."),
    "extra_forbidden": _("There is no such key here."),
    "string_type": _("This must be a text."),
    "int_type": _("This must be a whole number."),
    "int_parsing": _("This must be a whole number."),
    "int_from_float": _("This must be a whole number."),
    "bool_type": _("This must be true or false."),
    "bool_parsing": _("This must be true or false."),
    "dict_type": _("This must be an object."),
    "model_attributes_type": _("This must be an object."),
    "model_type": _("This must be an object."),
    "list_type": _("This must be a list."),
    "uuid_parsing": _("This is not an id."),
    "uuid_type": _("This is not an id."),
    "literal_error": _("This must be one of: %(expected)s."),
    "greater_than_equal": _("This must be at least %(ge)s."),
    "less_than_equal": _("This must be at most %(le)s."),
    "string_too_long": _("This is longer than %(max_length)s characters."),
    "string_too_short": _("This must be filled in."),
}


def sentence(error: Mapping[str, Any]) -> str:
    """In the language that is active now; what has no sentence of ours keeps pydantic's."""
    found = _SENTENCES.get(str(error["type"]))
    if found is None:
        return str(error["msg"])
    try:
        return str(found) % {k: str(v) for k, v in (error.get("ctx") or {}).items()}
    except KeyError:
        return str(error["msg"])


def place(error: Mapping[str, Any]) -> str:
    """``letter.subject``: without the first part (body, query, path) and the name of the argument."""
    parts = [str(part) for part in error["loc"]]
    skip = 2 if parts[0] == "body" and len(parts) > 1 else 1
    return ".".join(parts[skip:])
