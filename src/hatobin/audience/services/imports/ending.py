"""How an import ends, well or not."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hatobin.audience.models import Import, ImportState
from hatobin.audience.services.uploads import remove_content
from hatobin.common import clock


def end_import(upload: Import, state: ImportState, **values: Any) -> None:
    """Writes the end down; the file's bytes stay only where the person may try again."""
    for name, value in values.items():
        setattr(upload, name, value)
    upload.state, upload.finished_at = state, clock.now()
    with transaction.atomic():
        upload.save()
        if state != ImportState.FAILED:
            remove_content(upload)
