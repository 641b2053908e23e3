"""The signed token of a letter's unsubscribe link. It names the letter and nobody else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import uuid

from hatobin.accounts.services.sealing import installation_key

_SIGNATURE = 12  # bytes: 96 bits, and every guess is a request
_FORM = re.compile(r"[A-Za-z0-9_-]{38}")


def link_token(row_token: uuid.UUID) -> str:
    """38 URL-safe characters: the row's token (16 bytes) and a truncated HMAC-SHA256 over it."""
    return (
        base64.urlsafe_b64encode(row_token.bytes + _signature(row_token.bytes)).decode().rstrip("=")
    )


def read_link_token(text: str) -> uuid.UUID | None:
    """The row's token; None when the text was not made by ``link_token`` here."""
    if not _FORM.fullmatch(text):
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    token, signature = raw[:16], raw[16:]
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text:
        return None  # other spellings of the last bits
    return uuid.UUID(bytes=token) if hmac.compare_digest(signature, _signature(token)) else None


def _signature(token: bytes) -> bytes:
    return hmac.new(installation_key("unsubscribe"), token, hashlib.sha256).digest()[:_SIGNATURE]
