"""The Liquid engine: a small safe set of tags and filters, with limits on what one letter may cost."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from liquid import Environment, StrictUndefined
from liquid.builtin.filters.misc import date as _date
from liquid.exceptions import FilterArgumentError, FilterError
from liquid.filter import liquid_filter, string_filter

# A name that already says 様 must not get a second one.
HONORIFICS = (
    "様",
    "さま",
    "さん",
    "殿",
    "御中",
    "先生",
    "各位",
    "君",
    "くん",
    "ちゃん",
    "氏",
    "先輩",
    "社長",
    "部長",
)
_TAGS = frozenset(
    {
        "if",
        "unless",
        "case",
        "for",
        "break",
        "continue",
        "content",
        "output",
        "illegal",
        "comment",
        "#",
    }
)
_FILTERS = frozenset(
    {
        "append", "capitalize", "date", "default", "divided_by", "downcase", "first", "join", "last", "lstrip",
        "minus", "modulo", "plus", "prepend", "remove", "replace", "round", "rstrip", "size", "slice", "split",
        "squish", "strip", "times", "truncate", "upcase", "url_encode",
    }
)  # fmt: skip


class _Limited(Environment):
    """Far more than a letter needs, far less than an attack does."""

    context_depth_limit = 20
    loop_iteration_limit = 300
    local_namespace_limit = 100_000
    output_stream_limit = 1_000_000


_LARGEST = 100_000  # characters or items that one filter may take or make
_DIGITS = 10**18
_PLAIN_IN_URL = re.compile(r"[A-Za-z0-9_.~-]*")
_SHORT = 1000  # characters: too few to make much of


@string_filter
def honorific(value: str, added: Any = "様") -> str:
    """The value with the honorific, unless it is empty or ends with one."""
    name = value.rstrip()
    if not name or name.endswith(HONORIFICS):
        return name
    return f"{name}{added}"


@string_filter
def web_address(value: str) -> str:
    """The value if it is a web address, else nothing: a list must not bring other kinds of links."""
    return value if value.lower().startswith(("https://", "http://")) else ""


def quick_url_encode(encode: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, without the work for a value that needs none: the names of people's own pages."""

    @functools.wraps(encode)
    def quick(value: Any, *given: Any, **named: Any) -> Any:
        if type(value) is str and _PLAIN_IN_URL.fullmatch(value):
            return value
        return encode(value, *given, **named)

    return quick


@liquid_filter
def tolerant_date(value: Any, shape: Any) -> str:
    """A date in another form; what is none stays as it is, and "now" has no meaning: a retry repeats bytes."""
    text = str(value)
    if text.strip().lower() in {"now", "today"}:
        return text
    try:
        return str(_date(value, shape, environment=environment(escape=False)))
    except (ValueError, OverflowError, FilterError):
        return text


def _bounded(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, unable to make much out of little."""

    @functools.wraps(call)
    def bounded(*given: Any, **named: Any) -> Any:
        if len(given) == 1 and not named and type(given[0]) is str and len(given[0]) < _SHORT:
            made = call(given[0])
            if type(made) is str and len(made) <= _LARGEST:
                return made
        sizes = [len(each) for each in given if isinstance(each, str | list | tuple | range)]
        if (
            math.prod(max(size, 1) for size in sizes) > _LARGEST * 100
            or max(sizes, default=0) > _LARGEST
        ):
            raise FilterArgumentError("this would become too long", token=None)
        made = call(*given, **named)
        long = isinstance(made, str | list) and len(made) > _LARGEST
        if long or (isinstance(made, int) and abs(made) > _DIGITS):
            raise FilterArgumentError("this became too long", token=None)
        return made

    return bounded


@lru_cache(maxsize=2)
def environment(*, escape: bool) -> Environment:
    """``escape``: values are made safe for HTML. Unknown names and filters are errors."""
    made = _Limited(undefined=StrictUndefined, strict_filters=True, autoescape=escape, extra=False)
    made.tags = {name: tag for name, tag in made.tags.items() if name in _TAGS}
    made.filters = {name: _bounded(made.filters[name]) for name in _FILTERS}
    made.filters["url_encode"] = quick_url_encode(made.filters["url_encode"])
    made.filters["date"] = tolerant_date
    made.filters["敬称"] = made.filters["keisho"] = honorific
    made.filters["web_address"] = web_address
    return made
