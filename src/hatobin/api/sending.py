"""Senders and ways out."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.sending import (
    EgressOut,
    EgressTestOut,
    RelayIn,
    SenderIn,
    SenderOut,
    SenderProfile,
)
from hatobin.delivery import queries as delivery
from hatobin.delivery.services import egress
from hatobin.senders import queries as senders
from hatobin.senders import services

router = Router(tags=["Sending"])


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

    The sandbox, from which nothing leaves, and SMTP relays; the default first.
    """
    return list(delivery.egresses(actor_of(request)))


@router.post("/egresses", response={201: EgressOut}, openapi_extra=needs(Right.MANAGE))
def add_relay(request: HttpRequest, body: RelayIn) -> Any:
    """A new SMTP relay.

    It is stored without being tried; ``POST /egresses/{egress_id}/test`` says whether it works.
    """
    made = egress.save_relay(actor_of(request), **body.dict())
    return Reply(201, delivery.egress(actor_of(request), made.pk))


@router.put("/egresses/{egress_id}", response=EgressOut, openapi_extra=needs(Right.MANAGE))
def change_relay(request: HttpRequest, egress_id: uuid.UUID, body: RelayIn) -> Any:
    """Changes an SMTP relay.

    Letters on their way take the new settings. A stored password never goes to another server or user.
    """
    egress.save_relay(actor_of(request), egress_id=egress_id, **body.dict())
    return delivery.egress(actor_of(request), egress_id)


@router.delete("/egresses/{egress_id}", response={204: None}, openapi_extra=needs(Right.MANAGE))
def delete_relay(request: HttpRequest, egress_id: uuid.UUID) -> Any:
    """Removes an SMTP relay.

    With its password. Refused (409) while a letter is on its way by it.
    """
    egress.delete_relay(actor_of(request), egress_id)
    return Reply(204, None)


@router.post(
    "/egresses/{egress_id}/test", response=EgressTestOut, openapi_extra=needs(Right.MANAGE)
)
def test_relay(request: HttpRequest, egress_id: uuid.UUID) -> Any:
    """Tries a way out.

    Connects, encrypts and signs in, and says in plain words what is wrong. No letter is sent.
    """
    return egress.test_egress(actor_of(request), egress_id)
