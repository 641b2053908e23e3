"""What is bound to what: the seal of a dispatch, and the contexts of this room's sealed values."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from hatobin.accounts.services.sealing import installation_key
from hatobin.delivery.rules.seal import seal_hash

SANDBOX_LETTER = b"sandbox-letter"


def seal_of_content(
    *,
    letter: Mapping[str, Any],
    sender: Mapping[str, Any],
    base_url: str,
    egress_id: uuid.UUID,
    people_hash: str,
) -> str:
    """The seal (promise P4) that this letter, sender, road and these people deserve: 64 hex digits."""
    return seal_hash(
        installation_key("seal"),
        letter=letter,
        sender=sender,
        base_url=base_url,
        egress_id=egress_id,
        people_hash=people_hash,
    )


def recipient_context(address_key: bytes) -> bytes:
    """Of ``Delivery.test_recipient``."""
    return b"test-recipient:" + address_key


def password_context(egress_id: uuid.UUID) -> bytes:
    """Of ``Egress.sealed_password``."""
    return b"egress:" + egress_id.bytes


def credentials_context(egress_id: uuid.UUID) -> bytes:
    """Of ``Egress.sealed_credentials``."""
    return b"egress-credentials:" + egress_id.bytes
