"""Release: from what was checked to ledger rows, in one transaction and from one snapshot (promise P4).

Seal        Covers letter, sender, links, road, and (position, contact, revision) of everybody on the
            list, in order. It is computed again by the very statement that writes the rows; when it is
            not the caller's, nothing is written.
Suppressed  People on the do-not-mail ledger get a row that ends at once: the sums show them.
Refuses     A list on which nobody can be mailed; a removed road; a letter whose own text holds the
            address of a contact (promise P1); everything while an emergency stop stands. That is asked
            first, and last behind the turnstile: a stop finds the dispatch, or the dispatch the stop.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import ContactList
from hatobin.audience.queries import access_contact
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.content.letters import CompiledLetter
from hatobin.delivery.models import Delivery, Dispatch, DispatchKind, DispatchState, Egress
from hatobin.delivery.queries.shaping import expiry_of
from hatobin.delivery.queries.strangers import static_addresses_of_contacts
from hatobin.delivery.rules.seal import people_hash
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.seals import recipient_context, seal_of_content
from hatobin.delivery.services.emergency import refuse_while_stopped
from hatobin.delivery.services.lots import LOT, queue, wants_domains
from hatobin.delivery.services.turnstile import pass_turnstile
from hatobin.delivery.statements import statement
from hatobin.senders.frozen import FrozenSender
from hatobin.suppression.queries import suppressed_keys
from hatobin.wire.address import parse_address


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What a check may show and a release must match. ``people`` = ``sendable`` + ``suppressed``.

    ``hash`` does not change when somebody is suppressed: that only makes fewer letters.
    """

    hash: str
    people: int
    sendable: int
    suppressed: int


def seal_of(
    workspace_id: uuid.UUID,
    list_id: uuid.UUID,
    letter: CompiledLetter,
    sender: FrozenSender,
    base_url: str,
    egress_id: uuid.UUID,
) -> Seal:
    """The seal of these parts at this moment. For services that have checked the actor's right."""
    digest = _one("digest", workspace=workspace_id, list=list_id)
    content = _content(letter, sender, base_url, egress_id)
    return _seal(content, digest)


@transaction.atomic
def release(
    actor: Actor,
    *,
    list_id: uuid.UUID,
    egress_id: uuid.UUID,
    letter: CompiledLetter,
    sender: FrozenSender,
    base_url: str,
    seal: str,
    hold: timedelta,
    expires_in: timedelta,
    retry: RetrySchedule | None = None,
) -> Dispatch:
    """Writes the ledger. ``seal`` is ``Seal.hash`` of the check; letters leave after ``hold``, and are
    tried for ``expires_in``, as ``retry`` says (None: as each destination's values do).

    Raises Conflict (something changed since the check), Invalid, NotFound, NotAllowed.
    """
    check_right(actor, Right.SEND)
    refuse_while_stopped(actor.workspace_id)
    egress = _access_egress(actor, egress_id)
    if not ContactList.objects.of(actor.workspace_id).filter(pk=list_id).exists():
        raise NotFound("no-list", _("This list no longer exists."))
    _check_text(actor, letter, sender)
    content = _content(letter, sender, base_url, egress_id)
    dispatch = _write(actor, DispatchKind.CAMPAIGN, egress, content, hold, expires_in, retry)
    digest = _one(
        "freeze",
        workspace=actor.workspace_id,
        list=list_id,
        dispatch=dispatch.pk,
        egress=egress.pk,
        by_domain=wants_domains(egress),
        lot=LOT,
    )
    found = _seal(content, digest)
    if found.hash != seal:
        raise Conflict(
            "seal-broken",
            _("The letter or the list has changed since the check."),
            advice=_("Look at the check again, then send."),
        )
    if not found.sendable:
        raise Invalid(
            "nobody",
            _("There is nobody on this list who can be mailed."),
            advice=_("Choose another list, or import people first."),
            field="list",
        )
    _finish(dispatch, digest["people_hash"], found)
    audit.record(
        actor,
        "dispatch.released",
        subject=str(dispatch.pk),
        people=found.people,
        suppressed=found.suppressed,
        seal=seal,
    )
    return dispatch


@transaction.atomic
def release_test(
    actor: Actor,
    *,
    contact_id: int,
    recipient: str,
    egress_id: uuid.UUID,
    letter: CompiledLetter,
    sender: FrozenSender,
    base_url: str,
) -> Dispatch:
    """Sends the letter of one contact to ``recipient`` instead, now. Its result is never counted.

    Raises Invalid (the recipient is on the do-not-mail ledger), NotFound, NotAllowed, AddressError.
    """
    check_right(actor, Right.EDIT_LETTERS)
    check_right(actor, Right.VIEW_PEOPLE)
    refuse_while_stopped(actor.workspace_id)
    egress = _access_egress(actor, egress_id)
    contact = access_contact(actor, contact_id)
    address = parse_address(recipient)
    vault = vault_of(actor.workspace_id)
    key = vault.address_key(address.key_form)
    if suppressed_keys(actor.workspace_id, [key]):
        raise Invalid(
            "recipient-suppressed",
            _("This address is on the do-not-mail list."),
            advice=_("Send the test to another address."),
            field="recipient",
        )
    content = _content(letter, sender, base_url, egress_id)
    expires = expiry_of(actor.workspace_id)
    dispatch = _write(actor, DispatchKind.TEST, egress, content, timedelta(), expires)
    row = Delivery.objects.create(
        workspace_id=actor.workspace_id,
        dispatch=dispatch,
        contact=contact,
        contact_revision=contact.revision,
        position=1,
        address_key=key,
        domain=address.domain,
        test_recipient=vault.seal(address.email.encode(), recipient_context(key)),
        next_attempt_at=clock.now(),
    )
    queue(dispatch, [row])
    hashed = people_hash([(1, contact.pk, contact.revision)])
    digest = {"people": 1, "suppressed": 0, "people_hash": hashed}
    _finish(dispatch, hashed, _seal(content, digest))
    return dispatch


def _content(
    letter: CompiledLetter, sender: FrozenSender, base_url: str, egress_id: uuid.UUID
) -> dict[str, Any]:
    return {
        "letter": letter.to_json(),
        "sender": sender.to_json(),
        "base_url": base_url,
        "egress_id": egress_id,
    }


def _seal(content: dict[str, Any], digest: dict[str, Any]) -> Seal:
    people, suppressed = digest["people"], digest["suppressed"]
    return Seal(
        hash=seal_of_content(**content, people_hash=digest["people_hash"]),
        people=people,
        sendable=people - suppressed,
        suppressed=suppressed,
    )


def _write(
    actor: Actor,
    kind: DispatchKind,
    egress: Egress,
    content: dict[str, Any],
    hold: timedelta,
    expires_in: timedelta,
    retry: RetrySchedule | None = None,
) -> Dispatch:
    begins = clock.now() + hold
    return Dispatch.objects.create(
        workspace_id=actor.workspace_id,
        kind=kind,
        state=DispatchState.HELD,
        egress=egress,
        letter=content["letter"],
        sender=content["sender"],
        base_url=content["base_url"],
        audience=0,
        hold_until=begins,
        expires_at=begins + expires_in,
        give_up_after=expires_in,
        retry=str(retry or ""),
        created_by_id=actor.user_id,
    )


def _finish(dispatch: Dispatch, hashed: str, seal: Seal) -> None:
    dispatch.people_hash = hashed
    dispatch.seal = seal.hash
    dispatch.audience = seal.people
    dispatch.save(update_fields=["people_hash", "seal", "audience"])
    pass_turnstile()
    refuse_while_stopped(dispatch.workspace_id)


def _access_egress(actor: Actor, egress_id: uuid.UUID) -> Egress:
    roads = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    egress = roads.filter(pk=egress_id).first()
    if egress is None:
        raise NotFound(
            "no-egress",
            _("This way of sending no longer exists."),
            advice=_("Choose another one."),
            field="egress",
        )
    return egress


def _check_text(actor: Actor, letter: CompiledLetter, sender: FrozenSender) -> None:
    found = static_addresses_of_contacts(actor.workspace_id, letter, sender)
    if found:
        raise Invalid(
            "address-of-contact",
            _(
                "The letter's text contains the mail address of a person in this workspace: %(address)s"
            ),
            advice=_("Take it out, or make it the sender's address or contact."),
            field="text",
            params={"address": found[0]},
        )


def _one(name: str, **values: uuid.UUID | bool | int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        columns = [column.name for column in cursor.description or ()]
        return dict(zip(columns, cursor.fetchone() or (), strict=True))
