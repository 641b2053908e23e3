"""Sending domains: their keys, and what the DNS says about them."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.domains import (
    DomainChange,
    DomainIn,
    DomainOut,
    KeyImport,
    KeyIn,
    KeyRetire,
)
from hatobin.deliverability import queries
from hatobin.deliverability.services import activate_key, check_domain
from hatobin.senders.services import domains, key_making, key_use

router = Router(tags=["Sending domains"])
_MANAGE = needs(Right.MANAGE)


@router.get("/domains", response=list[DomainOut], openapi_extra=needs(Right.VIEW))
def get_domains(request: HttpRequest) -> Any:
    """The sending domains.

    Each with its keys, the records to publish, what the last check found, and what to do next.
    """
    return list(queries.domains(actor_of(request)))


@router.post("/domains", response={201: DomainOut}, openapi_extra=_MANAGE)
def add_domain(request: HttpRequest, body: DomainIn) -> Any:
    """A new sending domain.

    Without a key yet. Refused (409) where it is there already.
    """
    actor = actor_of(request)
    return Reply(201, queries.domain(actor, domains.add_domain(actor, **body.dict()).pk))


@router.get("/domains/{domain_id}", response=DomainOut, openapi_extra=needs(Right.VIEW))
def get_domain(request: HttpRequest, domain_id: uuid.UUID) -> Any:
    """One sending domain.

    What the last check found; nothing is looked up now.
    """
    return queries.domain(actor_of(request), domain_id)


@router.put("/domains/{domain_id}", response=DomainOut, openapi_extra=_MANAGE)
def change_domain(request: HttpRequest, domain_id: uuid.UUID, body: DomainChange) -> Any:
    """Changes where bounces go.

    The new domain is used from the first check that finds a mail server there.
    """
    domains.change_domain(actor_of(request), domain_id, **body.dict())
    return queries.domain(actor_of(request), domain_id)


@router.delete("/domains/{domain_id}", response={204: None}, openapi_extra=_MANAGE)
def remove_domain(request: HttpRequest, domain_id: uuid.UUID) -> Any:
    """Removes a sending domain.

    With its keys. Refused (409) while one of them signs letters.
    """
    domains.remove_domain(actor_of(request), domain_id)
    return Reply(204, None)


@router.post("/domains/{domain_id}/check", response=DomainOut, openapi_extra=_MANAGE)
def check_dns(request: HttpRequest, domain_id: uuid.UUID) -> Any:
    """Looks at the DNS.

    Keys, SPF and MX of the domain that bounces go to, DMARC. Takes a few seconds.
    """
    return check_domain(actor_of(request), domain_id)


@router.post("/domains/{domain_id}/keys", response={201: DomainOut}, openapi_extra=_MANAGE)
def generate_dkim_key(request: HttpRequest, domain_id: uuid.UUID, body: KeyIn) -> Any:
    """Makes a key.

    It signs nothing before its record is published and it was activated.
    """
    key_making.generate_key(actor_of(request), domain_id, **body.dict())
    return Reply(201, queries.domain(actor_of(request), domain_id))


@router.post("/domains/{domain_id}/keys/import", response={201: DomainOut}, openapi_extra=_MANAGE)
def import_dkim_key(request: HttpRequest, domain_id: uuid.UUID, body: KeyImport) -> Any:
    """Brings in a key.

    It is sealed at once, and no answer holds it. Refused (422) where it is no key that receivers read.
    """
    key_making.import_key(actor_of(request), domain_id, **body.dict())
    return Reply(201, queries.domain(actor_of(request), domain_id))


@router.post("/domains/{domain_id}/rotate", response={201: DomainOut}, openapi_extra=_MANAGE)
def rotate_dkim_keys(request: HttpRequest, domain_id: uuid.UUID) -> Any:
    """Makes successors.

    One for each kind of key that signs. The old ones sign on until the new ones are activated.
    """
    key_making.rotate(actor_of(request), domain_id)
    return Reply(201, queries.domain(actor_of(request), domain_id))


@router.post(
    "/domains/{domain_id}/keys/{key_id}/activate", response=DomainOut, openapi_extra=_MANAGE
)
def activate_dkim_key(request: HttpRequest, domain_id: uuid.UUID, key_id: uuid.UUID) -> Any:
    """Signs with a key from now on.

    The DNS is asked first: refused (409, the code says what stands there) unless it publishes the key.
    """
    return activate_key(actor_of(request), domain_id, key_id)


@router.post("/domains/{domain_id}/keys/{key_id}/retire", response=DomainOut, openapi_extra=_MANAGE)
def retire_dkim_key(
    request: HttpRequest, domain_id: uuid.UUID, key_id: uuid.UUID, body: KeyRetire
) -> Any:
    """Takes a key out of use.

    For ever: its private part is erased. Refused (409) while it signs, and for a week after, unless `at_once`.
    """
    key_use.retire(actor_of(request), domain_id, key_id, **body.dict())
    return queries.domain(actor_of(request), domain_id)
