"""The audit log: one line for every act that matters."""

from __future__ import annotations

from hatobin.accounts.models import AuditEntry, Member, User, Workspace
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


def record_everywhere(actor: Actor, action: str, *, subject: str = "", **detail: object) -> None:
    """Adds a line to every workspace: what was done to the whole installation."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            workspace_id=workspace_id,
            actor=actor.label,
            action=action,
            subject=subject,
            detail=detail,
        )
        for workspace_id in Workspace.objects.values_list("pk", flat=True)
    )


def record_for_user(user: User, action: str, *, label: str = "", **detail: object) -> None:
    """Adds a line to each workspace of a person: signing in and passwords belong to no one of them.

    ``label``: who did it, when it was not the person.
    """
    places = Member.objects.across_workspaces().filter(user=user)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            workspace_id=workspace_id,
            actor=label or f"user:{user.pk}",
            action=action,
            subject=f"user:{user.pk}",
            detail=detail,
        )
        for workspace_id in places.values_list("workspace_id", flat=True)
    )
