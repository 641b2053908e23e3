"""Addresses of the API. The OpenAPI file is at ``/api/v1/openapi.json``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import Router

from hatobin import __version__
from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Right
from hatobin.api import (
    delivery,
    domains,
    emergency,
    imports,
    letters,
    lists,
    problems,
    releases,
    sending,
    shaping,
    suppression,
)
from hatobin.api.auth import KeyAuth, actor_of, needs
from hatobin.api.openapi import Api
from hatobin.api.parsing import JsonParser, Utf8Renderer
from hatobin.api.schemas.base import Me

TAGS = {
    "Key": "What the API key may do.",
    "Lists": "Lists and the people on them.",
    "Imports": "Spreadsheets into lists, whole or nothing.",
    "Letters": "Drafts: written, checked, looked at, tested. There is no To, Cc or Bcc.",
    "Releases": "Sending, the brake, and what became of each letter.",
    "Delivery": "How sending goes, the story of one letter, and what can be done about it.",
    "Do-not-mail list": "Addresses that must not be mailed. It is read last, before every letter.",
    "Sending": "From lines, the legal facts under every letter, and ways out.",
    "Sending domains": "For whom letters are signed (DKIM), and what the DNS says about them.",
}

api = Api(
    title="Hatobin",
    version=__version__,
    description=(
        "One letter, one envelope, one person. Lists, letters and results of one workspace; which one "
        "is decided by the API key, sent as `Authorization: Bearer hb_…`. Errors are RFC 9457 problems "
        "with a stable `code`; their sentences are in the language of `Accept-Language` (ja, en)."
    ),
    auth=KeyAuth(),
    parser=JsonParser(),
    renderer=Utf8Renderer(),
    docs_url=None,
    urls_namespace="api",
    servers=[{"url": "/", "description": "This installation"}],
    openapi_extra={
        "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
    },
)
problems.add_to(api)
key_router = Router(tags=["Key"])


@key_router.get("/me", response=Me, openapi_extra=needs(Right.VIEW))
def me(request: HttpRequest) -> Any:
    """What this key may do.

    Its workspace and its rights.
    """
    actor = actor_of(request)
    workspace = Workspace.objects.get(pk=actor.workspace_id)
    return {"workspace": workspace.name, "rights": sorted(actor.rights)}


for each in (
    key_router,
    lists,
    imports,
    letters,
    releases,
    delivery,
    emergency,
    suppression,
    sending,
    domains,
    shaping,
):
    api.add_router("", each if isinstance(each, Router) else each.router)

_patterns, _app, _namespace = api.urls
for _pattern in _patterns:
    if isinstance(_pattern, URLPattern):
        _pattern.callback = problems.with_problems(_pattern.callback)
_missing = csrf_exempt(problems.missing)

urlpatterns = [
    path("v1/", _missing),
    path("v1/", include((_patterns, _app), namespace=_namespace)),
    re_path(r"", _missing),
]
