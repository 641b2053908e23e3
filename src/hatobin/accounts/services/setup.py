"""First start: the person who holds the one-time token from the terminal becomes the owner."""

from __future__ import annotations

import hashlib

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Member, Role, SetupToken, User, Workspace
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import actor_of_member
from hatobin.accounts.services.workspaces import checked_name, create_workspace
from hatobin.common import clock
from hatobin.common.errors import Conflict, HatobinError, Invalid
from hatobin.common.ids import secret_token


def is_set_up() -> bool:
    """Whether anybody can sign in already."""
    return User.objects.exists()


@transaction.atomic
def issue_setup_token() -> str | None:
    """A fresh one-time token, or None when the installation has its owner. Older ones stop working."""
    if is_set_up():
        return None
    SetupToken.objects.all().delete()
    token = secret_token(24)
    SetupToken.objects.create(token_hash=_hash(token))
    return token


def check_setup_token(token: str) -> None:
    """Raises unless ``token`` is the one printed at the last start and was not used."""
    if is_set_up():
        raise _has_owner()
    if not SetupToken.objects.filter(token_hash=_hash(token), used_at=None).exists():
        raise _bad_token()


@transaction.atomic
def set_up_owner(
    token: str, *, email: str, name: str, password: str, workspace_name: str, language: str
) -> tuple[User, Workspace]:
    """Makes the first owner and workspace, and uses the token up."""
    row = (
        SetupToken.objects.select_for_update().filter(token_hash=_hash(token), used_at=None).first()
    )
    if is_set_up():
        raise _has_owner()
    if row is None:
        raise _bad_token()
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    return add_owner(
        email=email,
        name=name,
        password=password,
        workspace_name=workspace_name,
        language=language,
    )


@transaction.atomic
def add_owner(
    *, email: str, name: str, password: str, workspace_name: str, language: str
) -> tuple[User, Workspace]:
    """A new person who owns a workspace: the one of this name, where there is one.

    Else one that has no members yet (made by a command) is taken over, and gets the name and the
    language; else a new one is made.
    """
    user = create_person(email=email, name=name, password=password, language=language)
    wanted = checked_name(workspace_name)
    known = Workspace.objects.filter(name=wanted).order_by("created_at").first()
    found = known or _orphan()
    if found is None:
        return user, create_workspace(wanted, user, language=language)
    member = Member.objects.create(workspace=found, user=user, role=Role.OWNER)
    audit.record(actor_of_member(member), "member.joined", role=member.role)
    if not known:
        found.name, found.language = wanted, language
        found.save(update_fields=["name", "language"])
        audit.record(actor_of_member(member), "workspace.saved")
    return user, found


@transaction.atomic
def reset_password(*, email: str, password: str, operator: str = "") -> bool:
    """Gives a person a new password and ends their sessions; False when nobody has this address."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        return False
    check_password_rules(password, email=user.email, name=user.name)
    user.set_password(password)  # changes the session hash: every session of the person ends
    user.save(update_fields=["password"])
    audit.record_for_user(user, "user.password-reset", label=f"command:{operator}")
    return True


def _orphan() -> Workspace | None:
    owned = Member.objects.across_workspaces().values("workspace_id")
    return Workspace.objects.exclude(pk__in=owned).order_by("created_at").first()


def create_person(*, email: str, name: str, password: str, language: str) -> User:
    """A new user whose address and password keep the rules; raises Invalid naming the field."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("bad-address", _("This is not a mail address."), field="email") from error
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict("known-person", _("This person already has an account."), field="email")
    check_password_rules(password, email=email, name=name)
    return User.objects.create_user(email, password, name=name.strip()[:120], language=language)


def check_password_rules(password: str, *, email: str, name: str) -> None:
    """Raises Invalid with every rule that the password breaks."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise Invalid("weak-password", " ".join(error.messages), field="password") from error


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _has_owner() -> HatobinError:
    return Invalid(
        "has-owner",
        _("This installation already has an owner."),
        advice=_("Sign in, or ask an owner for an invitation."),
        field="token",
    )


def _bad_token() -> HatobinError:
    return Invalid(
        "bad-setup-token",
        _("This link does not work, or no longer works."),
        advice=_("Start Hatobin again and use the link that it prints in the terminal."),
        field="token",
    )
