"""The ledger row of one letter, in the actor's workspace."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.common.errors import NotFound
from hatobin.delivery.models import Delivery


def access_letter(actor: Actor, delivery_id: int) -> Delivery:
    """The row; raises NotFound. For queries and services that have checked the actor's right."""
    row = Delivery.objects.of(actor.workspace_id).filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("no-delivery", _("There is no such letter to a person."))
    return row
