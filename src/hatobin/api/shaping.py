"""How gently each destination is treated, and the workspace's own values."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router
from ninja.params.functions import Query

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.shaping import (
    AppliedOut,
    ShapingCheckOut,
    ShapingIn,
    ShapingOut,
    ShapingText,
)
from hatobin.delivery.queries import shaping_views
from hatobin.delivery.services import shaping

Kind = Literal["sandbox", "smtp-relay", "direct", "provider"]
router = Router(tags=["Sending"])

DOMAIN: str = Query(..., description="The domain that is written to")
SERVER: str = Query("", description="Its mail server, or the relay's host")
KIND: Kind = Query("direct", description="By which kind of way out")


@router.get("/shaping", response=ShapingOut, openapi_extra=needs(Right.VIEW))
def get_shaping(request: HttpRequest) -> Any:
    """How gently each destination is treated.

    Connections, speed and reply rules, each with the file and line that it comes from.
    """
    return shaping_views.overview(actor_of(request))


@router.get("/shaping/applied", response=AppliedOut, openapi_extra=needs(Right.VIEW))
def get_applied(
    request: HttpRequest,
    domain: str = DOMAIN,
    mail_server: str = SERVER,
    egress_kind: Kind = KIND,
) -> Any:
    """What applies to mail for a domain.

    Nothing is looked up in the DNS: give the mail server where the domain does not tell the provider.
    """
    return shaping_views.applies(
        actor_of(request), domain=domain, mail_server=mail_server, egress_kind=egress_kind
    )


@router.put("/shaping", response=ShapingOut, openapi_extra=needs(Right.MANAGE))
def save_shaping(request: HttpRequest, body: ShapingIn) -> Any:
    """Stores the workspace's own values.

    Only gentler ones than the installation's. Refused (422, with the line as `row`) when anything is wrong.
    """
    shaping.save(actor_of(request), **body.dict())
    return shaping_views.overview(actor_of(request))


@router.post("/shaping/check", response=ShapingCheckOut, openapi_extra=needs(Right.MANAGE))
def check_shaping(request: HttpRequest, body: ShapingText) -> Any:
    """Looks at a text without storing it.

    Everything that is wrong with it, each with its line and what to write instead.
    """
    problems = shaping.check(actor_of(request), body.text)
    return {"ok": not problems, "problems": shaping_views.problem_views(problems)}
