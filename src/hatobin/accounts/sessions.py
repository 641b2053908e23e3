"""Sessions are sealed like everything else: what a page tells somebody once may name a person."""

from __future__ import annotations

import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hatobin.accounts.services.sealing import installation_key

_NONCE = 12
_CONTEXT = b"session"


class SealedSerializer:
    """JSON, sealed with a key of the installation. What does not open is an empty session to Django."""

    def dumps(self, obj: Any) -> bytes:
        """Called by Django before it signs and stores a session."""
        nonce = os.urandom(_NONCE)
        return nonce + _cipher().encrypt(nonce, json.dumps(obj).encode(), _CONTEXT)

    def loads(self, data: bytes) -> Any:
        """The opposite; raises InvalidTag for what was sealed with another key."""
        return json.loads(_cipher().decrypt(data[:_NONCE], data[_NONCE:], _CONTEXT))


def _cipher() -> AESGCM:
    return AESGCM(installation_key("sessions"))
