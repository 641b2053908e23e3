"""Roads out of the house."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows
from hatobin.common.ids import uuid7


class EgressKind(models.TextChoices):
    """By which road letters leave."""

    SANDBOX = "sandbox", _("Sandbox (nothing leaves this machine)")
    SMTP_RELAY = "smtp-relay", _("SMTP relay")
    DIRECT = "direct", _("Straight to the recipients' mail servers")
    PROVIDER = "provider", _("Mail service")


class TlsMode(models.TextChoices):
    """How the connection to a server is protected; a direct road is never ``tls``."""

    NONE = "none", _("No encryption")
    OPPORTUNISTIC = "opportunistic", _("STARTTLS where the server offers it")
    STARTTLS = "starttls", _("STARTTLS")
    TLS = "tls", _("TLS from the start")


class Egress(WorkspaceOwned):
    """One road out of the house. Which columns belong to which kind:

    ``smtp-relay``: host, port, tls, username, sealed_password (context ``b"egress:" + id bytes``).
    ``direct``: sources ([{"address": "192.0.2.1", "ehlo_name": "mail.example.jp", "weight": 1}]; none:
    the system chooses), tls, and host and port when all letters go to one server whatever the
    recipient (a smart host, a test).
    ``provider``: provider (a name of ``egress.providers``), settings (what is not secret: a region, a
    domain), sealed_credentials (JSON; context ``b"egress-credentials:" + id bytes``).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(max_length=20, choices=EgressKind.choices)
    host = models.CharField(_("Server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(_("Port"), default=0)
    tls = models.CharField(max_length=20, choices=TlsMode.choices, default=TlsMode.STARTTLS)
    username = models.CharField(_("User name"), max_length=254, blank=True)
    sealed_password = models.BinaryField(null=True)
    sources = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    provider = models.CharField(max_length=40, blank=True, default="", db_default="")
    settings = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    sealed_credentials = models.BinaryField(null=True)
    # What takes over when this road does not work; never the sandbox for a real road, no circles.
    fallback = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    connections = models.PositiveIntegerField(default=5)
    messages_per_connection = models.PositiveIntegerField(default=100)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)  # taken away by staff; kept for old results
    # The lane's mood, written by the engine: a code, the server's words, and when to try again.
    trouble_code = models.CharField(max_length=60, blank=True)
    trouble_text = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True)
    resume_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["Egress"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(fallback=F("id")), name="egress_never_its_own_fallback"
            ),
            models.CheckConstraint(
                condition=Q(fallback=None) | ~Q(kind="sandbox"), name="egress_sandbox_stands_alone"
            ),
        ]

    @property
    def label(self) -> str:
        """What a screen calls it: a road by its own name, the sandbox in the reader's language."""
        return gettext("Sandbox") if self.kind == EgressKind.SANDBOX else self.name
