"""What every page of the console knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Workspace, actor, theme: for base.html."""
    return {
        "workspace": getattr(request, "workspace", None),
        "actor": getattr(request, "actor", None),
        "theme": request.COOKIES.get("hatobin_theme", ""),
    }
