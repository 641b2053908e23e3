"""The workspace a signed-in person works in, and a page for who asks for a button's address."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from hatobin.accounts.models import User, Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.access import access_workspace
from hatobin.common.errors import NotFound

SESSION_KEY = "workspace"


class StaffRequest(HttpRequest):
    """A request of a signed-in member: views behind ``staff_only`` get this."""

    workspace: Workspace
    actor: Actor
    user: User


class WorkspaceMiddleware:
    """Sets ``request.workspace`` and ``request.actor`` (None for strangers and people without one)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        staff = cast("StaffRequest", request)
        staff.workspace = staff.actor = None  # type: ignore[assignment]
        if request.user.is_authenticated:
            _attach(staff)
        return self._get_response(request)


class WrongMethodPage:
    """A page for who asks for the address of a button, as others have for what is not there (404).

    Only for the console's own addresses: machines that ask elsewhere want no page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and _in_console(request):
            response.content = render_to_string("405.html", request=request).encode()
        return response


def _in_console(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.app_name == "console"


def _attach(request: StaffRequest) -> None:
    try:
        request.workspace, request.actor = access_workspace(request.user, _chosen(request))
    except NotFound:
        request.session.pop(SESSION_KEY, None)
        try:
            request.workspace, request.actor = access_workspace(request.user)
        except NotFound:
            return


def _chosen(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.session[SESSION_KEY])
    except (KeyError, ValueError):
        return None
