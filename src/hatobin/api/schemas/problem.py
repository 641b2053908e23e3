"""The shape of every error."""

from __future__ import annotations

from ninja import Field, Schema

from hatobin.api.schemas.base import answer


class FieldError(Schema):
    """What is wrong with one part of a request."""

    field: str = Field(description="Where: keys with dots between, as in `letter.subject`")
    detail: str


class Problem(Schema):
    """An error as RFC 9457 describes it. All sentences are in the language of `Accept-Language`."""

    type: str = Field(description="`urn:hatobin:problem:` and the code")
    title: str = Field(description="What kind of error it is")
    status: int
    code: str = Field(description="Stable: programs may decide by it")
    detail: str | None = Field(default=None, description="What is wrong this time")
    advice: str | None = Field(default=None, description="What to do next")
    field: str | None = Field(default=None, description="Which part of the request")
    row: int | None = Field(default=None, description="Which row or line")
    right: str | None = Field(default=None, description="Which right the key lacks")
    retry: bool | None = Field(
        default=None, description="True: the same request may succeed later without a change"
    )
    errors: list[FieldError] | None = Field(default=None, description="Every part that is wrong")
    model_config = answer(
        type="urn:hatobin:problem:number-differs",
        title="Something in the request cannot be taken as it is.",
        status=422,
        code="number-differs",
        detail="You typed 900, but 999 letters would be sent.",
        advice="If the number surprises you, look at the list again before you release.",
        field="number",
    )
