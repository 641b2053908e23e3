"""The ledger: one row per letter, from release to its end; and lots, the queue. Moves: STATES.md."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User, WorkspaceOwned, WorkspaceRows
from hatobin.audience.models import Contact
from hatobin.common.ids import uuid7
from hatobin.delivery.models.egress import Egress
from hatobin.delivery.rules.states import NOT_RECEIVED, DeliveryState, DispatchState


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
    give_up_after = models.DurationField(null=True)  # how long it is tried; null: as was usual then
    # When a letter that was put off is tried again, as text; empty: as its destination's values say.
    retry = models.CharField(max_length=400, blank=True, default="", db_default="")
    # Why it was stopped: "person", "called-back", "last-byte", "content-changed", "cannot-read",
    # "cannot-open"; "emergency" also while on hold: it does not begin.
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
    """The ledger row: (dispatch, contact) and what became of it.

    A letter that goes well is written twice, by its mark and its record, and neither may touch an
    index (PostgreSQL's heap-only updates): so no index names ``state``, the table leaves room for new
    versions of its rows, and what waits is found through its lot. Foreign keys are held by the release,
    which reads both sides in one statement; checking a million rows again would double its time.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="deliveries", db_constraint=False
    )
    contact_revision = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    address_key = models.BinaryField(max_length=32)
    domain = models.CharField(max_length=253)
    test_recipient = models.BinaryField(null=True)  # sealed address of the tester, tests only
    state = models.CharField(
        max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    # The state again when it is an end that is not "accepted": what people look for.
    missed = models.GeneratedField(
        expression=Case(When(state__in=sorted(NOT_RECEIVED), then=F("state")), default=Value(None)),
        output_field=models.CharField(max_length=12, null=True),
        db_persist=True,
    )
    reason = models.CharField(max_length=60, blank=True)  # why it ended as it did: a code
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claim = models.BigIntegerField(default=0)  # fencing number: grows with every mark and record
    reply_code = models.PositiveIntegerField(null=True)
    reply_status = models.CharField(max_length=12, blank=True)  # enhanced status code, RFC 3463
    reply_text = models.TextField(
        blank=True
    )  # the server's words; the address replaced by {recipient}
    route = models.IntegerField(null=True)  # Route.id: over which server it went last
    held_at = models.DateTimeField(null=True)  # a person holds it back; no sender loads it
    ended_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["Delivery"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "contact"], name="one_letter_per_person")
        ]
        indexes = [
            models.Index(fields=["dispatch", "position"], name="delivery_in_order"),
            models.Index(
                fields=["dispatch", "missed", "position"],
                name="delivery_missed",
                condition=Q(missed__isnull=False),
            ),
        ]


class Attempt(WorkspaceOwned):
    """A try that did not end its letter: "later", an answer that never came, or a road in trouble (``reason``
    is its kind, and nothing was counted). The end stands in Delivery."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="tries", db_constraint=False
    )
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=DeliveryState.choices)
    reason = models.CharField(max_length=60, blank=True)
    code = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=12, blank=True)
    words = models.TextField(blank=True)
    route = models.IntegerField(null=True)
    next_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["Attempt"].as_manager()


class Route(models.Model):
    """A way that letters took: server, its address, the local source, how it was protected."""

    id = models.AutoField(primary_key=True)
    egress = models.ForeignKey(Egress, on_delete=models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    address = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=64, blank=True)
    tls = models.CharField(max_length=60, blank=True)  # version and cipher; empty: in the clear

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["egress", "host", "address", "source", "tls"], name="one_route"
            )
        ]


class Lot(WorkspaceOwned):
    """The queue: some letters of one dispatch for one road and site, held by at most one sender at a time.

    ``site`` is a recipients' domain, or ``*`` where the road takes all. The row lives until none of its
    letters waits; letters that have ended meanwhile are passed over. ``node`` is the sender that holds it.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="lots")
    egress = models.ForeignKey(Egress, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.CharField(max_length=253)
    due_at = models.DateTimeField()
    ids = ArrayField(models.BigIntegerField())
    node = models.BigIntegerField(null=True)

    objects = WorkspaceRows["Lot"].as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["egress", "dispatch", "site", "due_at", "id"],
                name="lot_free",
                condition=Q(node__isnull=True),
            ),
            models.Index(
                fields=["egress", "due_at"], name="lot_due", condition=Q(node__isnull=True)
            ),
            models.Index(fields=["node"], name="lot_held", condition=Q(node__isnull=False)),
        ]


class SenderNode(models.Model):
    """A sender process that is, or was, alive; it holds an advisory lock of this number while it lives."""

    id = models.BigAutoField(primary_key=True)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)
