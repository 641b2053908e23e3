"""Imports and the do-not-mail list."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, answer, question

_IMPORT = {
    "id": ID, "state": "done", "list_id": ID, "list_name": "広報メール会員", "rows": 1021, "percent": 100,
    "added": 1000, "changed": 0, "unchanged": 0, "duplicates": 12, "refused": 9, "suppressed": 0,
    "error_code": "", "error": "", "advice": "", "created_at": AT, "finished_at": AT,
}  # fmt: skip
_ROW = {"row": 153, "kind": "refused", "reason": "no-at", "sentence": "@ がありません。"}
_ENTRY = {"id": 1, "address": "hanako@example.jp", "reason": "unsubscribed", "created_at": AT}


class ImportOut(Schema):
    """An import and how far it is.

    When done: `rows` = `added` + `changed` + `unchanged` + `duplicates` + `refused`; `suppressed` of the
    first three are on the list but get no letter.
    """

    id: uuid.UUID
    state: Literal["staged", "queued", "running", "done", "failed", "cancelled"]
    list_id: uuid.UUID | None = Field(description="Null until the list is written")
    list_name: str
    rows: int
    percent: int | None
    added: int
    changed: int
    unchanged: int
    duplicates: int
    refused: int
    suppressed: int
    error_code: str
    error: str = Field(description="Why it failed, in a sentence")
    advice: str
    created_at: datetime
    finished_at: datetime | None
    model_config = answer(**_IMPORT)


class ProblemRowOut(Schema):
    """A row that was not taken, and why."""

    row: int = Field(description="The row of the file, counting from 1")
    kind: Literal["refused", "duplicate"]
    reason: str = Field(description="A code: programs may decide by it")
    sentence: str
    model_config = answer(**_ROW)


class ProblemRowPage(Schema):
    """A page of rows that were not taken, in the order of the file."""

    items: list[ProblemRowOut]
    total: int
    page: int
    pages: int
    model_config = answer(items=[_ROW], total=9, page=1, pages=1)


class SuppressionOut(Schema):
    """A line of the do-not-mail list."""

    id: int
    address: str
    reason: Literal["unsubscribed", "manual", "bounced", "complained"]
    created_at: datetime
    model_config = answer(**_ENTRY)


class SuppressionPage(Schema):
    """A page of the do-not-mail list, newest first."""

    items: list[SuppressionOut] = Field(validation_alias="entries")
    total: int
    page: int
    pages: int
    model_config = answer(items=[_ENTRY], total=1, page=1, pages=1)


class SuppressionIn(Schema):
    """Addresses that must not be mailed: all are taken, or none."""

    addresses: list[str]
    model_config = question(addresses=["hanako@example.jp"])
