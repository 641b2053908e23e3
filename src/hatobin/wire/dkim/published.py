"""Whether the DNS publishes a key: what stands at its name, held against the key."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from hatobin.wire.dkim.record import KeyKind, parse_record


class Publication(StrEnum):
    """What receivers find at ``selector._domainkey.domain``."""

    PUBLISHED = "published"  # this key
    TESTING = "testing"  # this key, but t=y: receivers treat the letters as unsigned
    MISSING = "missing"  # nothing
    DIFFERENT = "different"  # another key, or another kind
    REVOKED = "revoked"  # an empty p=
    UNREADABLE = "unreadable"  # a text that is no DKIM record
    UNUSABLE = "unusable"  # this key, but not for mail, or not with SHA-256
    SEVERAL = "several"  # more than one record: receivers may take any (RFC 6376 section 3.6.2.2)

    @property
    def lets_sign(self) -> bool:
        """Whether receivers can check a signature of this key."""
        return self in {Publication.PUBLISHED, Publication.TESTING}


def publication_of(texts: Sequence[str], kind: KeyKind, public: str) -> Publication:
    """``texts``: the TXT records at the key's name, split strings joined; ``public``: what p= must be."""
    if len(texts) != 1:
        return Publication.SEVERAL if texts else Publication.MISSING
    record = parse_record(texts[0])
    if record is None:
        return Publication.UNREADABLE
    if not record.public:
        return Publication.REVOKED
    if (record.kind, record.public) != (kind, public):
        return Publication.DIFFERENT
    if not record.usable:
        return Publication.UNUSABLE
    return Publication.TESTING if record.testing else Publication.PUBLISHED
