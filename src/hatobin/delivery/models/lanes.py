"""What senders tell each other, and the screens, about lanes; and what domains demand of TLS."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value

from hatobin.delivery.models.egress import Egress


class LaneShare(models.Model):
    """One sender's part of a lane: what it may use until when, and how it goes there.

    The sum of ``connections`` over a lane's rows that hold (``until``) never exceeds what its destination
    is given: docs/mechanisms/scale.md. Rows are written anew every few seconds, so the table is not logged.
    """

    id = models.BigAutoField(primary_key=True)
    node = models.BigIntegerField()
    egress = models.ForeignKey(Egress, on_delete=models.CASCADE, related_name="+", db_index=False)
    site = models.CharField(max_length=253)
    title = models.CharField(max_length=120, blank=True, default="", db_default="")  # its group's
    # Recipients' domains whose lots go there, as far as there is room for them here.
    domains = ArrayField(
        models.CharField(max_length=253), default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=253))),
    )  # fmt: skip
    connections = models.PositiveIntegerField()  # granted
    until = models.DateTimeField()
    most = models.PositiveIntegerField()  # of all senders together
    open = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    in_hand = models.PositiveIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)  # since this sender has had the lane
    refused = models.BigIntegerField(default=0)
    per_minute = models.PositiveIntegerField(default=0)
    last_reply = models.TextField(blank=True)
    why_code = models.CharField(
        max_length=40, blank=True
    )  # rules.shaping.why; empty: nothing slows it
    why_params = models.JSONField(default=dict)
    next_at = models.DateTimeField(
        null=True
    )  # when something may leave again, where nothing may now
    hit = models.JSONField(null=True)  # the last reply rule that acted, for the other senders
    hit_at = models.DateTimeField(null=True)
    # A person wants the lane's rest to end.
    wake_asked_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["egress", "site", "node"], name="one_share_per_sender")
        ]
        indexes = [models.Index(fields=["node"], name="lane_share_node")]


class StsPolicy(models.Model):
    """An MTA-STS policy (RFC 8461): remembered, so that nobody can talk a domain out of its TLS."""

    domain = models.CharField(max_length=253, primary_key=True)
    record_id = models.CharField(max_length=32)
    mode = models.CharField(max_length=10)
    mx = ArrayField(models.CharField(max_length=253))
    max_age = models.PositiveIntegerField()  # seconds
    fetched_at = models.DateTimeField()
