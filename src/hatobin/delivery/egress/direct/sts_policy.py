"""MTA-STS: what a domain says about TLS to its servers (RFC 8461). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Mode = Literal["enforce", "testing", "none"]

LONGEST_AGE = 31_557_600  # seconds, section 3.2
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_FIELD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_PATTERN = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_MODES: dict[str, Mode] = {"enforce": "enforce", "testing": "testing", "none": "none"}
_MOST_PATTERNS = 200


class BadPolicy(ValueError):
    """The text is no policy; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """``mx``: patterns of host names in lower case. ``max_age`` in seconds."""

    mode: Mode
    mx: tuple[str, ...]
    max_age: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptPolicy:
    """A policy as it is stored. ``id`` is that of the TXT record for which it was fetched."""

    domain: str
    id: str
    policy: Policy
    fetched_at: datetime

    def holds_at(self, now: datetime) -> bool:
        """Whether it is younger than its maximum age."""
        return now < self.fetched_at + timedelta(seconds=self.policy.max_age)

    def is_stale_at(self, now: datetime) -> bool:
        """Whether it should be fetched anew though nothing says that it changed: half its life is over."""
        return now >= self.fetched_at + timedelta(seconds=self.policy.max_age / 2)


def id_of_record(records: Sequence[str]) -> str | None:
    """The id in the TXT records of ``_mta-sts.<domain>``; None where there is no MTA-STS (section 3.1)."""
    ours = [record for record in records if re.match(r"v=STSv1\s*;", record)]
    if len(ours) != 1:
        return None
    for field in ours[0].split(";")[1:]:
        key, _, value = field.strip().partition("=")
        if key.strip() == "id":
            return value.strip() if _ID.fullmatch(value.strip()) else None
    return None


def parse_policy(text: str) -> Policy:
    """Reads the policy file (section 3.2). Raises BadPolicy."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if not colon or not _FIELD.fullmatch(key):
            raise BadPolicy("a line is no field")
        if key == "mx":
            patterns.append(_pattern(value))
        else:
            fields.setdefault(key, value)  # of a field that comes twice the first counts
    if fields.get("version") != "STSv1":
        raise BadPolicy("the version is not STSv1")
    mode = _MODES.get(fields.get("mode", ""))
    if mode is None:
        raise BadPolicy("the mode is none of enforce, testing and none")
    if mode != "none" and not patterns:
        raise BadPolicy("no mx is named")
    if len(patterns) > _MOST_PATTERNS:
        raise BadPolicy("too many mx are named")
    return Policy(mode=mode, mx=tuple(patterns), max_age=_age(fields.get("max_age", "")))


def host_matches(pattern: str, host: str) -> bool:
    """Whether an MX host is one of the pattern; ``*.`` stands for exactly one label (section 4.1)."""
    host = host.lower().rstrip(".")
    if not pattern.startswith("*."):
        return host == pattern
    first, dot, rest = host.partition(".")
    return bool(first and dot) and rest == pattern[2:]


def _pattern(value: str) -> str:
    pattern = value.lower().rstrip(".")
    if not _PATTERN.fullmatch(pattern):
        raise BadPolicy("an mx is no host name")
    return pattern


def _age(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise BadPolicy("max_age is no number")
    return min(int(value), LONGEST_AGE)
