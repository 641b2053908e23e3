"""Releases, the brake, and what became of a letter."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router
from ninja import Status as Reply

from hatobin.accounts.rules import Right
from hatobin.analytics import queries as analytics
from hatobin.analytics.services import files
from hatobin.api.auth import actor_of, needs
from hatobin.api.openapi import csv_answer
from hatobin.api.schemas.base import PAGE, CountOut
from hatobin.api.schemas.letters import CampaignOut, ReleaseIn
from hatobin.api.schemas.results import ProgressOut, ResultOut, RowPageOut, State
from hatobin.campaigns import queries
from hatobin.campaigns.services import control
from hatobin.campaigns.services import release as release_service
from hatobin.delivery import queries as delivery

router = Router(tags=["Releases"])


@router.post(
    "/campaigns/{campaign_id}/release", response={202: CampaignOut}, openapi_extra=needs(Right.SEND)
)
def release_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: ReleaseIn) -> Any:
    """Releases a letter.

    ``number`` is the check's ``sendable`` and ``seal`` its seal. If anything changed since the check
    nothing is released, and the answer (409) says what. Until the hold ends it can be called back. The
    same release sent twice releases once: it is safe to repeat it when an answer was lost.
    """
    hold = None if body.hold_seconds is None else timedelta(seconds=body.hold_seconds)
    release_service.release(
        actor_of(request), campaign_id, typed_number=body.number, seal=body.seal, hold=hold
    )
    return Reply(202, queries.campaign(actor_of(request), campaign_id))


@router.get(
    "/campaigns/{campaign_id}/status", response=ProgressOut, openapi_extra=needs(Right.VIEW)
)
def get_status(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """How sending goes.

    Sums, rate and time left. A letter that was not released has none (404).
    """
    queries.campaign(actor_of(request), campaign_id)
    return delivery.progress(queries.dispatch_id_of(actor_of(request), campaign_id))


@router.post(
    "/campaigns/{campaign_id}/call-back", response=CampaignOut, openapi_extra=needs(Right.STOP)
)
def call_back(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Calls a letter back.

    While it is on hold: nothing leaves, and it is a draft again.
    """
    return control.call_back(actor_of(request), campaign_id)


@router.post(
    "/campaigns/{campaign_id}/pause", response=CampaignOut, openapi_extra=needs(Right.SEND)
)
def pause(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Pauses sending.

    No letter leaves that had not started its last step; the rest waits.
    """
    return control.pause(actor_of(request), campaign_id)


@router.post(
    "/campaigns/{campaign_id}/resume", response=CampaignOut, openapi_extra=needs(Right.SEND)
)
def resume(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Goes on with sending.

    After a pause, where it was.
    """
    return control.resume(actor_of(request), campaign_id)


@router.post("/campaigns/{campaign_id}/stop", response=CampaignOut, openapi_extra=needs(Right.STOP))
def stop(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Stops sending for good.

    No letter leaves that had not started its last step; the rest is cancelled.
    """
    return control.stop(actor_of(request), campaign_id)


@router.post(
    "/campaigns/{campaign_id}/in-doubt/resend",
    response=CountOut,
    openapi_extra=needs(Right.SEND),
)
def resend_in_doubt(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Sends what is in doubt once more.

    Letters that were handed over and never answered. A reader may get it twice. Answers how many.
    """
    return {"count": control.resend_in_doubt(actor_of(request), campaign_id)}


@router.post(
    "/campaigns/{campaign_id}/in-doubt/leave",
    response=CountOut,
    openapi_extra=needs(Right.SEND),
)
def leave_in_doubt(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Leaves what is in doubt as it is.

    A reader may never get it. They stay counted as in doubt. Answers how many.
    """
    return {"count": control.leave_in_doubt(actor_of(request), campaign_id)}


@router.get("/campaigns/{campaign_id}/result", response=ResultOut, openapi_extra=needs(Right.VIEW))
def get_result(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """The result.

    The sums, which always add up, and why letters did not arrive.
    """
    return analytics.outcome(actor_of(request), campaign_id)


@router.get(
    "/campaigns/{campaign_id}/result/people",
    response=RowPageOut,
    openapi_extra=needs(Right.VIEW_PEOPLE),
)
def get_result_people(
    request: HttpRequest,
    campaign_id: uuid.UUID,
    state: State | None = None,
    search: str = "",
    page: int = PAGE,
) -> Any:
    """What became of each person's letter.

    With the receiving server's own words, 50 a page. ``search``: any part of name or address.
    """
    states = [state] if state else []
    return analytics.rows(actor_of(request), campaign_id, states=states, search=search, page=page)


@router.get(
    "/campaigns/{campaign_id}/result.csv",
    response={200: None},
    openapi_extra=needs(Right.EXPORT, responses=csv_answer("行,メールアドレス,氏名,状態,理由\r\n")),
)
def get_result_file(
    request: HttpRequest, campaign_id: uuid.UUID, state: State | None = None
) -> StreamingHttpResponse:
    """The people of one state as a file.

    CSV in UTF-8 with BOM for spreadsheet programs; without ``state`` everybody.
    """
    pieces = files.csv_of_state(actor_of(request), campaign_id, state)
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="result-{state or "all"}.csv"'},
    )
