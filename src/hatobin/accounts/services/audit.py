"""The audit log: one line for every act that matters."""

from __future__ import annotations

from hatobin.accounts.models import AuditEntry
from hatobin.accounts.rules import Actor


def record(actor: Actor, action: str, *, subject: str = "", **detail: object) -> None:
    """Adds a line, in the caller's transaction. ``detail`` is JSON and holds no address or name."""
    AuditEntry.objects.create(
        workspace_id=actor.workspace_id,
        actor=actor.label,
        action=action,
        subject=subject,
        detail=detail,
    )
