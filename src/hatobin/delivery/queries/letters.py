"""One letter to one person: its ledger row, whom it is for, and where it waits."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.accounts.services.sealing import Vault
from hatobin.audience.people import Person, open_contact
from hatobin.common.errors import NotFound
from hatobin.delivery.models import Delivery, Dispatch, Egress
from hatobin.delivery.statements import statement


class Place(NamedTuple):
    """The way of sending that a letter waits for, its site there, and whether a sender holds its lot."""

    road: Egress
    site: str
    in_hand: bool


def access_letter(actor: Actor, delivery_id: int) -> Delivery:
    """The row; raises NotFound. For queries and services that have checked the actor's right."""
    row = Delivery.objects.of(actor.workspace_id).filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("no-delivery", _("There is no such letter to a person."))
    return row


def person_of(row: Delivery, vault: Vault) -> Person:
    """Whom it is for, opened: for who may view people."""
    contact = row.contact
    return open_contact(vault, contact.address_key, contact.sealed, contact.fields)


def place_of(row: Delivery, dispatch: Dispatch) -> Place:
    """Where it stands in the queue; in no lot: where its dispatch goes."""
    with connection.cursor() as cursor:
        cursor.execute(statement("place"), {"dispatch": dispatch.pk, "letter": row.pk})
        found = cursor.fetchone()
    if found is None:
        return Place(dispatch.egress, row.domain, in_hand=False)
    egress_id, site, _due_at, in_hand = found
    return Place(Egress.objects.of(row.workspace_id).get(pk=egress_id), site, in_hand)
