"""What every page of the console knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from hatobin.accounts.rules import Actor, Right
from hatobin.delivery.queries.emergency import standing


def shell(request: HttpRequest) -> dict[str, Any]:
    """Workspace, actor, theme, emergency stops: for base.html. ``standing_stops`` is asked once a page."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "workspace": getattr(request, "workspace", None),
        "actor": actor,
        "may_pull_the_brake": actor is not None and actor.may(Right.STOP),
        "standing_stops": SimpleLazyObject(lambda: standing(actor.workspace_id) if actor else ()),
        "theme": request.COOKIES.get("hatobin_theme", ""),
    }
