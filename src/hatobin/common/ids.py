"""Identifiers: time-ordered UUIDs (RFC 9562, version 7) and secret tokens."""

from __future__ import annotations

import os
import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """A UUID whose order is the order of creation, to the millisecond (RFC 9562 section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return uuid.UUID(bytes=bytes(raw))


def secret_token(size: int = 32) -> str:
    """A URL-safe secret with ``size`` bytes of entropy."""
    return secrets.token_urlsafe(size)
