"""Lists and people."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, answer, question

Basis = Literal["consent", "given", "trading", "published", "not-advertising"]

_LIST = {
    "id": ID, "name": "広報メール会員", "people": 1000, "field_names": ["氏名", "会社名"],
    "updated": AT, "last_import": AT,
}  # fmt: skip
_PERSON = {
    "contact_id": 810, "position": 1, "address": "hanako@example.jp", "fields": {"氏名": "山田花子"},
    "state": "subscribed", "suppressed": False,
}  # fmt: skip


class ListOut(Schema):
    """A list."""

    id: uuid.UUID
    name: str
    people: int = Field(description="Everybody on the list, those who get no letter included")
    field_names: list[str] = Field(description="The names that a letter can merge")
    updated: datetime
    last_import: datetime | None
    model_config = answer(**_LIST)


class ListIn(Schema):
    """A list's name, unique in the workspace."""

    name: str
    model_config = question(name="広報メール会員")


class PersonIn(Schema):
    """A person to add, and why you may write to them."""

    address: str
    fields: dict[str, str] = {}
    basis: Basis
    model_config = question(
        address="hanako@example.jp", fields={"氏名": "山田花子"}, basis="consent"
    )


class PersonChange(Schema):
    """New values of fields; what is left out stays. The address is who the person is, and stays."""

    fields: dict[str, str]
    revision: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        description="The one you read: if somebody was faster, the change is refused",
    )
    model_config = question(fields={"氏名": "鈴木花子"}, revision=1)


class Added(Schema):
    """The number of a person."""

    contact_id: int
    model_config = answer(contact_id=810)


class Changed(Schema):
    """The revision of a person after a change."""

    revision: int
    model_config = answer(revision=2)


class PersonOut(Schema):
    """A person on a list."""

    contact_id: int
    position: int | None
    address: str
    fields: dict[str, str]
    state: Literal["subscribed", "unsubscribed", ""]
    suppressed: bool = Field(description="On the do-not-mail list: gets no letter")
    model_config = answer(**_PERSON)


class PersonPage(Schema):
    """A page of people."""

    items: list[PersonOut]
    total: int
    page: int
    pages: int
    complete: bool = Field(description="False when a search found so many that it stopped looking")
    model_config = answer(items=[_PERSON], total=1, page=1, pages=1, complete=True)


class FieldOut(Schema):
    """One field of a person."""

    name: str
    kind: str
    value: str
    personal: bool


class PlaceOut(Schema):
    """A list the person is or was on, and why they may be mailed."""

    list_id: uuid.UUID
    list_name: str
    position: int
    state: str
    basis: str
    source: str
    since: datetime


class PersonDetailOut(Schema):
    """Everything about one person."""

    contact_id: int
    revision: int
    address: str
    fields: list[FieldOut]
    lists: list[PlaceOut]
    suppressed: bool
    created_at: datetime
    updated_at: datetime
    model_config = answer(
        contact_id=810,
        revision=1,
        address="hanako@example.jp",
        fields=[{"name": "氏名", "kind": "name", "value": "山田花子", "personal": True}],
        lists=[
            {
                "list_id": ID, "list_name": "広報メール会員", "position": 1, "state": "subscribed",
                "basis": "consent", "source": "api:hb_0123abcd", "since": AT,
            }
        ],
        suppressed=False,
        created_at=AT,
        updated_at=AT,
    )  # fmt: skip
