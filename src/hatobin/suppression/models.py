"""The do-not-mail ledger. It beats lists, imports and people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows


class SuppressionReason(models.TextChoices):
    """Why an address must not be mailed."""

    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed by the person")
    MANUAL = "manual", _("Added by staff")
    BOUNCED = "bounced", _("Does not accept mail")
    COMPLAINED = "complained", _("Reported as unwanted mail")


class Suppression(WorkspaceOwned):
    """One address that must not be mailed by this workspace, known by its keyed hash."""

    id = models.BigAutoField(primary_key=True)
    address_key = models.BinaryField(max_length=32)
    sealed = models.BinaryField()  # the address; context b"suppression:" + address_key
    reason = models.CharField(max_length=20, choices=SuppressionReason.choices)
    source = models.CharField(max_length=200, blank=True)  # e.g. "letter:<id>", "user:<id>"
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["Suppression"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address_key"], name="one_suppression_per_address"
            )
        ]
