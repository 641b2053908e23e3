"""The shapes of the API, with examples: the OpenAPI file is made from them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict


def _like(**example: Any) -> ConfigDict:
    return ConfigDict(from_attributes=True, json_schema_extra={"example": example})


_ID = "0197f3a0-1111-7abc-8def-0123456789ab"
_AT = "2026-11-24T14:05:00+09:00"


class Me(Schema):
    """What the key may do."""

    workspace: str
    rights: list[str]
    model_config = _like(workspace="さくら市役所", rights=["view", "edit-lists"])


class ListOut(Schema):
    """A list."""

    id: uuid.UUID
    name: str
    people: int = Field(description="People on the list, suppressed ones included")
    field_names: list[str]
    updated: datetime
    model_config = _like(
        id=_ID, name="広報メール会員", people=1000, field_names=["氏名"], updated=_AT
    )


class ListIn(Schema):
    """A new list."""

    name: str
    model_config = _like(name="広報メール会員")


class PersonIn(Schema):
    """A person to add."""

    address: str
    fields: dict[str, str] = {}
    basis: Literal["consent", "given", "trading", "published", "not-advertising"]
    model_config = _like(address="hanako@example.jp", fields={"氏名": "山田花子"}, basis="consent")


class PersonOut(Schema):
    """A person on a list."""

    contact_id: int
    position: int | None
    address: str
    fields: dict[str, str]
    state: str
    suppressed: bool
    model_config = _like(
        contact_id=810,
        position=1,
        address="hanako@example.jp",
        fields={"氏名": "山田花子"},
        state="subscribed",
        suppressed=False,
    )


class PersonPage(Schema):
    """A page of people."""

    items: list[PersonOut]
    total: int
    page: int
    pages: int
    model_config = _like(items=[], total=0, page=1, pages=1)


class Added(Schema):
    """The person's number."""

    contact_id: int
    model_config = _like(contact_id=810)


class ImportOut(Schema):
    """An import and how far it is. ``state``: staged, queued, running, done, failed or cancelled."""

    id: uuid.UUID
    state: str
    list_id: uuid.UUID | None
    list_name: str
    rows: int
    added: int
    changed: int
    unchanged: int
    duplicates: int
    refused: int
    suppressed: int
    error_code: str
    error: str
    model_config = _like(
        id=_ID, state="done", list_id=_ID, list_name="広報メール会員", rows=1021, added=1000, changed=0,
        unchanged=0, duplicates=12, refused=9, suppressed=0, error_code="", error="",
    )  # fmt: skip


class ProblemRowOut(Schema):
    """A row that was not taken, and why."""

    row: int
    kind: str
    reason: str
    sentence: str
    model_config = _like(
        row=12, kind="refused", reason="no-at", sentence="There is no @ in the address."
    )


class SenderOut(Schema):
    """A From line."""

    id: uuid.UUID
    display_name: str
    address: str
    reply_to: str
    model_config = _like(
        id=_ID, display_name="さくら市 広報課", address="kouhou@sakura-city.example", reply_to=""
    )


class EgressOut(Schema):
    """A way out."""

    id: uuid.UUID
    name: str
    kind: str
    is_default: bool
    model_config = _like(id=_ID, name="Sandbox", kind="sandbox", is_default=True)


class LetterIn(Schema):
    """What a letter says. Merge fields by column name: ``{{ 氏名 }}``. There is no To, Cc or Bcc."""

    subject: str
    text: str = ""
    html: str = ""
    preheader: str = ""
    fallbacks: dict[str, str] = Field(default={}, description="What stands for an empty field")
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "subject": "{{ 氏名 }}様へのお知らせ",
                "text": "{{ 氏名 }} 様\n\n12月の予定です。",
                "fallbacks": {"氏名": "お客様"},
            }
        },
    )


class CampaignIn(Schema):
    """A new letter. What is left out can be set later; the workspace's defaults are taken."""

    name: str
    kind: Literal["marketing", "notice"] = "marketing"
    list_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    egress_id: uuid.UUID | None = None
    letter: LetterIn | None = None
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "12月号",
                "kind": "marketing",
                "list_id": _ID,
                "letter": {"subject": "12月のお知らせ", "text": "{{ 氏名 }} 様"},
            }
        },
    )


class CampaignChange(Schema):
    """A change of a draft. ``revision`` is the one you read: a stale one is refused."""

    revision: int
    name: str | None = None
    kind: Literal["marketing", "notice"] | None = None
    list_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    egress_id: uuid.UUID | None = None
    letter: LetterIn | None = None
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"revision": 3, "list_id": _ID}}
    )


class CampaignOut(Schema):
    """A letter and where it stands. ``status``: draft, held, sending, paused, stopped or done."""

    id: uuid.UUID
    name: str
    kind: str
    status: str
    list_id: uuid.UUID | None
    people: int
    identity_id: uuid.UUID | None
    egress_id: uuid.UUID | None
    sandbox: bool
    hold_until: datetime | None
    revision: int
    updated_at: datetime
    model_config = _like(
        id=_ID, name="12月号", kind="marketing", status="draft", list_id=_ID, people=1000, identity_id=_ID,
        egress_id=_ID, sandbox=True, hold_until=None, revision=3, updated_at=_AT,
    )  # fmt: skip


class CampaignPageOut(Schema):
    """A page of letters, last changed first."""

    campaigns: list[CampaignOut]
    total: int
    page: int
    pages: int
    model_config = _like(campaigns=[], total=0, page=1, pages=1)


class FindingOut(Schema):
    """Something the check found. A letter with a ``refuse`` cannot be released."""

    code: str
    level: Literal["refuse", "advise"]
    text: str
    advice: str
    positions: list[int]
    model_config = _like(
        code="empty-fields", level="advise", text="「氏名」が空の人が3人います。",
        advice="代わりの言葉を決めてください。", positions=[4, 8, 15],
    )  # fmt: skip


class CheckOut(Schema):
    """A check. Hand ``seal`` and ``sendable`` to release: they bind it to what was checked."""

    seal: str
    people: int
    sendable: int
    suppressed: int
    can_send: bool
    findings: list[FindingOut]
    model_config = _like(
        seal="3.1000.999.…", people=1000, sendable=999, suppressed=1, can_send=True, findings=[]
    )


class ReleaseIn(Schema):
    """``number`` must be the number of letters, ``seal`` the check's."""

    number: int
    seal: str
    hold_seconds: int | None = Field(default=None, ge=0, le=86400)
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"number": 999, "seal": "3.1000.999.…", "hold_seconds": 300}},
    )


class SumsOut(Schema):
    """audience = accepted + bounced + expired + suppressed + cancelled + in_doubt + waiting, always."""

    audience: int
    accepted: int
    bounced: int
    expired: int
    suppressed: int
    cancelled: int
    in_doubt: int
    waiting: int
    model_config = _like(
        audience=1000,
        accepted=996,
        bounced=2,
        expired=0,
        suppressed=1,
        cancelled=0,
        in_doubt=1,
        waiting=0,
    )


class RowOut(Schema):
    """What became of one person's letter. ``reply_text``: the receiving server's own words."""

    position: int
    address: str
    state: str
    reason: str
    attempts: int
    reply_code: int | None
    reply_status: str
    reply_text: str
    ended_at: datetime | None
    model_config = _like(
        position=1, address="hanako@example.jp", state="accepted", reason="", attempts=1, reply_code=250,
        reply_status="2.0.0", reply_text="Ok", ended_at=_AT,
    )  # fmt: skip


class RowPageOut(Schema):
    """A page of results."""

    items: list[RowOut]
    total: int
    page: int
    pages: int
    model_config = _like(items=[], total=0, page=1, pages=1)


class SuppressionOut(Schema):
    """A line of the do-not-mail list."""

    id: int
    address: str
    reason: str
    created_at: datetime
    model_config = _like(id=1, address="hanako@example.jp", reason="unsubscribed", created_at=_AT)


class SuppressionIn(Schema):
    """Addresses that must not be mailed."""

    addresses: list[str]
    model_config = _like(addresses=["hanako@example.jp"])


class CountOut(Schema):
    """How many."""

    count: int
    model_config = _like(count=1)


class Problem(Schema):
    """RFC 9457. ``code`` is stable; ``title`` and ``detail`` are in the language you accept."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    field: str | None = None
    row: int | None = None
    model_config = _like(
        type="urn:hatobin:problem:number-differs", title="You typed 900, but 999 letters would be sent.",
        status=422, code="number-differs", field="number",
    )  # fmt: skip
