"""Who writes: the visible sender and the legal facts that every letter carries."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows
from hatobin.common.ids import uuid7
from hatobin.senders.rules import record_name


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


class SendingDomain(WorkspaceOwned):
    """A domain behind the @ of From lines, for which letters are signed.

    ``name`` and ``return_path`` are A-labels in lower case. ``return_path`` (where bounces go) counts
    only once a check found a mail server there (``return_path_ready``), and while letters are signed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("Domain"), max_length=253)
    return_path = models.CharField(max_length=253, blank=True)
    return_path_ready = models.BooleanField(default=False)
    # What the last look at the DNS found, as codes: deliverability.findings.Finding as JSON.
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["SendingDomain"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_row_per_sending_domain")
        ]


class KeyAlgorithm(models.TextChoices):
    RSA = "rsa", _("RSA")
    ED25519 = "ed25519", _("Ed25519")


class KeyState(models.TextChoices):
    """new > active > retiring > retired; a retiring key may become active again."""

    NEW = "new", _("Not in use yet")
    ACTIVE = "active", _("Signs letters")
    RETIRING = "retiring", _("Being replaced")
    RETIRED = "retired", _("Out of use")


class DkimKey(WorkspaceOwned):
    """A key that signs a domain's letters. A retired one has lost its private part for ever."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="keys")
    selector = models.CharField(_("Selector"), max_length=63)
    algorithm = models.CharField(max_length=20, choices=KeyAlgorithm.choices)
    bits = models.PositiveIntegerField()
    public = models.TextField()  # what stands behind p= in the DNS
    sealed_private = models.BinaryField(null=True)  # PKCS #8 PEM; context b"dkim-key:" + id bytes
    imported = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=KeyState.choices, default=KeyState.NEW)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True)
    retiring_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["DkimKey"].as_manager()

    class Meta:
        constraints = [
            # Never again under the same name: receivers keep what they once read there.
            models.UniqueConstraint(fields=["domain", "selector"], name="one_key_per_selector"),
            models.UniqueConstraint(
                fields=["domain", "algorithm"],
                condition=Q(state="new"),
                name="one_new_key_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["domain", "algorithm"],
                condition=Q(state="active"),
                name="one_active_key_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", sealed_private=None)
                | (~Q(state="retired") & Q(sealed_private__isnull=False)),
                name="only_retired_keys_are_erased",
            ),
        ]

    @property
    def record_name(self) -> str:
        """Where the public part is published."""
        return record_name(self.selector, self.domain.name)
