"""Emergency stops."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, answer, question

Scope = Literal["workspace", "installation"]
_LETTER = {
    "campaign_id": ID, "name": "7月号", "count": 12, "accepted": 12, "in_doubt": 0,
    "answer_awaited": 0,
}  # fmt: skip
_STOP = {
    "id": ID, "scope": "workspace", "by": "山田 花子", "reason": "宛先の誤り", "at": AT, "sending": 1,
    "held": 0, "in_flight": 12, "letters": [_LETTER], "elsewhere": 0,
}  # fmt: skip


class StopIn(Schema):
    """What is stopped, and why. The reason is shown to everybody who finds it stopped."""

    scope: Scope = "workspace"
    reason: str = Field("", max_length=300)
    model_config = question(scope="workspace", reason="宛先の誤り")


class LiftIn(Schema):
    """Which stop is lifted."""

    scope: Scope = "workspace"
    model_config = question(scope="workspace")


class LetterInFlightOut(Schema):
    """A letter of which copies were in their final transmission, and what is known of them now.

    Without ``campaign_id`` it was a test.
    """

    campaign_id: uuid.UUID | None
    name: str
    count: int
    accepted: int
    in_doubt: int
    answer_awaited: int
    model_config = answer(**_LETTER)


class EmergencyStopOut(Schema):
    """A stop that stands. ``sending``: letters that it paused; ``held``: those that it keeps from beginning.

    ``elsewhere``: copies in flight in workspaces that this key does not see.
    """

    id: uuid.UUID
    scope: Scope
    by: str
    reason: str
    at: datetime
    sending: int
    held: int
    in_flight: int
    letters: list[LetterInFlightOut]
    elsewhere: int
    model_config = answer(**_STOP)


class EmergencyStopsOut(Schema):
    """The stops that keep this workspace from sending: none, its own, the installation's, or both."""

    stops: list[EmergencyStopOut]
    model_config = answer(stops=[_STOP])


class LiftedOut(Schema):
    """How many letters go on. None where another stop still stands."""

    letters: int
    model_config = answer(letters=1)
