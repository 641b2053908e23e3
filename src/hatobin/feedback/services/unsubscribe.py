"""Unsubscribe: the person who holds a letter says "no more", and it holds at once.

Job         Turns the token of a letter's link into an entry of the do-not-mail ledger (promise P7).
Callers     The public page and the one-click POST (RFC 8058). No actor: the token is the authority.
Order       1. the ledger entry, committed alone, so that nothing can delay it (an import that runs
            may hold the person's rows for a while); 2. letters that still wait end as suppressed;
            letters a sender holds already are caught by the mark before the dot; 3. the person's
            places on lists.
Idempotent  Pressing twice, or one-click and page at the same time, is one unsubscribe.
Scope       The whole workspace: who says no to an organisation does not mean one of its lists.
Undo        The person (nobody of the staff) may take it back, once per letter, with the link of the
            letter by which it was done. Letters that were stopped meanwhile stay unsent.
Tests       The link of a test letter shows the page and changes nothing.
Security    Unknown and tampered tokens all look alike: None, or NotFound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import AuditEntry
from hatobin.accounts.rules import Actor
from hatobin.accounts.services import audit
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import Subscription
from hatobin.audience.people import open_contact
from hatobin.common import clock
from hatobin.common.errors import Conflict, NotFound
from hatobin.delivery.models import Delivery, DeliveryState, DispatchKind, DispatchState
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.services.lots import leave_queue
from hatobin.delivery.tokens import read_link_token
from hatobin.feedback.rules import masked
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.suppression.services import revoke_own_wish, suppress
from hatobin.wire.address import in_own_letters

Channel = Literal["one-click", "page"]

_DONE = "unsubscribe.done"
_UNDONE = "unsubscribe.undone"
_OPEN = (DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsubscribeView:
    """What the page shows.

    ``language`` is the letter's; ``already``: the address is on the do-not-mail list.
    """

    masked_address: str
    organisation: str
    language: str
    already: bool
    can_undo: bool
    is_test: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What an unsubscribe changed.

    ``new`` is False when it held before; ``stopped`` counts letters that waited and never leave.
    """

    new: bool
    stopped: int
    is_test: bool = False


def look_up(token: str) -> UnsubscribeView | None:
    """The page for this link; None when there is no such letter. Changes nothing."""
    delivery = _delivery(token)
    if delivery is None:
        return None
    is_test = delivery.dispatch.kind == DispatchKind.TEST
    entry = None if is_test else _entry(delivery)
    return UnsubscribeView(
        masked_address=masked(in_own_letters(_address(delivery))),
        organisation=delivery.dispatch.sender["organisation"],
        language=delivery.dispatch.letter["language"],
        already=entry is not None,
        can_undo=entry is not None and _may_undo(delivery, entry),
        is_test=is_test,
    )


def unsubscribe(token: str, *, channel: Channel) -> Result:
    """Suppresses the address this letter went to; raises NotFound for an unknown token."""
    delivery = _found(token)
    if delivery.dispatch.kind == DispatchKind.TEST:
        return Result(new=False, stopped=0, is_test=True)
    added = suppress(
        delivery.workspace_id,
        [_address(delivery)],
        reason=SuppressionReason.UNSUBSCRIBED,
        source=_source(delivery),
    )
    stopped = _stop_waiting(delivery)
    _leave_lists(delivery, channel=channel, new=added > 0)
    return Result(new=added > 0, stopped=stopped)


@transaction.atomic
def undo(token: str) -> None:
    """The person pressed by mistake.

    Raises NotFound, or Conflict when this letter cannot take it back.
    """
    delivery = _found(token)
    entry = _entry(delivery)
    if entry is None:
        return
    if not _may_undo(delivery, entry) or not revoke_own_wish(
        delivery.workspace_id, bytes(delivery.address_key), source=_source(delivery)
    ):
        raise Conflict(
            "cannot-undo",
            _("This link cannot take the unsubscribe back."),
            advice=_("Write to the sender if you want to receive letters again."),
        )
    _return_to_lists(delivery)
    audit.record(_person(delivery), _UNDONE, subject=_subject(delivery))


def _delivery(token: str) -> Delivery | None:
    number = read_link_token(token)
    if number is None:
        return None
    rows = Delivery.objects.across_workspaces().select_related("dispatch", "contact")
    return rows.filter(pk=number).first()


def _found(token: str) -> Delivery:
    delivery = _delivery(token)
    if delivery is None:
        raise NotFound(
            "unknown-link",
            _("This link does not work."),
            advice=_("Open the link in the letter again. It may have been copied only in part."),
        )
    return delivery


def _address(delivery: Delivery) -> str:
    contact = delivery.contact
    vault = vault_of(delivery.workspace_id)
    return open_contact(vault, contact.address_key, contact.sealed, {}).address


def _entry(delivery: Delivery) -> Suppression | None:
    rows = Suppression.objects.of(delivery.workspace_id)
    return rows.filter(address_key=bytes(delivery.address_key)).first()


def _may_undo(delivery: Delivery, entry: Suppression) -> bool:
    own = entry.reason == SuppressionReason.UNSUBSCRIBED and entry.source == _source(delivery)
    return own and not _log(delivery, _UNDONE).exists()


def _stop_waiting(delivery: Delivery) -> int:
    """Ends this person's letters that wait; compare-and-set, so a mark that wins is left alone."""
    now = clock.now()
    waiting = Delivery.objects.of(delivery.workspace_id).filter(
        contact_id=delivery.contact_id,
        state=DeliveryState.WAITING,
        dispatch__kind=DispatchKind.CAMPAIGN,
        dispatch__state__in=_OPEN,
    )
    held = list(waiting.filter(held_at__isnull=False).values_list("dispatch_id", "pk"))
    count = waiting.update(state=DeliveryState.SUPPRESSED, reason=Reason.SUPPRESSED, ended_at=now)
    for dispatch_id, row in held:  # nobody would look at their lots before the deadline
        leave_queue(dispatch_id, row)
    return count


@transaction.atomic
def _leave_lists(delivery: Delivery, *, channel: Channel, new: bool) -> None:
    places = Subscription.objects.of(delivery.workspace_id).filter(
        contact_id=delivery.contact_id, state=Subscription.State.SUBSCRIBED
    )
    left = list(places.select_for_update().values_list("pk", flat=True))
    if not left and not new:
        return
    Subscription.objects.of(delivery.workspace_id).filter(pk__in=left).update(
        state=Subscription.State.UNSUBSCRIBED
    )
    audit.record(
        _person(delivery), _DONE, subject=_subject(delivery), channel=channel, subscriptions=left
    )


def _return_to_lists(delivery: Delivery) -> None:
    """Back to exactly the places that this letter's unsubscribe left: the log knows them."""
    details = _log(delivery, _DONE).values_list("detail", flat=True)
    left = [number for detail in details for number in detail["subscriptions"]]
    Subscription.objects.of(delivery.workspace_id).filter(
        pk__in=left, contact_id=delivery.contact_id
    ).update(state=Subscription.State.SUBSCRIBED)


def _log(delivery: Delivery, action: str) -> models.QuerySet[AuditEntry]:
    return AuditEntry.objects.of(delivery.workspace_id).filter(
        at__gte=delivery.dispatch.created_at, action=action, subject=_subject(delivery)
    )


def _subject(delivery: Delivery) -> str:
    return f"delivery:{delivery.pk}"


def _source(delivery: Delivery) -> str:
    return f"letter:{delivery.pk}"


def _person(delivery: Delivery) -> Actor:
    return Actor(
        workspace_id=delivery.workspace_id, rights=frozenset(), label=f"recipient:{delivery.pk}"
    )
