"""Who writes: the visible sender and the legal facts that every letter carries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows
from hatobin.common.ids import uuid7


class SenderIdentity(WorkspaceOwned):
    """A From line. These addresses are public by nature and are not sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    display_name = models.CharField(_("Sender name"), max_length=120)
    address = models.CharField(_("Sender address"), max_length=254)
    reply_to = models.CharField(_("Reply address"), max_length=254, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["SenderIdentity"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address", "display_name"], name="one_identity_per_from_line"
            )
        ]


class SenderProfile(WorkspaceOwned):
    """The legal footer: who sends, where they are, where to complain (one per workspace)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.CharField(_("Organisation"), max_length=200)
    postal_address = models.CharField(_("Postal address"), max_length=300)
    contact = models.CharField(_("Contact for questions and complaints"), max_length=300)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["SenderProfile"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace"], name="one_profile_per_workspace")
        ]
