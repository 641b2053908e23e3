"""How sending goes, why one person has not got it, and what can be done."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja import Status as Reply
from ninja.params.functions import Query

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.base import CountOut, Key
from hatobin.api.schemas.delivery import HistoryOut, LaneIn, LanesOut, MoveOut, WayIn
from hatobin.campaigns.services import control
from hatobin.delivery.queries import history, lanes
from hatobin.delivery.services import lanes as rests
from hatobin.delivery.services import letters, moving

router = Router(tags=["Delivery"])

_SEARCH: str = Query("", max_length=253, description="A part of a destination's name or domain")
_SLOW: bool = Query(False, description="Only what rests, is slow or stands still")
_TO: uuid.UUID = Query(..., description="By which way out")


@router.get("/delivery/lanes", response=LanesOut, openapi_extra=needs(Right.VIEW))
def get_lanes(
    request: HttpRequest,
    search: str = _SEARCH,
    egress_id: uuid.UUID | None = None,
    slow: bool = _SLOW,
) -> Any:
    """How sending goes.

    What waits where, how fast it goes, why it is slow and when it goes on; the 200 fullest lanes. Senders
    tell of their lanes every two seconds.
    """
    return lanes.lanes(actor_of(request), search=search, egress_id=egress_id, slow=slow)


@router.post("/delivery/lanes/retry", response={204: None}, openapi_extra=needs(Right.SEND))
def retry_lane(request: HttpRequest, body: LaneIn) -> Any:
    """Ends a lane's rest.

    It is tried at once, although its servers asked to wait. Letters that were put off one by one keep
    their times. Refused (409) while an emergency stop stands.
    """
    rests.wake_lane(actor_of(request), body.egress_id, body.site)
    return Reply(204, None)


@router.post("/egresses/{egress_id}/retry", response={204: None}, openapi_extra=needs(Right.SEND))
def retry_egress(request: HttpRequest, egress_id: uuid.UUID) -> Any:
    """Ends a way out's rest.

    After a trouble: a single letter goes ahead, the others follow when it is answered. Refused (409) while an
    emergency stop stands.
    """
    rests.wake_way(actor_of(request), egress_id)
    return Reply(204, None)


@router.get("/egresses/{egress_id}/move", response=MoveOut, openapi_extra=needs(Right.SEND))
def plan_move_of_egress(
    request: HttpRequest, egress_id: uuid.UUID, to_egress_id: uuid.UUID = _TO
) -> Any:
    """What a move of all that waits would do.

    Nothing is changed.
    """
    return moving.plan_for_way(actor_of(request), egress_id, to_egress_id)


@router.post("/egresses/{egress_id}/move", response=MoveOut, openapi_extra=needs(Right.SEND))
def move_egress(request: HttpRequest, egress_id: uuid.UUID, body: WayIn) -> Any:
    """Sends all that waits by another way out.

    Of all letters that wait for this one. Never from or to the sandbox. What senders have in hand stays.
    """
    return moving.move_way(actor_of(request), egress_id, body.egress_id)


@router.post("/campaigns/{campaign_id}/retry", response=CountOut, openapi_extra=needs(Right.SEND))
def retry_campaign(request: HttpRequest, campaign_id: uuid.UUID) -> Any:
    """Tries what was put off now.

    Every letter of it whose server asked to try again later. Answers how many. Refused (409) while it is
    paused, on hold, or an emergency stop stands.
    """
    return {"count": control.retry_put_off(actor_of(request), campaign_id)}


@router.get("/campaigns/{campaign_id}/move", response=MoveOut, openapi_extra=needs(Right.SEND))
def plan_move_of_campaign(
    request: HttpRequest, campaign_id: uuid.UUID, to_egress_id: uuid.UUID = _TO
) -> Any:
    """What a move of a letter's rest would do.

    Nothing is changed.
    """
    return control.plan_move(actor_of(request), campaign_id, to_egress_id)


@router.post("/campaigns/{campaign_id}/move", response=MoveOut, openapi_extra=needs(Right.SEND))
def move_campaign(request: HttpRequest, campaign_id: uuid.UUID, body: WayIn) -> Any:
    """Sends a letter's rest by another way out.

    What was checked stays: content, sender and people. Never from or to the sandbox.
    """
    return control.move(actor_of(request), campaign_id, body.egress_id)


@router.get(
    "/delivery/letters/{delivery_id}",
    response=HistoryOut,
    openapi_extra=needs(Right.VIEW_PEOPLE),
)
def get_letter_history(request: HttpRequest, delivery_id: Key) -> Any:
    """Why one person has not got it.

    Each try with server, encryption, answer and next time, what people did, and why it waits now.
    ``delivery_id`` is in each row of the result.
    """
    return history.history(actor_of(request), delivery_id)


@router.post(
    "/delivery/letters/{delivery_id}/retry", response={204: None}, openapi_extra=needs(Right.SEND)
)
def retry_letter(request: HttpRequest, delivery_id: Key) -> Any:
    """Tries one letter now.

    Refused (409) when it does not wait, is held back, or a sender has it in hand already; while an emergency
    stop or a pause stands; and when only its destination or way out rests. Where that rests too, it waits for it.
    """
    letters.retry(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/end-rest",
    response={204: None},
    openapi_extra=needs(Right.SEND),
)
def end_rest_of_letter(request: HttpRequest, delivery_id: Key) -> Any:
    """Ends the rest that one letter waits for.

    Of its destination, or of its whole way out: all letters that wait there are tried. Refused (409) when it
    waits for none, and while an emergency stop or a pause stands.
    """
    letters.end_rest(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/hold", response={204: None}, openapi_extra=needs(Right.SEND)
)
def hold_letter(request: HttpRequest, delivery_id: Key) -> Any:
    """Holds one letter back.

    Until somebody lets it go, at most until its deadline. Refused (409) once it is being handed over.
    """
    letters.hold(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/let-go", response={204: None}, openapi_extra=needs(Right.SEND)
)
def let_letter_go(request: HttpRequest, delivery_id: Key) -> Any:
    """Lets a letter go that was held back.

    It waits for its turn again.
    """
    letters.let_go(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/give-up", response={204: None}, openapi_extra=needs(Right.STOP)
)
def give_letter_up(request: HttpRequest, delivery_id: Key) -> Any:
    """Gives one letter up.

    It never leaves: cancelled, or expired when it was tried before, with the reason `person`.
    """
    letters.give_up(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/move", response={204: None}, openapi_extra=needs(Right.SEND)
)
def move_letter(request: HttpRequest, delivery_id: Key, body: WayIn) -> Any:
    """Sends one letter by another way out.

    Never from or to the sandbox. Refused (409) when a sender has it in hand.
    """
    letters.move(actor_of(request), delivery_id, body.egress_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/resend", response={204: None}, openapi_extra=needs(Right.SEND)
)
def resend_letter(request: HttpRequest, delivery_id: Key) -> Any:
    """Sends one letter in doubt once more.

    Its reader may get it twice.
    """
    letters.resend(actor_of(request), delivery_id)
    return Reply(204, None)


@router.post(
    "/delivery/letters/{delivery_id}/leave", response={204: None}, openapi_extra=needs(Right.SEND)
)
def leave_letter(request: HttpRequest, delivery_id: Key) -> Any:
    """Leaves one letter in doubt as it is.

    Its reader may never get it. It stays counted as in doubt.
    """
    letters.leave(actor_of(request), delivery_id)
    return Reply(204, None)
