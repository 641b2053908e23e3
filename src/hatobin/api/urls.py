"""Addresses of the API. The OpenAPI file is at ``/api/v1/openapi.json``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from hatobin import __version__
from hatobin.accounts.models import Workspace
from hatobin.api import letters, lists, problems
from hatobin.api.auth import KeyAuth, actor_of
from hatobin.api.schemas import Me

api = NinjaAPI(
    title="Hatobin",
    version=__version__,
    description=(
        "One letter, one envelope, one person. Lists, letters and results of one workspace; which one is "
        "decided by the API key. Errors are RFC 9457 problems."
    ),
    auth=KeyAuth(),
    docs_url=None,
    urls_namespace="api",
)
problems.add_to(api)
api.add_router("", lists.router)
api.add_router("", letters.router)


@api.get("/me", response={200: Me, **lists.WRONG}, tags=["Key"])
def me(request: HttpRequest) -> Any:
    """What this key may do, and where."""
    actor = actor_of(request)
    workspace = Workspace.objects.get(pk=actor.workspace_id)
    return {"workspace": workspace.name, "rights": sorted(actor.rights)}


urlpatterns = [path("v1/", api.urls)]
