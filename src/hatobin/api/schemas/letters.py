"""Letters: drafts, checks, releases."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, Small, answer, question
from hatobin.campaigns.queries import CampaignView
from hatobin.delivery.rules.tries import length_text

Kind = Literal["marketing", "notice"]
Status = Literal["draft", "held", "sending", "paused", "stopped", "done"]

_LETTER = {
    "subject": "{{ 氏名 }}様へのお知らせ", "preheader": "", "html": "",
    "text": "{{ 氏名 }} 様\n\n12月の予定です。", "fallbacks": {"氏名": "お客様"},
}  # fmt: skip
_CAMPAIGN = {
    "id": ID, "name": "12月号", "kind": "marketing", "status": "draft", "list_id": ID,
    "list_name": "広報メール会員", "people": 1000, "sender_id": ID, "egress_id": ID, "sandbox": True,
    "give_up_after": "6 h", "retry": "5 min, 10 min, then 1 h",
    "hold_until": None, "revision": 3, "created_at": AT, "updated_at": AT,
}  # fmt: skip
GiveUpAfter = Annotated[
    str | None,
    Field(
        description="How long its letters are worth delivering, `5 min` to `7 d`; empty: as the"
        " delivery pace says (`expiry`)"
    ),
]
Retry = Annotated[
    str | None,
    Field(
        description="When a letter that was put off is tried again: `5 min, 10 min, then 1 h`; empty:"
        " as each destination's values say"
    ),
]
_SEAL = "3.1000.999.ab12cd34ef56.12ab34cd56ef.6f5e4d3c2b1a.0f1e2d3c4b5a"


class LetterIn(Schema):
    """What a letter says. Merge fields by column name: `{{ 氏名 }}`. There is no To, Cc or Bcc.

    With `html` the letter has two parts; without `text` that part is made from the HTML. The footer with
    the legal facts and the unsubscribe link is added by the product.
    """

    subject: str = ""
    text: str = ""
    html: str = ""
    preheader: str = Field(default="", description="Shown after the subject in many inboxes")
    fallbacks: dict[str, str] = Field(default={}, description="What stands for an empty field")
    model_config = question(**_LETTER)


class LetterOut(Schema):
    """What a letter says, as it was written."""

    subject: str
    preheader: str
    html: str
    text: str
    fallbacks: dict[str, str]
    model_config = answer(**_LETTER)


class CampaignIn(Schema):
    """A new letter. What is left out can be set later; the workspace's defaults are taken."""

    name: str = Field(description="For the office; readers never see it")
    kind: Kind = Field(default="marketing", description="What the law sees in it")
    list_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    egress_id: uuid.UUID | None = None
    give_up_after: GiveUpAfter = None
    retry: Retry = None
    letter: LetterIn | None = None
    model_config = question(name="12月号", kind="marketing", list_id=ID, letter=_LETTER)


class CampaignChange(Schema):
    """A change of a draft: what is left out stays."""

    revision: Small = Field(description="The one you read: if somebody was faster, it is refused")
    name: str | None = None
    kind: Kind | None = None
    list_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    egress_id: uuid.UUID | None = None
    give_up_after: GiveUpAfter = None
    retry: Retry = None
    letter: LetterIn | None = Field(default=None, description="Replaces the letter as a whole")
    model_config = question(revision=3, name="12月号（第2版）", give_up_after="6 h")


class CampaignOut(Schema):
    """A letter and where it stands."""

    id: uuid.UUID
    name: str
    kind: Kind
    status: Status
    list_id: uuid.UUID | None
    list_name: str
    people: int = Field(description="On the list now for a draft; once released the frozen number")
    sender_id: uuid.UUID | None = Field(validation_alias="identity_id")
    egress_id: uuid.UUID | None
    sandbox: bool = Field(description="True: nothing leaves this machine")
    give_up_after: str = Field(description="How long it is tried; empty: as usual")
    retry: str = Field(
        description="When it is tried again; empty: as each destination's values say"
    )
    hold_until: datetime | None = Field(description="Until then a release can be called back")
    revision: int
    created_at: datetime
    updated_at: datetime
    model_config = answer(**_CAMPAIGN)

    @staticmethod
    def resolve_give_up_after(letter: CampaignView) -> str:
        """As it may be written back."""
        return length_text(letter.tries.give_up_after)

    @staticmethod
    def resolve_retry(letter: CampaignView) -> str:
        """As it may be written back."""
        return str(letter.tries.retry or "")


class CampaignDetailOut(CampaignOut):
    """A letter with what it says."""

    letter: LetterOut
    model_config = answer(**_CAMPAIGN, letter=_LETTER)


class CampaignPageOut(Schema):
    """A page of letters, last changed first."""

    items: list[CampaignOut] = Field(validation_alias="campaigns")
    total: int
    page: int
    pages: int
    model_config = answer(items=[_CAMPAIGN], total=1, page=1, pages=1)


class FindingOut(Schema):
    """Something the check found. A letter with a `refuse` cannot be released."""

    code: str
    level: Literal["refuse", "advise"]
    text: str
    advice: str
    positions: list[int] = Field(description="The first few people it is about: places on the list")
    where: str = Field(description="The part that mends it; may be empty")


class CheckOut(Schema):
    """A check. Hand `seal` and `sendable` to the release: they bind it to what was checked."""

    seal: str = Field(description="Empty when the letter cannot be released")
    people: int
    sendable: int = Field(description="So many letters would be sent")
    suppressed: int
    left: int = Field(description="Unsubscribed from the list themselves; not among `people`")
    can_send: bool
    findings: list[FindingOut]
    interesting: list[int] = Field(description="Previews worth looking at, by index")
    model_config = answer(
        seal=_SEAL,
        people=1000,
        sendable=999,
        suppressed=1,
        left=2,
        can_send=True,
        findings=[
            {
                "code": "empty-fields", "level": "advise", "text": "「会社名」が空の人が3人います。",
                "advice": "代わりの言葉を決めてください。", "positions": [4, 8, 15], "where": "fallbacks",
            }
        ],
        interesting=[3, 0, 998],
    )  # fmt: skip


class PreviewOut(Schema):
    """One person's letter, merged."""

    index: int = Field(description="Counts from 0")
    total: int
    position: int = Field(description="The person's place on the list")
    address: str = Field(description="Empty, with field names for values, without `view-people`")
    from_line: str
    subject: str
    preheader: str
    html: str
    text: str
    empty_fields: list[str]
    size: int = Field(description="Bytes of the HTML part, else of the text")
    model_config = answer(
        index=0, total=999, position=1, address="hanako@example.jp",
        from_line="さくら市 広報課 <kouhou@sakura-city.example>", subject="山田花子様へのお知らせ",
        preheader="", html="", text="山田花子 様\n\n12月の予定です。", empty_fields=[], size=45,
    )  # fmt: skip


class TestIn(Schema):
    """A test letter: one person's letter, to one address of the office."""

    recipient: str
    index: Small = Field(default=0, description="Whose letter; counts from 0")
    model_config = question(recipient="kouhou@sakura-city.example", index=0)


class TestOut(Schema):
    """A test letter on its way."""

    id: uuid.UUID = Field(validation_alias="pk")
    state: str
    model_config = answer(id=ID, state="held")


class ReleaseIn(Schema):
    """`number` must be the number of letters and `seal` the check's, else nothing is released."""

    number: int = Field(ge=-(2**31), le=2**31 - 1)
    seal: str
    hold_seconds: int | None = Field(
        default=None,
        ge=0,
        le=86400,
        description="Left out: 60 for the sandbox, else 300, unless the installation says otherwise",
    )
    model_config = question(number=999, seal=_SEAL, hold_seconds=300)
