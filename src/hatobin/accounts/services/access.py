"""Access: from a request to an Actor, and the check that every service makes first."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Member, Role, User, Workspace
from hatobin.accounts.rules import ROLE_RIGHTS, Actor, Right
from hatobin.common.errors import NotAllowed, NotFound


def check_right(actor: Actor, right: Right) -> None:
    """Raises NotAllowed unless ``actor`` holds ``right``."""
    if not actor.may(right):
        raise NotAllowed(
            "not-allowed",
            _("Your role does not allow this."),
            advice=_("Ask an owner of this workspace to do it, or to change your role."),
            params={"right": right.value},
        )


def check_everywhere(actor: Actor, right: Right) -> None:
    """Raises NotAllowed unless ``actor`` holds ``right``, and manages, in every workspace there is.

    That is the operator at the terminal, a person who owns them all, or a key of the only one.
    """
    check_right(actor, right)
    if not may_everywhere(actor, right):
        raise NotAllowed(
            "not-everywhere",
            _("This is about the whole installation, and you do not manage every workspace of it."),
            advice=_(
                "Do it for your workspace, and ask whoever runs the machine to do it for all."
            ),
            params={"right": right.value},
        )


def may_everywhere(actor: Actor, right: Right) -> bool:
    """The same as an answer."""
    if not (actor.may(right) and actor.may(Right.MANAGE)):
        return False
    if actor.label.startswith("command:"):
        return True
    others = Workspace.objects.exclude(pk=actor.workspace_id)
    if actor.user_id is not None:
        owned = Member.objects.across_workspaces().filter(user_id=actor.user_id, role=Role.OWNER)
        others = others.exclude(pk__in=owned.values("workspace_id"))
    return not others.exists()


def access_workspace(user: User, workspace_id: uuid.UUID | None = None) -> tuple[Workspace, Actor]:
    """The workspace a signed-in user works in (the named one, else the first joined).

    Raises NotFound when the user is no member of it.
    """
    memberships = Member.objects.across_workspaces().filter(user=user, user__is_active=True)
    if workspace_id is not None:
        memberships = memberships.filter(workspace_id=workspace_id)
    member = memberships.select_related("workspace").order_by("created_at").first()
    if member is None:
        raise NotFound(
            "no-workspace",
            _("You are not a member of this workspace."),
            advice=_("Ask an owner for an invitation."),
        )
    return member.workspace, actor_of_member(member)


def actor_of_member(member: Member) -> Actor:
    """The actor that a member is, with the rights of the role."""
    return Actor(
        workspace_id=member.workspace_id,
        rights=ROLE_RIGHTS[member.role],
        label=f"user:{member.user_id}",
        user_id=member.user_id,
        role=member.role,
    )


def actor_of_operator(workspace_id: uuid.UUID, operator: str) -> Actor:
    """The person at the machine's terminal, who owns the data folder anyway."""
    return Actor(
        workspace_id=workspace_id,
        rights=frozenset(Right),
        label=f"command:{operator}",
    )


def workspaces_of(user: User) -> list[Workspace]:
    """The workspaces this user may switch between, in the order joined."""
    rows = Member.objects.across_workspaces().filter(user=user).select_related("workspace")
    return [member.workspace for member in rows.order_by("created_at")]
