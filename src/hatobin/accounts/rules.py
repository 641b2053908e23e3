"""What each role and each API scope may do: data, so that it can be shown and tested."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Role


class Right(StrEnum):
    """One thing an actor may be allowed to do."""

    VIEW = "view"  # names of lists and letters, sums, results without people
    VIEW_PEOPLE = "view-people"  # addresses and names
    EDIT_LISTS = "edit-lists"  # import, change and remove people
    EDIT_LETTERS = "edit-letters"  # write drafts, send tests to oneself
    SEND = "send"  # release, pause, resume
    STOP = "stop"  # call back and stop: anybody responsible may pull the brake
    EXPORT = "export"  # files with people in them
    MANAGE = "manage"  # members, senders, egress, API keys


RIGHT_SENTENCES: dict[Right, Promise] = {
    Right.VIEW: _("See lists, letters and sums"),
    Right.VIEW_PEOPLE: _("See names and mail addresses"),
    Right.EDIT_LISTS: _("Import and change lists"),
    Right.EDIT_LETTERS: _("Write letters and send tests"),
    Right.SEND: _("Release letters"),
    Right.STOP: _("Call back and stop letters"),
    Right.EXPORT: _("Download people as files"),
    Right.MANAGE: _("Manage members, senders, ways of sending and keys"),
}

_SENDER = frozenset(Right) - {Right.MANAGE}

ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.SENDER: _SENDER,
    Role.APPROVER: frozenset({Right.VIEW, Right.VIEW_PEOPLE, Right.STOP}),
    Role.VIEWER: frozenset({Right.VIEW}),
}

SCOPE_RIGHTS: dict[str, frozenset[Right]] = {
    "read": frozenset({Right.VIEW}),
    "people": frozenset({Right.VIEW, Right.VIEW_PEOPLE, Right.EXPORT}),
    "lists": frozenset({Right.VIEW, Right.EDIT_LISTS}),
    "letters": frozenset({Right.VIEW, Right.EDIT_LETTERS}),
    "send": frozenset({Right.VIEW, Right.SEND, Right.STOP}),
    "settings": frozenset({Right.VIEW, Right.MANAGE}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks: a signed-in member, an API key or an operator's command, always in one workspace."""

    workspace_id: uuid.UUID
    rights: frozenset[Right]
    label: str  # for the audit log: "user:<id>", "api:<prefix>", "command:<os user>"
    user_id: uuid.UUID | None = None
    role: str = ""

    def may(self, right: Right) -> bool:
        """Whether this right was given."""
        return right in self.rights
