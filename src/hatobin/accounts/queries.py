"""Reading accounts: the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from hatobin.accounts.models import ApiKey, AuditEntry, User
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right

PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLine:
    """One line, with the names of who acted and, where it was done to a person, of that person."""

    entry: AuditEntry
    who: str
    whom: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPage:
    """A page of the log, newest first. ``total`` counts what the filter leaves."""

    lines: tuple[AuditLine, ...]
    total: int
    page: int
    pages: int


def audit_page(
    actor: Actor,
    *,
    page: int = 1,
    kinds: Sequence[str] = (),
    label: str = "",
    without: Collection[str] = (),
) -> AuditPage:
    """Lines of the workspace's audit log, newest first.

    ``kinds``: beginnings of action codes; ``label``: one actor. Neither: everything.
    ``without``: action codes that are left out.
    """
    check_right(actor, Right.MANAGE)
    rows = AuditEntry.objects.of(actor.workspace_id).order_by("-id")
    wanted = Q()
    for kind in kinds:
        wanted |= Q(action__startswith=kind)
    rows = rows.filter(wanted).exclude(action__in=without)
    if label:
        rows = rows.filter(actor=label)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    found = list(rows[(page - 1) * PAGE : page * PAGE])
    names = _names(
        actor.workspace_id, (each for line in found for each in (line.actor, line.subject))
    )
    lines = tuple(
        AuditLine(
            entry=line,
            who=names.get(line.actor) or _who(line.actor),
            whom=names.get(line.subject, "") if line.subject != line.actor else "",
        )
        for line in found
    )
    return AuditPage(lines=lines, total=total, page=page, pages=pages)


def names_of_actors(workspace_id: uuid.UUID, labels: Collection[str]) -> dict[str, str]:
    """Who acted, by each actor's label, as people of this workspace may read it."""
    known = _names(workspace_id, labels)
    return {label: known.get(label) or _who(label) for label in labels}


def _names(workspace_id: uuid.UUID, labels: Iterable[str]) -> dict[str, str]:
    """Names of people (``user:<id>``) and API keys (``api:<prefix>``) that stand in the log."""
    wanted = set(labels)
    people = {each.removeprefix("user:") for each in wanted if each.startswith("user:")}
    keys = {each.removeprefix("api:") for each in wanted if each.startswith("api:")}
    found = User.objects.filter(pk__in=[uuid.UUID(each) for each in people])
    names = {f"user:{user.pk}": str(user) for user in found}
    for key in ApiKey.objects.of(workspace_id).filter(prefix__in=keys):
        names[f"api:{key.prefix}"] = _("API key “%(name)s”") % {"name": key.name}
    return names


def _who(label: str) -> str:
    kind, _colon, rest = label.partition(":")
    if kind == "command":
        return _("Terminal (%(name)s)") % {"name": rest} if rest else _("Terminal")
    return {
        "recipient": _("The reader, by the letter's link"),
        "engine": _("Hatobin itself"),
        "user": _("Somebody whose account is gone"),
        "api": _("An API key"),
    }.get(kind, label)
