"""Reading accounts: the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.accounts.models import AuditEntry, User
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right

PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPage:
    """A page of the log, newest first; ``entries`` pairs each line with the person's name, if it is one."""

    entries: tuple[tuple[AuditEntry, str], ...]
    page: int
    pages: int


def audit_page(actor: Actor, *, page: int = 1) -> AuditPage:
    """Lines of the workspace's audit log, newest first."""
    check_right(actor, Right.MANAGE)
    rows = AuditEntry.objects.of(actor.workspace_id).order_by("-id")
    start = (max(page, 1) - 1) * PAGE
    lines = list(rows[start : start + PAGE])
    people = {line.actor.removeprefix("user:") for line in lines if line.actor.startswith("user:")}
    names = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=people)}
    return AuditPage(
        entries=tuple((line, names.get(line.actor, line.actor)) for line in lines),
        page=max(page, 1),
        pages=max(1, -(-rows.count() // PAGE)),
    )
