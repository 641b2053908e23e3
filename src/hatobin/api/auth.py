"""API keys in the Authorization header."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from hatobin.accounts.rules import Actor
from hatobin.accounts.services.api_keys import actor_of_key


class ApiRequest(HttpRequest):
    """A request whose key was accepted."""

    auth: Actor


class KeyAuth(HttpBearer):
    """``Authorization: Bearer hb_…``. No cookie is looked at, so there is no cross-site risk."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor behind the key, or None."""
        return actor_of_key(token)


def actor_of(request: HttpRequest) -> Actor:
    """The actor of an accepted request."""
    return cast("ApiRequest", request).auth
