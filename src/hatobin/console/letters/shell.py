"""What every step's page knows: the letter, the step bar, what the person may do."""

from __future__ import annotations

from dataclasses import replace

from hatobin.accounts.rules import Right
from hatobin.audience import queries as audience
from hatobin.audience.models import Field, FieldKind
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.console.middleware import StaffRequest

_NAMES = (FieldKind.NAME, FieldKind.FAMILY_NAME, FieldKind.COMPANY)
_HONORIFICS = {
    FieldKind.NAME: "様",
    FieldKind.FAMILY_NAME: "様",
    FieldKind.COMPANY: "御中",
}


def shell(
    request: StaffRequest, letter: CampaignView, step: str, *, checked: bool = False
) -> dict[str, object]:
    """For ``letters/base.html``. ``checked``: a check on this page has found nothing that refuses."""
    done = queries.step_status(letter)
    return {
        "letter": letter,
        "step": step,
        "done": replace(done, check=done.check or checked),
        "may_write": request.actor.may(Right.EDIT_LETTERS) and letter.status is Status.DRAFT,
        "may_lists": request.actor.may(Right.EDIT_LISTS),
        "may_send": request.actor.may(Right.SEND),
    }


def fields_of(request: StaffRequest, letter: CampaignView) -> list[Field]:
    """The fields that the letter can use; none before a list is chosen."""
    if letter.list_id is None:
        return []
    return audience.fields_of_list(request.actor, letter.list_id)


def name_field_of(request: StaffRequest, letter: CampaignView) -> str:
    """The field by which its people are called; empty where the list has none."""
    fields = fields_of(request, letter)
    found = (field.name for kind in _NAMES for field in fields if field.kind == kind)
    return next(found, "")


def chips(fields: list[Field]) -> list[tuple[str, str]]:
    """(words on the chip, tag) of every field; names also come with their honorific."""
    made = []
    for field in fields:
        made.append((field.name, field.name))
        polite = _HONORIFICS.get(FieldKind(field.kind))
        if polite:
            made.append((f"{field.name} {polite}", f'{field.name} | 敬称: "{polite}"'))
    return made
