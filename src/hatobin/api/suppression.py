"""The do-not-mail list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.base import PAGE, CountOut, Key
from hatobin.api.schemas.imports import SuppressionIn, SuppressionPage
from hatobin.suppression import queries, services

router = Router(tags=["Do-not-mail list"])


@router.get("/suppression", response=SuppressionPage, openapi_extra=needs(Right.VIEW_PEOPLE))
def get_suppression(request: HttpRequest, search: str = "", page: int = PAGE) -> Any:
    """The do-not-mail list.

    Newest first, 50 a page; ``search`` is one whole address.
    """
    return queries.entries(actor_of(request), search=search, page=page)


@router.post("/suppression", response={201: CountOut}, openapi_extra=needs(Right.EDIT_LISTS))
def add_suppression(request: HttpRequest, body: SuppressionIn) -> Any:
    """Puts addresses on the do-not-mail list.

    At once, also for letters on their way. All are taken, or none; answers how many were new.
    """
    added = services.add_by_staff(actor_of(request), "\n".join(body.addresses))
    return Reply(201, {"count": added})


@router.delete(
    "/suppression/{suppression_id}", response={204: None}, openapi_extra=needs(Right.MANAGE)
)
def remove_suppression(request: HttpRequest, suppression_id: Path[Key], why: str) -> Any:
    """Takes an address off the do-not-mail list.

    ``why`` goes into the audit log. What a person asked for themselves stays: only the person can change
    that.
    """
    services.remove(actor_of(request), suppression_id, why=why)
    return Reply(204, None)
