"""A letter on its way from draft to result."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User, WorkspaceOwned, WorkspaceRows
from hatobin.audience.models import ContactList
from hatobin.common.ids import uuid7
from hatobin.delivery.models import Dispatch, Egress
from hatobin.senders.models import SenderIdentity


class LetterKind(models.TextChoices):
    """What the law sees in it."""

    MARKETING = "marketing", _("News and advertising")
    NOTICE = "notice", _("Notice")


class Campaign(WorkspaceOwned):
    """A letter (配信). A draft until released; then ``dispatch`` holds what was frozen."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("Name of this letter"), max_length=200)
    kind = models.CharField(max_length=20, choices=LetterKind.choices, default=LetterKind.MARKETING)
    list = models.ForeignKey(ContactList, on_delete=models.SET_NULL, null=True, related_name="+")
    identity = models.ForeignKey(
        SenderIdentity, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    egress = models.ForeignKey(Egress, on_delete=models.SET_NULL, null=True, related_name="+")
    letter = models.JSONField(default=dict)  # content.LetterDraft as JSON
    legal = models.JSONField(
        null=True
    )  # content.LegalFooter of this letter alone; else the profile
    # How long its letters are tried, and when again (delivery.rules.tries); null and empty: as usual.
    give_up_after = models.DurationField(null=True)
    retry = models.CharField(max_length=400, blank=True, default="", db_default="")
    # Hash over everything a command was given: the same command again goes on with an unfinished letter.
    order_key = models.CharField(max_length=64, blank=True, db_index=True)
    dispatch = models.OneToOneField(
        Dispatch, on_delete=models.SET_NULL, null=True, related_name="campaign"
    )
    revision = models.PositiveIntegerField(
        default=1
    )  # grows with every save: two tabs cannot overwrite
    saved_by = models.CharField(
        max_length=200, blank=True
    )  # the actor's label, for "who was faster"
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["Campaign"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-updated_at"], name="campaign_newest")]
