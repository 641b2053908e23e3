"""Secrets of a way of sending between "test" and "save": typed once, never written into a page.

They wait in the session (which is stored sealed) for a few minutes, for the place they were typed for
and no other (a server and user, a mail service), and are forgotten when it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.common import clock
from hatobin.console.middleware import StaffRequest

MINUTES = 10
_KEY = "tested_relay"


def keep(request: StaffRequest, place: list[str], secrets: Mapping[str, str]) -> None:
    """Remembers what was just tested."""
    request.session[_KEY] = {
        "for": _place(request, place),
        "secrets": dict(secrets),
        "until": clock.now().timestamp() + MINUTES * 60,
    }


def kept(request: StaffRequest, place: list[str]) -> dict[str, str]:
    """The secrets that were tested with this place; none where there are none any more."""
    found = request.session.get(_KEY)
    if not found or found["for"] != _place(request, place) or "secrets" not in found:
        return {}
    return dict(found["secrets"]) if clock.now().timestamp() < found["until"] else {}


def forget(request: StaffRequest) -> None:
    """It is saved, or was wrong."""
    request.session.pop(_KEY, None)


def _place(request: StaffRequest, place: list[str]) -> list[str]:
    return [str(request.actor.workspace_id), *(each.strip() for each in place)]
