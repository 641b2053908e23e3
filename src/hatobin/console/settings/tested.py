"""The password of a relay between "test" and "save": typed once, never written into a page.

It waits in the session (which is stored sealed) for a few minutes, for the server and user it was
typed for and no others, and is forgotten when the relay is saved.
"""

from __future__ import annotations

from hatobin.common import clock
from hatobin.console.middleware import StaffRequest

MINUTES = 10
_KEY = "tested_relay"


def keep(request: StaffRequest, *, host: str, username: str, password: str) -> None:
    """Remembers what was just tested."""
    request.session[_KEY] = {
        "for": _place(request, host, username),
        "password": password,
        "until": clock.now().timestamp() + MINUTES * 60,
    }


def kept(request: StaffRequest, *, host: str, username: str) -> str:
    """The password that was tested with this server and user; empty where there is none any more."""
    found = request.session.get(_KEY)
    if not found or not username or found["for"] != _place(request, host, username):
        return ""
    return str(found["password"]) if clock.now().timestamp() < found["until"] else ""


def forget(request: StaffRequest) -> None:
    """It is saved, or was wrong."""
    request.session.pop(_KEY, None)


def _place(request: StaffRequest, host: str, username: str) -> list[str]:
    return [str(request.actor.workspace_id), host.strip().lower(), username.strip()]
