"""Letters: drafted, checked, looked at, tested."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.base import INDEX, PAGE
from hatobin.api.schemas.letters import (
    CampaignChange,
    CampaignDetailOut,
    CampaignIn,
    CampaignPageOut,
    CheckOut,
    LetterIn,
    PreviewOut,
    Status,
    TestIn,
    TestOut,
)
from hatobin.campaigns import queries, rules
from hatobin.campaigns.services import checks, drafts, testing
from hatobin.content.letters import LetterDraft

router = Router(tags=["Letters"])


@router.get("/campaigns", response=CampaignPageOut, openapi_extra=needs(Right.VIEW))
def get_campaigns(request: HttpRequest, page: int = PAGE, status: Status | None = None) -> Any:
    """All letters.

    Last changed first, 20 a page; ``status`` shows only those.
    """
    chosen = rules.Status(status) if status else None
    return queries.campaigns(actor_of(request), page=page, status=chosen)


@router.post(
    "/campaigns", response={201: CampaignDetailOut}, openapi_extra=needs(Right.EDIT_LETTERS)
)
def create_campaign(request: HttpRequest, body: CampaignIn) -> Any:
    """A new letter.

    Whole or in parts: nothing is sent before it is checked and released.
    """
    return Reply(201, drafts.create_whole(actor_of(request), body.name, **_parts(body)))


@router.get("/campaigns/{campaign_id}", response=CampaignDetailOut, openapi_extra=needs(Right.VIEW))
def get_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """One letter.

    What it says, to whom, and where it stands.
    """
    return queries.campaign(actor_of(request), campaign_id)


@router.patch(
    "/campaigns/{campaign_id}",
    response=CampaignDetailOut,
    openapi_extra=needs(Right.EDIT_LETTERS),
)
def change_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: CampaignChange) -> Any:
    """Changes a draft.

    What is left out stays. Refused (409) when somebody saved it since, or when it was released.
    """
    return drafts.change(
        actor_of(request), campaign_id, body.revision, name=body.name, **_parts(body)
    )


@router.delete(
    "/campaigns/{campaign_id}", response={204: None}, openapi_extra=needs(Right.EDIT_LETTERS)
)
def delete_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Removes a draft.

    What was released stays as a record (409).
    """
    drafts.delete_draft(actor_of(request), campaign_id)
    return Reply(204, None)


@router.post(
    "/campaigns/{campaign_id}/copy",
    response={201: CampaignDetailOut},
    openapi_extra=needs(Right.EDIT_LETTERS),
)
def copy_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """A draft that says the same.

    With the same list, sender and way out, whatever became of the first.
    """
    return Reply(201, drafts.duplicate(actor_of(request), campaign_id))


@router.post("/campaigns/{campaign_id}/check", response=CheckOut, openapi_extra=needs(Right.VIEW))
def check_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Checks a letter.

    Merges it for everybody, names what is missing, and seals what it saw: the release takes this seal,
    so that what was checked is what is sent. An incomplete draft is no error: its gaps are findings.
    """
    return checks.check(actor_of(request), campaign_id)


@router.get(
    "/campaigns/{campaign_id}/preview", response=PreviewOut, openapi_extra=needs(Right.VIEW)
)
def preview_campaign(request: HttpRequest, campaign_id: uuid.UUID, index: int = INDEX) -> Any:
    """One person's letter.

    As it would leave; ``index`` counts from 0 through all who would get one. Without the right
    ``view-people`` it shows field names in place of values.
    """
    return checks.preview(actor_of(request), campaign_id, index)


@router.post(
    "/campaigns/{campaign_id}/test",
    response={202: TestOut},
    openapi_extra=needs(Right.EDIT_LETTERS, Right.VIEW_PEOPLE, Right.SEND),
)
def test_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: TestIn) -> Any:
    """Sends a test.

    One person's letter, marked as a test, to one address of the office. It leaves at once.
    """
    return Reply(202, testing.send_test(actor_of(request), campaign_id, body.index, body.recipient))


def _parts(body: CampaignIn | CampaignChange) -> dict[str, Any]:
    return {
        "kind": body.kind,
        "list_id": body.list_id,
        "identity_id": body.sender_id,
        "egress_id": body.egress_id,
        "draft": _draft(body.letter),
        "give_up_after": body.give_up_after,
        "retry": body.retry,
    }


def _draft(letter: LetterIn | None) -> LetterDraft | None:
    if letter is None:
        return None
    return LetterDraft(
        mode="rich" if letter.html else "plain",
        subject=letter.subject,
        preheader=letter.preheader,
        html=letter.html,
        text=letter.text,
        text_edited=bool(letter.html and letter.text),
        fallbacks=letter.fallbacks,
    )
