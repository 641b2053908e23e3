"""How a sender signs in to the sandbox's SMTP server: as its workspace, with a derived password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

from hatobin.accounts.services.sealing import installation_key


def sandbox_password(workspace_id: uuid.UUID) -> str:
    """The password of a workspace; made from the master key, stored nowhere."""
    digest = hmac.new(installation_key("sandbox"), workspace_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def check_login(username: str, password: str) -> uuid.UUID | None:
    """The workspace that signs in, or None."""
    try:
        workspace_id = uuid.UUID(hex=username)
    except ValueError:
        return None
    if not hmac.compare_digest(password.encode(), sandbox_password(workspace_id).encode()):
        return None
    return workspace_id
