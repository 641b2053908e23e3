"""Letters: draft, check, release, brake, results."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from hatobin.analytics import queries as analytics
from hatobin.analytics.services import files
from hatobin.api.auth import actor_of
from hatobin.api.lists import WRONG
from hatobin.api.schemas import (
    CampaignChange,
    CampaignIn,
    CampaignOut,
    CampaignPageOut,
    CheckOut,
    CountOut,
    EgressOut,
    LetterIn,
    ReleaseIn,
    RowPageOut,
    SenderOut,
    SumsOut,
)
from hatobin.campaigns import queries
from hatobin.campaigns.services import checks, control, drafts
from hatobin.campaigns.services import release as release_service
from hatobin.content.letters import LetterDraft
from hatobin.delivery import queries as delivery
from hatobin.senders import queries as senders

router = Router(tags=["Letters"])


@router.get("/senders", response={200: list[SenderOut], **WRONG}, tags=["Sending"])
def get_senders(request: HttpRequest) -> Any:
    """The From lines that letters can be sent with."""
    return senders.identities(actor_of(request))


@router.get("/egresses", response={200: list[EgressOut], **WRONG}, tags=["Sending"])
def get_egresses(request: HttpRequest) -> Any:
    """The ways out: the sandbox and SMTP relays."""
    return delivery.egresses(actor_of(request))


@router.get("/campaigns", response={200: CampaignPageOut, **WRONG})
def get_campaigns(request: HttpRequest, page: int = 1) -> Any:
    """The workspace's letters, last changed first."""
    return queries.campaigns(actor_of(request), page=page)


@router.post("/campaigns", response={201: CampaignOut, **WRONG})
def create_campaign(request: HttpRequest, body: CampaignIn) -> Any:
    """A new letter, whole or in parts."""
    made = drafts.create_whole(
        actor_of(request),
        body.name,
        kind=body.kind,
        list_id=body.list_id,
        identity_id=body.sender_id,
        egress_id=body.egress_id,
        draft=_draft(body.letter),
    )
    return 201, made


@router.get("/campaigns/{campaign_id}", response={200: CampaignOut, **WRONG})
def get_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """One letter and where it stands."""
    return queries.campaign(actor_of(request), campaign_id)


@router.patch("/campaigns/{campaign_id}", response={200: CampaignOut, **WRONG})
def change_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: CampaignChange) -> Any:
    """Changes a draft. What is left out stays."""
    return drafts.change(
        actor_of(request),
        campaign_id,
        body.revision,
        name=body.name,
        kind=body.kind,
        list_id=body.list_id,
        identity_id=body.sender_id,
        egress_id=body.egress_id,
        draft=_draft(body.letter),
    )


@router.delete("/campaigns/{campaign_id}", response={204: None, **WRONG})
def delete_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Removes a draft."""
    drafts.delete_draft(actor_of(request), campaign_id)
    return 204, None


@router.post("/campaigns/{campaign_id}/check", response={200: CheckOut, **WRONG})
def check_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Merges the letter for everybody, names what is missing, and seals what it saw."""
    return checks.check(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/release", response={202: CampaignOut, **WRONG})
def release_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: ReleaseIn) -> Any:
    """Releases a checked letter. Until the hold ends it can be called back."""
    hold = None if body.hold_seconds is None else timedelta(seconds=body.hold_seconds)
    release_service.release(
        actor_of(request), campaign_id, typed_number=body.number, seal=body.seal, hold=hold
    )
    return 202, queries.campaign(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/call-back", response={200: CampaignOut, **WRONG})
def call_back(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """While on hold: nothing leaves, it is a draft again."""
    return control.call_back(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/pause", response={200: CampaignOut, **WRONG})
def pause(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """The rest waits."""
    return control.pause(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/resume", response={200: CampaignOut, **WRONG})
def resume(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Goes on."""
    return control.resume(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/stop", response={200: CampaignOut, **WRONG})
def stop(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Stops for good: nothing more leaves."""
    return control.stop(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/in-doubt/resend", response={200: CountOut, **WRONG})
def resend_in_doubt(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Sends what is in doubt once more; its readers may get it twice."""
    return {"count": control.resend_in_doubt(actor_of(request), campaign_id)}


@router.post("/campaigns/{campaign_id}/in-doubt/leave", response={200: CountOut, **WRONG})
def leave_in_doubt(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Leaves what is in doubt; its readers may never get it."""
    return {"count": control.leave_in_doubt(actor_of(request), campaign_id)}


@router.get("/campaigns/{campaign_id}/result", response={200: SumsOut, **WRONG})
def get_result(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """The sums, which always add up."""
    return analytics.outcome(actor_of(request), campaign_id).sums


@router.get("/campaigns/{campaign_id}/result/people", response={200: RowPageOut, **WRONG})
def get_result_people(
    request: HttpRequest,
    campaign_id: uuid.UUID,
    state: str = "",
    search: str = "",
    page: int = 1,
) -> Any:
    """A row per person, with the receiving server's own words."""
    states = [state] if state else []
    return analytics.rows(actor_of(request), campaign_id, states=states, search=search, page=page)


@router.get("/campaigns/{campaign_id}/result.csv", response={200: bytes, **WRONG})
def get_result_file(
    request: HttpRequest, campaign_id: uuid.UUID, state: str = ""
) -> StreamingHttpResponse:
    """The people of one state (or all) as CSV: UTF-8 with BOM."""
    pieces = files.csv_of_state(actor_of(request), campaign_id, state or None)
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")


def _draft(letter: LetterIn | None) -> LetterDraft | None:
    if letter is None:
        return None
    return LetterDraft(
        mode="rich" if letter.html else "plain",
        subject=letter.subject,
        preheader=letter.preheader,
        html=letter.html,
        text=letter.text,
        text_edited=bool(letter.text),
        fallbacks=letter.fallbacks,
    )
