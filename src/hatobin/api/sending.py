"""Senders and ways out."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja import Status as Reply
from ninja.params.functions import Query

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.sending import (
    EgressIn,
    EgressOut,
    EgressTestOut,
    SenderIn,
    SenderOut,
    SenderProfile,
)
from hatobin.delivery import queries as delivery
from hatobin.delivery.services import egress
from hatobin.senders import queries as senders
from hatobin.senders import services

router = Router(tags=["Sending"])

_TO: str = Query(
    "",
    max_length=254,
    description="For `direct`: a mail address or domain to reach; empty: that of the sender",
)


@router.get("/senders", response=list[SenderOut], openapi_extra=needs(Right.VIEW))
def get_senders(request: HttpRequest) -> Any:
    """The From lines.

    What letters can be sent with; the default first.
    """
    return senders.identities(actor_of(request))


@router.post("/senders", response={201: SenderOut}, openapi_extra=needs(Right.MANAGE))
def add_sender(request: HttpRequest, body: SenderIn) -> Any:
    """A new From line.

    An equal one is answered rather than added twice.
    """
    return Reply(201, services.save_identity(actor_of(request), **body.dict()))


@router.put("/senders/{sender_id}", response=SenderOut, openapi_extra=needs(Right.MANAGE))
def change_sender(request: HttpRequest, sender_id: uuid.UUID, body: SenderIn) -> Any:
    """Changes a From line.

    Released letters keep the one they were released with.
    """
    return services.save_identity(actor_of(request), identity_id=sender_id, **body.dict())


@router.delete("/senders/{sender_id}", response={204: None}, openapi_extra=needs(Right.MANAGE))
def delete_sender(request: HttpRequest, sender_id: uuid.UUID) -> Any:
    """Removes a From line.

    Released letters keep the one they were released with.
    """
    services.delete_identity(actor_of(request), sender_id)
    return Reply(204, None)


@router.get("/sender-profile", response=SenderProfile, openapi_extra=needs(Right.VIEW))
def get_profile(request: HttpRequest) -> Any:
    """The legal facts under every letter.

    Empty texts where nothing was filled in yet; a letter cannot be released then.
    """
    empty = SenderProfile(organisation="", postal_address="", contact="")
    return senders.profile(actor_of(request)) or empty


@router.put("/sender-profile", response=SenderProfile, openapi_extra=needs(Right.MANAGE))
def save_profile(request: HttpRequest, body: SenderProfile) -> Any:
    """Fills in the legal facts under every letter.

    Who sends, the postal address, and where to ask or complain: the law wants all three.
    """
    return services.save_profile(actor_of(request), **body.dict())


@router.get("/egresses", response=list[EgressOut], openapi_extra=needs(Right.VIEW))
def get_egresses(request: HttpRequest) -> Any:
    """The ways out.

    The sandbox, from which nothing leaves, and the others; the default first.
    """
    return list(delivery.egresses(actor_of(request)))


@router.post("/egresses", response={201: EgressOut}, openapi_extra=needs(Right.MANAGE))
def add_egress(request: HttpRequest, body: EgressIn) -> Any:
    """A new way out.

    An SMTP relay, a mail service's API, or straight to the recipients' servers. It is stored without
    being tried; ``POST /egresses/{egress_id}/test`` says whether it works.
    """
    made = egress.save_egress(actor_of(request), body.kind, _given(body))
    return Reply(201, delivery.egress(actor_of(request), made.pk))


@router.put("/egresses/{egress_id}", response=EgressOut, openapi_extra=needs(Right.MANAGE))
def change_egress(request: HttpRequest, egress_id: uuid.UUID, body: EgressIn) -> Any:
    """Changes a way out.

    Letters on their way take the new settings. A stored secret never goes to another server, user or
    service than it was entered for.
    """
    egress.save_egress(actor_of(request), body.kind, _given(body), egress_id)
    return delivery.egress(actor_of(request), egress_id)


@router.delete("/egresses/{egress_id}", response={204: None}, openapi_extra=needs(Right.MANAGE))
def delete_egress(request: HttpRequest, egress_id: uuid.UUID) -> Any:
    """Removes a way out.

    With its secrets. Refused (409) while a letter is on its way by it or another one falls back to it.
    """
    egress.delete_egress(actor_of(request), egress_id)
    return Reply(204, None)


@router.post(
    "/egresses/{egress_id}/test", response=EgressTestOut, openapi_extra=needs(Right.MANAGE)
)
def try_egress(request: HttpRequest, egress_id: uuid.UUID, to: str = _TO) -> Any:
    """Tries a way out.

    Connects, encrypts and signs in, and says in plain words what is wrong. No letter is sent.
    """
    return egress.test_egress(actor_of(request), egress_id, to=to)


def _given(body: EgressIn) -> dict[str, Any]:
    """What was sent: what is left out keeps its stored or usual value."""
    return body.dict(exclude_unset=True, exclude={"kind"})
