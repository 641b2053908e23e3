"""What all shapes share."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field, Schema
from ninja.params.functions import Query
from pydantic import BeforeValidator, ConfigDict

ID = "0197f3a0-1111-7abc-8def-0123456789ab"
AT = "2026-11-24T14:05:00+09:00"

PAGE: int = Query(1, ge=1, le=1_000_000, description="Which page; counts from 1")
PER_PAGE: int = Query(50, ge=1, le=500, description="How many on a page")
INDEX: int = Query(0, ge=0, le=2**31 - 1, description="Whose letter; counts from 0")
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]
Said = Annotated[str, BeforeValidator(str)]  # a sentence, perhaps not translated yet
Small = Annotated[int, Field(ge=0, le=2**31 - 1)]


def answer(**example: Any) -> ConfigDict:
    """The settings of a shape that we send."""
    return ConfigDict(from_attributes=True, json_schema_extra={"example": example})


def question(**example: Any) -> ConfigDict:
    """The settings of a shape that we receive: a key that we do not know is a mistake and is refused."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": example})


class CountOut(Schema):
    """How many."""

    count: int
    model_config = answer(count=1)


class Me(Schema):
    """What the key may do, and where."""

    workspace: str
    rights: list[str]
    model_config = answer(workspace="さくら市役所", rights=["edit-lists", "view"])
