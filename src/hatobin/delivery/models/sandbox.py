"""What arrived at the sandbox mailbox."""

from __future__ import annotations

from django.db import models

from hatobin.accounts.models import WorkspaceOwned, WorkspaceRows


class SandboxLetter(WorkspaceOwned):
    """A letter that arrived at the sandbox mailbox, exactly as it came over the wire, sealed."""

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField(auto_now_add=True)
    sealed = models.BinaryField()  # context b"sandbox-letter"; JSON envelope, then the raw message
    size = models.PositiveIntegerField()

    objects = WorkspaceRows["SandboxLetter"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="sandbox_newest")]
