"""The ledger: one row per letter, from release to its end. Legal states and moves: STATES.md."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User, WorkspaceOwned, WorkspaceRows
from hatobin.audience.models import Contact
from hatobin.common.ids import uuid7
from hatobin.delivery.rules.states import DeliveryState as DeliveryState
from hatobin.delivery.rules.states import DispatchState as DispatchState
from hatobin.delivery.shaping_model import ShapingOverride as ShapingOverride


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


class DispatchKind(models.TextChoices):
    CAMPAIGN = "campaign", _("Letter")
    TEST = "test", _("Test")


class Dispatch(WorkspaceOwned):
    """A released letter: its frozen content, sender, road and seal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=DispatchKind.choices)
    state = models.CharField(max_length=20, choices=DispatchState.choices)
    egress = models.ForeignKey(Egress, on_delete=models.PROTECT, related_name="+")
    letter = models.JSONField()  # content.CompiledLetter as JSON
    sender = models.JSONField()  # senders.FrozenSender as JSON
    base_url = models.CharField(max_length=300)
    people_hash = models.CharField(max_length=64)  # sha256 over (position, contact, revision)
    # Keyed hash over letter, sender, base_url, road and people_hash: what was checked (promise P4).
    seal = models.CharField(max_length=64)
    audience = models.PositiveIntegerField()
    hold_until = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Why it was stopped: "person", "called-back", "last-byte", "content-changed", "cannot-read",
    # "cannot-open".
    stop_code = models.CharField(max_length=60, blank=True)
    stop_detail = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["Dispatch"].as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "hold_until"],
                name="dispatch_open",
                condition=Q(state__in=["held", "sending", "paused"]),
            )
        ]


class Delivery(WorkspaceOwned):
    """The ledger row: (dispatch, contact) and what became of it."""

    id = models.BigAutoField(primary_key=True)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="deliveries")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="deliveries")
    contact_revision = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    address_key = models.BinaryField(max_length=32)
    domain = models.CharField(max_length=253)
    test_recipient = models.BinaryField(null=True)  # sealed address of the tester, tests only
    state = models.CharField(
        max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    reason = models.CharField(max_length=60, blank=True)  # why it ended as it did: a code
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    node = models.BigIntegerField(null=True)  # the sender process that holds it
    claim = models.BigIntegerField(default=0)  # fencing token: grows with every claim
    token = models.UUIDField(
        db_default=RandomUUID(), unique=True
    )  # Message-ID and unsubscribe link
    reply_code = models.PositiveIntegerField(null=True)
    reply_status = models.CharField(max_length=12, blank=True)  # enhanced status code, RFC 3463
    reply_text = models.TextField(
        blank=True
    )  # the server's words; the address replaced by {recipient}
    ended_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["Delivery"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "contact"], name="one_letter_per_person")
        ]
        indexes = [
            models.Index(
                fields=["dispatch", "next_attempt_at", "id"],
                name="delivery_due",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["node"],
                name="delivery_held",
                condition=Q(state__in=["claimed", "dot-sent"]),
            ),
            models.Index(fields=["dispatch", "state", "position"], name="delivery_by_state"),
        ]


class SenderNode(models.Model):
    """A sender process that is, or was, alive; it holds an advisory lock of this number while it lives."""

    id = models.BigAutoField(primary_key=True)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)


class SandboxLetter(WorkspaceOwned):
    """A letter that arrived at the sandbox mailbox, exactly as it came over the wire, sealed."""

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField(auto_now_add=True)
    sealed = models.BinaryField()  # context b"sandbox-letter"; JSON envelope, then the raw message
    size = models.PositiveIntegerField()

    objects = WorkspaceRows["SandboxLetter"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="sandbox_newest")]
