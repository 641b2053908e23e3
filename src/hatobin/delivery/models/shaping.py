"""A workspace's own shaping values, as they were typed."""

from __future__ import annotations

from django.db import models

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows


class ShapingOverride(WorkspaceOwned):
    """TOML that makes sending gentler (``rules.shaping``). At most one row for a workspace.

    ``revision`` grows with every save: senders and screens read the text anew only then.
    """

    text = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceRows["ShapingOverride"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace"], name="one_shaping_override_per_workspace")
        ]
