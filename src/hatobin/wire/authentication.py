"""SPF and DMARC records, as far as a look at a domain needs them (RFC 7208, RFC 7489)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Policy = Literal["none", "quarantine", "reject"]

_POLICIES: dict[str, Policy] = {"none": "none", "quarantine": "quarantine", "reject": "reject"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Dmarc:
    """What a domain asks of receivers. ``strict_dkim``: a signature of a parent domain does not count."""

    policy: Policy
    subdomains: Policy  # of those that have no record of their own
    strict_dkim: bool
    public_suffix: bool  # psd=y: it speaks for a registry, not for one owner


def spf_records(texts: Iterable[str]) -> list[str]:
    """The TXT records that are SPF (section 4.5); there may be one at most."""
    return [text for text in texts if text.lower().split(" ", 1)[0] == "v=spf1"]


def allows_everybody(spf: str) -> bool:
    """Whether the record lets any machine of the world send: an ``all`` with a plus, or without a sign."""
    return bool({"all", "+all"} & set(spf.lower().split()[1:]))


def parse_dmarc(text: str) -> Dmarc | None:
    """What a TXT record at ``_dmarc`` says; None where it is none, or has no policy that one can read."""
    tags: dict[str, str] = {}
    for index, part in enumerate(each for each in text.split(";") if each.strip()):
        name, sign, value = (each.strip() for each in part.partition("="))
        if index == 0 and (name.lower(), value) != ("v", "DMARC1"):
            return None
        if sign:
            tags.setdefault(name.lower(), value.lower())
    policy = _POLICIES.get(tags.get("p", ""))
    if policy is None or "v" not in tags:
        return None
    return Dmarc(
        policy=policy,
        subdomains=_POLICIES.get(tags.get("sp", ""), policy),
        strict_dkim=tags.get("adkim", "r") == "s",
        public_suffix=tags.get("psd", "") == "y",
    )
