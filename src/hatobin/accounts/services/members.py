"""Members: invited by a one-time link, given a role, removed."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Invitation, Member, Role, User, Workspace
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import actor_of_member, check_right
from hatobin.accounts.services.api_keys import revoke_keys_of
from hatobin.accounts.services.setup import create_person
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common import clock
from hatobin.common.errors import Conflict, HatobinError, Invalid, NotFound
from hatobin.common.ids import secret_token

INVITATION_DAYS = 7


def members(actor: Actor) -> list[Member]:
    """Everyone in the workspace, first joined first."""
    check_right(actor, Right.MANAGE)
    rows = Member.objects.of(actor.workspace_id).select_related("user")
    return list(rows.order_by("created_at"))


def open_invitations(actor: Actor) -> list[Invitation]:
    """Invitations that can still be accepted."""
    check_right(actor, Right.MANAGE)
    rows = Invitation.objects.of(actor.workspace_id).filter(
        accepted_at=None, expires_at__gt=clock.now()
    )
    return list(rows.order_by("-created_at"))


@transaction.atomic
def invite(actor: Actor, *, email: str, role: str) -> str:
    """Makes an invitation and returns its secret token, which is shown once to be handed over.

    An older one for the address stops working: one is open at a time.
    """
    check_right(actor, Right.MANAGE)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("bad-address", _("This is not a mail address."), field="email") from error
    if role not in Role.values:
        raise Invalid("unknown-role", _("Choose a role."), field="role")
    lock_workspace(actor.workspace_id)
    if Member.objects.of(actor.workspace_id).filter(user__email=email).exists():
        raise Conflict("known-member", _("This person is already a member."), field="email")
    token = secret_token(24)
    Invitation.objects.of(actor.workspace_id).filter(email=email, accepted_at=None).delete()
    row = Invitation.objects.create(
        workspace_id=actor.workspace_id,
        email=email,
        role=role,
        token_hash=_hash(token),
        expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
        created_by_id=actor.user_id,
    )
    audit.record(actor, "member.invited", subject=str(row.pk), role=role)
    return token


@transaction.atomic
def withdraw_invitation(actor: Actor, invitation_id: uuid.UUID) -> None:
    """Makes an invitation useless. Raises NotFound when it was accepted or withdrawn before."""
    check_right(actor, Right.MANAGE)
    rows = Invitation.objects.of(actor.workspace_id)
    gone, _tables = rows.filter(pk=invitation_id, accepted_at=None).delete()
    if not gone:
        raise NotFound("no-invitation", _("This invitation is no longer open."))
    audit.record(actor, "member.invitation-withdrawn", subject=str(invitation_id))


def access_invitation(token: str) -> Invitation:
    """The open invitation behind a link; raises Invalid when it was used, withdrawn or is too old."""
    row = _open(token).select_related("workspace").first()
    if row is None:
        raise _bad_invitation()
    return row


def has_account(invitation: Invitation) -> bool:
    """Whether the invited person signs in here already, and only has to join."""
    return User.objects.filter(email__iexact=invitation.email).exists()


@transaction.atomic
def accept_as_new_person(token: str, *, name: str, password: str, language: str) -> User:
    """Joins with a new account for the invited address."""
    row = _locked_invitation(token)
    user = create_person(email=row.email, name=name, password=password, language=language)
    _join(row, user)
    return user


@transaction.atomic
def accept_as_user(token: str, user: User) -> Workspace:
    """Joins with the account that is signed in; it must be the invited address."""
    row = _locked_invitation(token)
    if user.email.lower() != row.email:
        raise Invalid(
            "other-person",
            _("This invitation is for another mail address."),
            advice=_("Sign in with the address that was invited."),
        )
    return _join(row, user)


@transaction.atomic
def change_role(actor: Actor, member_id: uuid.UUID, role: str) -> int:
    """Gives a member another role; the last owner stays one.

    Who is no longer an owner keeps no key that may more than they do. Answers how many keys ended.
    """
    check_right(actor, Right.MANAGE)
    if role not in Role.values:
        raise Invalid("unknown-role", _("Choose a role."), field="role")
    member = _locked(actor, member_id)
    if role != Role.OWNER:
        _check_not_last_owner(actor, member)
    if member.role == role:
        return 0
    member.role = role
    member.save(update_fields=["role"])
    audit.record(actor, "member.role-changed", subject=f"user:{member.user_id}", role=role)
    return 0 if role == Role.OWNER else revoke_keys_of(actor, member.user_id)


@transaction.atomic
def remove_member(actor: Actor, member_id: uuid.UUID) -> int:
    """Takes a member out of the workspace; the last owner cannot go.

    The API keys that the person made end with it. Answers how many.
    """
    check_right(actor, Right.MANAGE)
    member = _locked(actor, member_id)
    _check_not_last_owner(actor, member)
    member.delete()
    audit.record(actor, "member.removed", subject=f"user:{member.user_id}")
    return revoke_keys_of(actor, member.user_id)


def _join(row: Invitation, user: User) -> Workspace:
    """A member stays what the owners made them: an older invitation changes no role."""
    member, new = Member.objects.get_or_create(
        workspace_id=row.workspace_id, user=user, defaults={"role": row.role}
    )
    row.accepted_at = clock.now()
    row.save(update_fields=["accepted_at"])
    if new:
        audit.record(
            actor_of_member(member), "member.joined", subject=str(row.pk), role=member.role
        )
    return row.workspace


def _open(token: str) -> models.QuerySet[Invitation]:
    return Invitation.objects.across_workspaces().filter(
        token_hash=_hash(token), accepted_at=None, expires_at__gt=clock.now()
    )


def _locked_invitation(token: str) -> Invitation:
    """Two people with one link: the first joins, the second is told that it is used."""
    row = _open(token).select_for_update().first()
    if row is None:
        raise _bad_invitation()
    return row


def _bad_invitation() -> HatobinError:
    return Invalid(
        "bad-invitation",
        _("This invitation no longer works."),
        advice=_("Ask an owner of the workspace for a new one."),
    )


def _locked(actor: Actor, member_id: uuid.UUID) -> Member:
    rows = list(Member.objects.of(actor.workspace_id).select_for_update())
    found = [member for member in rows if member.pk == member_id]
    if not found:
        raise NotFound("no-member", _("This person is no longer a member."))
    return found[0]


def _check_not_last_owner(actor: Actor, member: Member) -> None:
    if member.role != Role.OWNER:
        return
    others = Member.objects.of(actor.workspace_id).filter(role=Role.OWNER).exclude(pk=member.pk)
    if not others.exists():
        raise _last_owner()


def _last_owner() -> HatobinError:
    return Conflict(
        "last-owner",
        _("A workspace needs at least one owner."),
        advice=_("Make somebody else an owner first."),
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
