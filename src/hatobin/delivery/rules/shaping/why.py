"""Why a lane is slow, as data: the sentences stand in ``rules.shaping_words``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WhyCode = Literal[
    "no-lease",  # this process has no share of the limits now
    "suspended",  # a reply rule asked for a pause
    "dead",  # connections failed, one after the other
    "slowed",  # a reply rule: a part of the rate and of the connections
    "rate-set",  # a reply rule: another rate
    "one-by-one",  # connections come back slowly, after a reply rule
    "after-failures",  # … and after failed connections
    "rate",  # the rate of the files
    "warming-up",  # the first connections
    "connections",  # all connections that the files allow are open
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """A code and what fills its sentence. Moments (``until``) are of the lane's clock."""

    code: WhyCode
    params: dict[str, object] = field(default_factory=dict)


def by_rule(code: WhyCode, rule: str, said: str, **params: object) -> Why:
    """With the rule's name and the codes that the server gave."""
    return Why(code=code, params={"rule": rule, "said": said, **params})
