"""Regular expressions that cannot hang: refused unless the work they can cause is bounded.

Python's ``re`` tries again and again (``(a+)+$`` doubles with every letter). So a pattern is taken
apart before it is used. Inside a repetition nothing may vary, which leaves exactly one way to match
a given number of turns; the ways of the whole pattern are then the product of those of its parts,
and this product is bounded. Matched are the first ``SUBJECT_MAX`` characters of a reply.
"""

from __future__ import annotations

import functools
import re
from typing import Any, cast

from hatobin.delivery.rules.shaping.values import NotReadable
from hatobin.wire.reply import Reply

_parser = cast(Any, re)._parser  # the same parse that re.compile makes; it has no public name

PATTERN_MAX = 300
SUBJECT_MAX = 256
WAYS_MAX = 1_000_000  # some hundredths of a second at the very worst
_ONE_CHARACTER = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"}


def read_pattern(value: object) -> re.Pattern[str]:
    """A pattern, case ignored, for :func:`subject_of`. Raises NotReadable."""
    if not isinstance(value, str) or not value.strip():
        raise NotReadable("pattern-missing")
    if len(value) > PATTERN_MAX:
        raise NotReadable("pattern-long", most=PATTERN_MAX)
    return _compiled(value)


@functools.lru_cache(maxsize=512)
def _compiled(text: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(text, re.IGNORECASE)
        tree = _parser.parse(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise NotReadable("pattern", words=str(error)) from None
    if compiled.match(""):
        raise NotReadable("pattern-empty")
    starts = 1 if _is_anchored(tree) else SUBJECT_MAX
    ways = starts * _ways(tree, in_repeat=False)
    if ways > WAYS_MAX:
        raise NotReadable("pattern-costly" if starts == 1 else "pattern-costly-unanchored")
    return compiled


def subject_of(reply: Reply) -> str:
    """What patterns are matched against: ``421 4.7.28 our system has detected …`` on one line."""
    return str(reply)[:SUBJECT_MAX].replace("\n", " ")


def _is_anchored(tree: Any) -> bool:
    return bool(tree) and str(tree[0][0]) == "AT" and str(tree[0][1]).startswith("AT_BEGINNING")


def _ways(tree: Any, *, in_repeat: bool) -> int:
    """In how many ways a piece can go over one text; raises NotReadable for what is not bounded."""
    product = 1
    for operator, argument in tree:
        product *= _ways_of(str(operator), argument, in_repeat)
        if product > WAYS_MAX:
            return product
    return product


def _ways_of(operator: str, argument: Any, in_repeat: bool) -> int:
    if operator in _ONE_CHARACTER or operator == "AT":
        return 1
    if operator == "SUBPATTERN":
        return _ways(argument[-1], in_repeat=in_repeat)
    if operator == "BRANCH":
        if in_repeat:
            raise NotReadable("pattern-nested")
        return sum(_ways(branch, in_repeat=False) for branch in argument[1])
    if operator in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, most, inner = argument
        most = min(int(most), SUBJECT_MAX)
        if in_repeat and least != most:
            raise NotReadable("pattern-nested")
        inside: int = _ways(inner, in_repeat=in_repeat or most > 1)
        return int(inside * (max(most - int(least), 0) + 1))
    raise NotReadable("pattern-construct")
