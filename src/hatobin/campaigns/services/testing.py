"""Test letters: one real person's letter, to somebody of the office, marked as a test."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.campaigns import queries
from hatobin.campaigns.services.readiness import person_at, ready
from hatobin.campaigns.services.survey import SAMPLE_LINK
from hatobin.common.errors import Invalid
from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import Merger
from hatobin.delivery.models import Dispatch
from hatobin.delivery.services import release as delivery
from hatobin.wire.address import AddressError, parse_address

_MARKS = {"ja": "【テスト】", "en": "[Test] "}


@transaction.atomic
def send_test(
    actor: Actor, campaign_id: uuid.UUID, index: int = 0, recipient: str | None = None
) -> Dispatch:
    """Sends the letter of the person at ``index`` (from 0) to the user's own address.

    Another ``recipient`` (one address, no more) takes the right to send, because the letter holds a
    person's data. Raises Invalid, NotFound (no such person), NotAllowed.
    """
    check_right(actor, Right.EDIT_LETTERS)
    check_right(actor, Right.VIEW_PEOPLE)
    to = _recipient(actor, recipient)
    row = queries.access_campaign(actor, campaign_id)
    parts = ready(actor, row)
    person = person_at(actor, parts.list_id, index)
    # Made once here, so that what cannot be made is said now and never reaches a sender.
    Merger(parts.letter).merge(person.person.fields, unsubscribe_url=SAMPLE_LINK)
    dispatch = delivery.release_test(
        actor,
        contact_id=person.contact_id,
        recipient=to,
        egress_id=parts.egress_id,
        letter=marked(parts.letter),
        sender=parts.sender,
        base_url=parts.base_url,
    )
    audit.record(actor, "letter.tested", subject=str(campaign_id), dispatch=str(dispatch.pk))
    return dispatch


def marked(letter: CompiledLetter) -> CompiledLetter:
    """The letter with a subject that nobody takes for the real one."""
    mark = _MARKS.get(letter.language, _MARKS["en"])
    return replace(letter, subject=f"{mark}{letter.subject}")


def _recipient(actor: Actor, recipient: str | None) -> str:
    user = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    own = user.email if user else ""
    text = (recipient or own).strip()
    if not text:
        raise Invalid(
            "no-recipient",
            _("Enter the address that the test goes to."),
            field="recipient",
        )
    if text.lower() != own.lower():
        check_right(actor, Right.SEND)
    try:
        return parse_address(text).email
    except AddressError as error:
        raise Invalid(
            "bad-address",
            _("This is not a mail address."),
            advice=_("A test goes to one address. Write it like name@example.jp."),
            field="recipient",
        ) from error
