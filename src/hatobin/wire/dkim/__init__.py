"""DKIM: signing letters (RFC 6376, RFC 8463), keys, and the record that publishes one.

``relaxed/relaxed``, the whole body (no ``l=``), and every field that a reader or a receiver goes by.
"""

from hatobin.wire.dkim.canonical import DkimError, canonical_body, is_canonical
from hatobin.wire.dkim.keys import (
    BadKey,
    PrivateKey,
    bits_of,
    generate_ed25519,
    generate_rsa,
    private_from_pem,
    private_to_pem,
    public_text,
)
from hatobin.wire.dkim.published import Publication, publication_of
from hatobin.wire.dkim.record import KeyKind, KeyRecord, parse_record, record_text, zone_strings
from hatobin.wire.dkim.signer import Signer, signatures

__all__ = [
    "BadKey",
    "DkimError",
    "KeyKind",
    "KeyRecord",
    "PrivateKey",
    "Publication",
    "Signer",
    "bits_of",
    "canonical_body",
    "generate_ed25519",
    "generate_rsa",
    "is_canonical",
    "parse_record",
    "private_from_pem",
    "private_to_pem",
    "public_text",
    "publication_of",
    "record_text",
    "signatures",
    "zone_strings",
]
