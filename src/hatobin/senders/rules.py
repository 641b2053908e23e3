"""What a sending domain and its keys may be. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

OVERLAP: Final = timedelta(days=7)  # queues of servers on the way keep letters for up to five days
SMALLEST_RSA: Final = 2048
# A selector, "._domainkey." and the domain are one name of at most 253; a return address has a local part.
LONGEST_DOMAIN: Final = 180
_SELECTOR: Final = re.compile(
    r"(?=.{1,63}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
)


def record_host(selector: str) -> str:
    """The record's name without the domain, as most DNS providers ask for it."""
    return f"{selector}._domainkey"


def record_name(selector: str, domain: str) -> str:
    """The record's whole name."""
    return f"{record_host(selector)}.{domain}"


def is_selector(text: str) -> bool:
    """Whether a key may be published under it (lower case)."""
    return bool(_SELECTOR.fullmatch(text)) and all(len(each) <= 63 for each in text.split("."))


def new_selector(now: datetime, chance: str) -> str:
    """A selector that tells its month; ``chance`` keeps two keys of a month apart, in two workspaces too."""
    return f"hato-{now:%Y%m}-{chance}"


def candidates(from_domain: str) -> Iterator[str]:
    """The domains that may sign for it, the nearest first: itself and its parents (DMARC, relaxed).

    The last label alone signs for nobody; what else is a public suffix cannot be added with a working
    key, because nobody can publish one there.
    """
    labels = from_domain.lower().rstrip(".").split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])
