"""API keys in the Authorization header, and what happens to those who guess."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security import HttpBearer

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.api_keys import actor_of_key
from hatobin.common.errors import HatobinError

GUESSES = 20  # refused keys that one address may show ...
GUESSES_WITHIN = 60  # ... within so many seconds


class BadKey(HatobinError):
    """The key opens nothing."""

    status = 401


class TooManyGuesses(HatobinError):
    """One address shows refused keys again and again."""

    status = 429
    retry = True


class ApiRequest(HttpRequest):
    """A request whose key was accepted."""

    auth: Actor


class KeyAuth(HttpBearer):
    """``Authorization: Bearer hb_…``. No cookie is looked at, so there is no cross-site risk."""

    openapi_bearerFormat = "hb_…"  # noqa: N815 - ninja takes what follows "openapi_" as it is

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor behind the key. A good key always works, whatever others on its address show."""
        actor = actor_of_key(token)
        if actor is None:
            raise _refused(request)
        return actor


def actor_of(request: HttpRequest) -> Actor:
    """The actor of an accepted request."""
    return cast("ApiRequest", request).auth


def needs(right: Right, *more: Right, **extra: Any) -> dict[str, Any]:
    """For ``openapi_extra``: which rights the operation's service asks for."""
    return {"security": [{"KeyAuth": [each.value for each in (right, *more)]}], **extra}


def _refused(request: HttpRequest) -> HatobinError:
    place = f"api-guesses:{_caller_address(request)}"
    cache.add(place, 0, GUESSES_WITHIN)
    try:
        guesses = cache.incr(place)
    except ValueError:  # it ran out this very moment
        guesses = 1
    if guesses > GUESSES:
        return TooManyGuesses(
            "too-many-keys",
            _("Too many keys from your address were refused."),
            advice=_("Wait a minute, then try again with a key that works."),
        )
    return BadKey(
        "bad-api-key",
        _("This API key is unknown, was revoked or has expired."),
        advice=_("Owners make keys under Settings > API keys."),
    )


def _caller_address(request: HttpRequest) -> str:
    """The network address of who calls, as the nearest proxy that we trust saw it."""
    hops = settings.HATOBIN.proxy_count
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if hops and len(seen) >= hops and seen[-hops].strip():
        return str(seen[-hops]).strip()[:64]
    return str(request.META.get("REMOTE_ADDR", ""))
