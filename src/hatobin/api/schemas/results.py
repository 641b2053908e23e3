"""What became of a letter."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, Said, answer

State = Literal[
    "waiting",
    "dot-sent",
    "accepted",
    "bounced",
    "expired",
    "suppressed",
    "cancelled",
    "in-doubt",
]

_SUMS = {
    "audience": 1000, "accepted": 996, "bounced": 2, "expired": 0, "suppressed": 1, "cancelled": 0,
    "in_doubt": 1, "waiting": 0,
}  # fmt: skip
_ROW = {
    "position": 1, "delivery_id": 4711, "contact_id": 810,
    "address": "hanako@example.jp", "fields": {"氏名": "山田花子"},
    "state": "accepted", "reason": "", "reason_text": "", "attempts": 1, "code": 250, "status": "2.0.0",
    "words": "250 2.0.0 Ok", "ended": True, "at": AT,
}  # fmt: skip


class SumsOut(Schema):
    """audience = accepted + bounced + expired + suppressed + cancelled + in_doubt + waiting, always."""

    audience: int
    accepted: int
    bounced: int
    expired: int
    suppressed: int
    cancelled: int
    in_doubt: int
    waiting: int = Field(description="Those on their way included")
    model_config = answer(**_SUMS)


class ProgressOut(Schema):
    """How it goes now."""

    state: Literal["held", "sending", "paused", "stopped", "done"]
    sums: SumsOut
    percent: int
    per_minute: int = Field(description="Letters that ended within the last minute")
    seconds_left: int | None = Field(
        description="Until every letter that no server put off has been tried, at the speed of the last minute. "
        "Those that were put off are not in it: they wait for `next_try_at`, and can take until `expires_at`. "
        "Null when only they wait, nothing waits, or nothing can be said"
    )
    hold_until: datetime
    expires_at: datetime = Field(description="What could not be delivered until then has expired")
    retry: str = Field(description="Its own times for what is put off; empty: as usual")
    started_at: datetime | None
    finished_at: datetime | None
    next_try_at: datetime | None = Field(
        description="When the next letter that a server put off is tried again"
    )
    trouble: Said = Field(description="What is wrong with the way out, in a sentence")
    trouble_words: str = Field(description="The server's own words")
    resume_at: datetime | None
    stop_code: str = Field(description="Why it was stopped")
    model_config = answer(
        state="sending", sums={**_SUMS, "accepted": 500, "waiting": 496}, percent=50, per_minute=600,
        seconds_left=50, hold_until=AT, expires_at=AT, retry="", started_at=AT, finished_at=None,
        next_try_at=None, trouble="", trouble_words="", resume_at=None, stop_code="",
    )  # fmt: skip

    @staticmethod
    def resolve_seconds_left(progress: object) -> int | None:
        """Whole seconds."""
        left = getattr(progress, "time_left", None)
        return None if left is None else int(left.total_seconds())


class ReasonOut(Schema):
    """How many letters ended in one way for one reason."""

    state: State
    reason: str
    reason_text: str
    count: int


class ResultOut(Schema):
    """The sums, and why letters did not arrive."""

    sums: SumsOut
    reasons: list[ReasonOut]
    model_config = answer(
        sums=_SUMS,
        reasons=[
            {
                "state": "bounced", "reason": "no-such-user", "reason_text": "宛先のアドレスがありません",
                "count": 2,
            }
        ],
    )  # fmt: skip


class RowOut(Schema):
    """What became of one person's letter."""

    position: int
    delivery_id: int = Field(description="For `GET /delivery/letters/{delivery_id}`")
    contact_id: int
    address: str
    fields: dict[str, str]
    state: State
    reason: str
    reason_text: str
    attempts: int
    code: int | None
    status: str = Field(description="Enhanced status code, RFC 3463; may be empty")
    words: str = Field(description="The receiving server's own words")
    ended: bool
    at: datetime = Field(description="When it ended; while it waits, when the next try is")
    model_config = answer(**_ROW)


class RowPageOut(Schema):
    """A page of people, in the list's order."""

    items: list[RowOut] = Field(validation_alias="rows")
    total: int
    page: int
    pages: int
    complete: bool = Field(description="False when a search found so many that it stopped looking")
    model_config = answer(items=[_ROW], total=1000, page=1, pages=20, complete=True)
