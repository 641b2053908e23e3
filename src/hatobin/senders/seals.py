"""To what this room's sealed values are bound."""

from __future__ import annotations

import uuid


def key_context(key_id: uuid.UUID) -> bytes:
    """Of ``DkimKey.sealed_private``."""
    return b"dkim-key:" + key_id.bytes
