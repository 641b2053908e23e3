"""The seal: one value that changes when anything of what was checked changes (promise P4). Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any


def seal_hash(
    key: bytes,
    *,
    letter: Mapping[str, Any],
    sender: Mapping[str, Any],
    base_url: str,
    egress_id: uuid.UUID,
    people_hash: str,
) -> str:
    """64 hex digits over letter and sender (as JSON), links, road, and the frozen people.

    Keyed, so that who can only write to the database cannot make a seal that fits another letter.
    """
    content = [letter, sender, base_url, str(egress_id), people_hash]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def people_hash(people: list[tuple[int, int, int]]) -> str:
    """sha256 over (position, contact, revision) in order; the database computes the same for a list."""
    text = ",".join(f"{position}:{contact}:{revision}" for position, contact, revision in people)
    return hashlib.sha256(text.encode()).hexdigest()
