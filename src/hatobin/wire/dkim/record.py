"""The TXT record that publishes a key (RFC 6376 section 3.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

KeyKind = Literal["rsa", "ed25519"]

_LONGEST_STRING: Final = (
    255  # RFC 1035 section 3.3: a character-string has one octet for its length
)
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRecord:
    """What a published record says. An empty ``public`` means that the key was revoked."""

    kind: str  # "rsa", "ed25519", or what somebody else wrote
    public: str
    testing: bool  # t=y: receivers treat the mail as unsigned
    strict: bool  # t=s: i= may not name a subdomain
    usable: bool  # for mail (s=), with SHA-256 (h=)


def record_text(kind: KeyKind, public: str) -> str:
    """The record's whole text."""
    return f"v=DKIM1; k={kind}; p={public}"


def zone_strings(text: str) -> str:
    """The text as quoted strings of at most 255 octets each, as a zone file wants it."""
    parts = [text[at : at + _LONGEST_STRING] for at in range(0, len(text), _LONGEST_STRING)]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)


def parse_record(text: str) -> KeyRecord | None:
    """What a TXT record says about a key; None where it is no DKIM record."""
    tags: dict[str, str] = {}
    for index, part in enumerate(each for each in text.split(";") if each.strip()):
        name, sign, value = part.partition("=")
        name = name.strip()
        if not sign or not _TAG.fullmatch(name) or name in tags or (name == "v" and index):
            return None
        tags[name] = value.strip()
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return None
    flags = [each.strip() for each in tags.get("t", "").split(":")]
    services = [each.strip() for each in tags.get("s", "*").split(":")]
    digests = [each.strip() for each in tags.get("h", "sha256").split(":")]
    return KeyRecord(
        kind=tags.get("k", "rsa"),
        public=_SPACE.sub("", tags["p"]),
        testing="y" in flags,
        strict="s" in flags,
        usable=bool({"*", "email"} & set(services)) and "sha256" in digests,
    )
