"""Lanes, the story of one letter, and what goes by another way."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, Said, answer, question
from hatobin.api.schemas.results import State

Mood = Literal[
    "going", "slow", "resting", "unreachable", "soon", "later", "on-hold", "still", "empty", "no-sender",
    "stopped",
]  # fmt: skip
Act = Literal["retry", "end-rest", "hold", "let-go", "give-up", "move", "resend", "leave"]

_LANE = {
    "egress_id": ID, "egress_name": "直接送る", "site": "gmail-smtp-in.l.google.com",
    "title": "Gmail, Google Workspace",
    "domains": ["gmail.com"], "waiting": 1200, "later": 40, "resting": 0, "on_hold": 0, "still": 0,
    "in_hand": 5, "per_minute": 300,
    "mood": "resting", "text": "先方のサーバーから「少し待ってほしい」と言われたため、送信を休んでいます。",
    "why_code": "suspended", "why": "", "next_at": AT, "most": 5, "granted": 5, "open": 5, "accepted": 900,
    "refused": 12, "last_reply": "421 4.7.28", "senders": 1,
}  # fmt: skip
_EVENT = {
    "at": AT, "kind": "put-off", "text": "先方のサーバーが後での再送を求めました",
    "detail": "", "number": 1, "way": "庁内リレー",
    "server": "mx.example.jp", "address": "192.0.2.25", "source": "", "tls": "TLSv1.3", "answer": "451 4.7.1 Try later",
    "next_at": AT, "by": "",
}  # fmt: skip


class LaneOut(Schema):
    """Letters for one destination by one way out."""

    egress_id: uuid.UUID
    egress_name: str
    site: str = Field(description="Its name for `POST /delivery/lanes/retry`; `*`: all of the way")
    title: str
    domains: list[str]
    waiting: int = Field(description="Due now or later")
    later: int = Field(description="Those of them that their servers put off")
    resting: int = Field(
        description="Those of them that wait for the end of a rest, of the way or the destination"
    )
    on_hold: int = Field(description="Not counted in `waiting`: on hold, begins by itself")
    still: int = Field(
        description="Not counted in `waiting`: paused or held back, waits for a person"
    )
    in_hand: int = Field(description="At servers at this moment")
    per_minute: int
    mood: Mood
    text: Said = Field(description="How it goes, in a sentence")
    why_code: str = Field(description="For experts; empty where nothing slows it")
    why: str
    next_at: datetime | None = Field(description="When it goes on, where it rests")
    most: int = Field(description="Connections that the destination is given")
    granted: int
    open: int
    accepted: int
    refused: int
    last_reply: str
    senders: int
    model_config = answer(**_LANE)


class SenderProcessOut(Schema):
    """A sender process that lives. Its machine only for keys that may manage."""

    number: int
    host: str
    pid: int
    since: datetime
    in_hand: int
    model_config = answer(number=3, host="", pid=0, since=AT, in_hand=5)


class LanesOut(Schema):
    """The fullest lanes; sums are over all."""

    lanes: list[LaneOut]
    more: int = Field(description="Lanes that are not listed")
    more_waiting: int
    waiting: int
    on_hold: int
    still: int
    in_hand: int
    per_minute: int
    senders: list[SenderProcessOut]
    complete: bool = Field(description="False where so much waits that only a part was counted")
    at: datetime
    model_config = answer(
        lanes=[_LANE], more=0, more_waiting=0, waiting=1200, on_hold=0, still=0, in_hand=5, per_minute=300, senders=[],
        complete=True, at=AT,
    )  # fmt: skip


class LaneIn(Schema):
    """Which lane."""

    egress_id: uuid.UUID
    site: str = Field(min_length=1, max_length=253, description="As `GET /delivery/lanes` names it")
    model_config = question(egress_id=ID, site="gmail-smtp-in.l.google.com")


class WayIn(Schema):
    """By which way out."""

    egress_id: uuid.UUID
    model_config = question(egress_id=ID)


class MoveOut(Schema):
    """What goes (or went) by another way out."""

    sources: list[uuid.UUID] = Field(description="The ways out that the letters wait for")
    to: uuid.UUID
    letters: int
    in_hand: int = Field(description="Letters in senders' hands: they stay with their way")
    model_config = answer(sources=[ID], to=ID, letters=1200, in_hand=20)


class EventOut(Schema):
    """One thing that happened to a letter."""

    model_config = answer(**_EVENT)  # before a field of that name
    at: datetime
    kind: str
    text: Said
    detail: str
    number: int = Field(description="Which try it was; 0: not counted as one")
    way: str
    server: str
    address: str
    source: str = Field(description="The address it was sent from")
    tls: str = Field(description="Version and cipher; empty: in the clear")
    answer: str = Field(description="The server's own words")
    next_at: datetime | None
    by: str = Field(description="Who, for what a person did")


class StandingOut(Schema):
    """Why a letter waits."""

    code: str
    text: Said
    detail: str
    until: datetime | None
    in_hand: bool
    model_config = answer(
        code="put-off", text="後でもう一度送ります。", detail="", until=AT, in_hand=False
    )


class HistoryOut(Schema):
    """The story of one letter to one person."""

    delivery_id: int
    contact_id: int
    recipient: str
    state: State
    reason: str
    reason_text: str
    attempts: int
    held_at: datetime | None = Field(description="Since when a person holds it back")
    ended_at: datetime | None
    expires_at: datetime = Field(description="Until then it is tried")
    retry: str = Field(description="Its own times for what is put off; empty: as usual")
    egress_id: uuid.UUID
    standing: StandingOut | None = Field(description="Why it waits; null once it has ended")
    events: list[EventOut] = Field(description="In the order of time")
    acts: list[Act] = Field(description="What can be done with it now")
    model_config = answer(
        delivery_id=4711, contact_id=810, recipient="hanako@example.jp", state="waiting", reason="deferred",
        reason_text="", attempts=1, held_at=None, ended_at=None, expires_at=AT, retry="", egress_id=ID,
        standing={"code": "put-off", "text": "後でもう一度送ります。", "detail": "", "until": AT, "in_hand": False},
        events=[_EVENT], acts=["retry", "hold", "give-up"],
    )  # fmt: skip
