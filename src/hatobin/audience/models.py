"""People and the lists they are on. Addresses and names are sealed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hatobin.accounts.models import User, WorkspaceOwned, WorkspaceRows
from hatobin.common.ids import uuid7


class FieldKind(models.TextChoices):
    """What a field means to a letter; everything is stored as text, as the office wrote it."""

    TEXT = "text", _("Text")
    NAME = "name", pgettext_lazy("person", "Name")
    FAMILY_NAME = "family-name", _("Family name")
    GIVEN_NAME = "given-name", _("Given name")
    KANA = "kana", _("Reading of the name")
    COMPANY = "company", _("Company")
    HONORIFIC = "honorific", _("Honorific")
    POSTCODE = "postcode", _("Postcode")
    PHONE = "phone", _("Phone number")


class Field(WorkspaceOwned):
    """A column of the people's data; its name is the merge name in a letter."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("Field name"), max_length=100)
    kind = models.CharField(max_length=20, choices=FieldKind.choices, default=FieldKind.TEXT)
    # Personal: lives only in the sealed blob. Fixed when the field is made, so that a value never moves.
    personal = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["Field"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_field_per_name")
        ]


class Contact(WorkspaceOwned):
    """One person (読者), known by the keyed hash of the normalised address.

    ``sealed`` opens (context ``b"contact:" + address_key``) to JSON ``{"address": str, "fields": {name: value}}``
    with every personal field; ``fields`` holds the ordinary ones. ``revision`` grows with every change of either.
    """

    id = models.BigAutoField(primary_key=True)
    address_key = models.BinaryField(max_length=32)
    domain = models.CharField(max_length=253)
    sealed = models.BinaryField()
    fields = models.JSONField(default=dict)
    search_keys = ArrayField(models.BigIntegerField(), default=list)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["Contact"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address_key"], name="one_contact_per_address"
            )
        ]
        indexes = [GinIndex(fields=["search_keys"], name="contact_search")]


class ContactList(WorkspaceOwned):
    """A named list (配信リスト)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("List name"), max_length=120)
    field_names = models.JSONField(
        default=list
    )  # the fields this list's people came with, in order
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["ContactList"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_list_per_name")
        ]


class ConsentBasis(models.TextChoices):
    """Why the law allows mail to this person (特定電子メール法 article 3)."""

    CONSENT = "consent", _("The person agreed to receive mail")
    GIVEN = "given", _("The person gave us the address (business card, form)")
    TRADING = "trading", _("We have a business relation")
    PUBLISHED = "published", _("The business published the address itself")
    NOT_ADVERTISING = "not-advertising", _("Notices only, no advertising")


class Subscription(WorkspaceOwned):
    """A contact's place on a list, with the basis it stands on (the first one given stays)."""

    class State(models.TextChoices):
        SUBSCRIBED = "subscribed", _("On the list")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")

    id = models.BigAutoField(primary_key=True)
    list = models.ForeignKey(ContactList, on_delete=models.CASCADE, related_name="subscriptions")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="subscriptions")
    state = models.CharField(max_length=20, choices=State.choices, default=State.SUBSCRIBED)
    # The row in the file it came from: the order people know. Later files and people go to the end.
    position = models.PositiveIntegerField()
    basis = models.CharField(max_length=20, choices=ConsentBasis.choices)
    source = models.CharField(max_length=200, blank=True)  # e.g. "import:<id>"
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceRows["Subscription"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "contact"], name="one_subscription_per_list")
        ]
        indexes = [models.Index(fields=["list", "state", "position"], name="subscription_order")]


class ImportState(models.TextChoices):
    """An import's life; each value's sentence is its label."""

    STAGED = "staged", _("Uploaded, columns not confirmed")
    QUEUED = "queued", _("Waiting to be read")
    RUNNING = "running", _("Being read")
    DONE = "done", _("Finished")
    FAILED = "failed", _("Stopped by a problem; nothing was written")
    CANCELLED = "cancelled", _("Cancelled; nothing was written")


class Import(WorkspaceOwned):
    """One file on its way into a list. Whole or nothing.

    When it is done, ``rows`` is the sum of added, changed, unchanged (all three as seen from the list),
    duplicates and refused. ``suppressed`` counts those of the first three who get no letter.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    list = models.ForeignKey(
        ContactList, on_delete=models.SET_NULL, null=True, related_name="imports"
    )
    list_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=20, choices=ImportState.choices, default=ImportState.STAGED)
    file_name_sealed = models.BinaryField()  # file names hold names of people too often
    size = models.BigIntegerField()
    reading = models.JSONField(default=dict)  # sheets.Reading as chosen
    mapping = models.JSONField(default=dict)  # choices.Mapping
    labels_sealed = models.BinaryField(
        null=True
    )  # JSON list of the column names; context b"import-labels:" + id
    basis = models.CharField(max_length=20, choices=ConsentBasis.choices, blank=True)
    rows = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    cancel_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=200, blank=True)  # for the audit log: who started it
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["Import"].as_manager()


class UploadChunk(WorkspaceOwned):
    """A sealed piece (1 MiB) of an uploaded file; context ``b"upload:" + import id + position (4 bytes)``.

    Removed when the import is done or cancelled; a day later when it failed or was never started.
    """

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    sealed = models.BinaryField()

    objects = WorkspaceRows["UploadChunk"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "position"], name="one_chunk_per_position")
        ]


class ImportProblem(WorkspaceOwned):
    """A row that was refused, or merged into an earlier one, with the reason; cells are sealed."""

    class Kind(models.TextChoices):
        REFUSED = "refused", pgettext_lazy("row", "Refused")
        DUPLICATE = "duplicate", _("Duplicate")

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    row = models.PositiveIntegerField()
    reason = models.CharField(max_length=60)
    params = models.JSONField(default=dict)  # e.g. {"first_row": 12}
    sealed = models.BinaryField()  # JSON list of the row's cells; context b"import-problem:" + id

    objects = WorkspaceRows["ImportProblem"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["upload", "row"], name="problem_by_row")]
