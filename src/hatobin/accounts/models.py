"""Who may do what, and the keys that seal their data."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hatobin.common.ids import uuid7


class Role(models.TextChoices):
    """A member's role; what each may do stands in ``accounts.rules``."""

    OWNER = "owner", _("Owner")
    SENDER = "sender", pgettext_lazy("role", "Sender")
    APPROVER = "approver", _("Approver")
    VIEWER = "viewer", _("Viewer")


class UserManager(BaseUserManager["User"]):
    """Creates people who sign in with their mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Stores a user; the address is kept in lower case."""
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Workspaces are reached through Member."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("Mail address"), unique=True)
    name = models.CharField(_("Name"), max_length=120, blank=True)
    language = models.CharField(max_length=5, default="ja")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Workspace(models.Model):
    """One organisation's (or department's) lists, letters and keys."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("Workspace name"), max_length=120)
    language = models.CharField(max_length=5, default="ja")
    base_url = models.CharField(max_length=300, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


_Row = TypeVar("_Row", bound=models.Model)


class WorkspaceRows(models.QuerySet[_Row]):
    """Rows that belong to a workspace: every query names it first."""

    def of(self, workspace_id: uuid.UUID) -> Self:
        """Only this workspace's rows."""
        return self.filter(workspace_id=workspace_id)

    def across_workspaces(self) -> Self:
        """Rows of every workspace: for the engine and the operator, never for a screen."""
        return self.all()


class WorkspaceOwned(models.Model):
    """Base of every table that belongs to a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class Member(WorkspaceOwned):
    """A user's place in a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["Member"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_user")
        ]


class Invitation(WorkspaceOwned):
    """A one-time link by which a person becomes a member. Only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["Invitation"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None),
                name="one_open_invitation_per_address",
            )
        ]


class ApiKey(WorkspaceOwned):
    """A key for programs. The secret is shown once and stored as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["ApiKey"].as_manager()


class AuditEntry(WorkspaceOwned):
    """Who did what, when. Rows are added, never changed."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict)

    objects = WorkspaceRows["AuditEntry"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-at"], name="audit_by_time")]


class DataKey(WorkspaceOwned):
    """A workspace's key, wrapped by the installation's master key."""

    class Purpose(models.TextChoices):
        SEAL = "seal"
        INDEX = "index"

    id = models.BigAutoField(primary_key=True)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["DataKey"].as_manager()


class SetupToken(models.Model):
    """The one-time token that lets the first person become the owner."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
