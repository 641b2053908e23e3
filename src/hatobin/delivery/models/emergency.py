"""Emergency stops: who stopped everything, when, why, and what was in its final transmission then."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hatobin.accounts.models import Workspace, WorkspaceRows
from hatobin.common.ids import uuid7


class EmergencyStop(models.Model):
    """One pull of the emergency brake. Without a ``workspace`` it holds the whole installation.

    ``stopped_by`` and ``lifted_by`` are labels of actors. ``letters`` are the ledger rows that were
    between their mark and their record at that moment (at most ``LETTERS_KEPT``), ``in_flight`` how many.
    """

    LETTERS_KEPT = 2000

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="+")
    stopped_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    sending = models.PositiveIntegerField(default=0)  # dispatches that it paused
    held = models.PositiveIntegerField(default=0)  # dispatches on hold that it keeps from beginning
    in_flight = models.PositiveIntegerField(default=0)
    letters = ArrayField(models.BigIntegerField(), default=list)
    lifted_by = models.CharField(max_length=200, blank=True)
    lifted_at = models.DateTimeField(null=True)

    objects = WorkspaceRows["EmergencyStop"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="one_standing_stop",
            )
        ]
        indexes = [models.Index(fields=["-at"], name="emergency_stop_newest")]
