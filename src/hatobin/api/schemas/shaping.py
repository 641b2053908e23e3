"""How gently each destination is treated."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import Said, answer, question

Layer = Literal["shipped", "installation", "workspace"]
_TEXT = "[group.google]\nconnections = 2\n"
_PLACE = {
    "layer": "shipped",
    "file": "shaping.toml",
    "line": 44,
    "origin": "Hatobin、44行目",
}
_VALUE = {"key": "connections", "label": "同時接続数", "value": "5", "text": "5", **_PLACE}
_RULE = {
    "name": "google-unusual-rate",
    "destinations": ["Gmail, Google Workspace"],
    "meaning": "Gmailが配信数を通常と異なると判断しました",
    "pattern": "^4[0-9][0-9] 4\\.7\\.28 ",
    "trigger": "1回目から",
    "actions": ["10分休みます"],
    **_PLACE,
}
_DESTINATION = {
    "name": "google",
    "title": "Gmail, Google Workspace",
    "domains": ["gmail.com"],
    "mx": ["google.com"],
    "values": [_VALUE],
}
_PROBLEM = {
    "code": "rate",
    "line": 2,
    "key": "group.google.rate",
    "text": "時間あたりの通数を書いてください。",
    "advice": '例：rate = "5/s"',
}


class ValueOut(Schema):
    """A value: as a file has it, as a person says it, and where it was written."""

    key: str
    label: Said
    value: str
    text: Said
    layer: Layer
    file: str
    line: int
    origin: Said
    model_config = answer(**_VALUE)


class DestinationOut(Schema):
    """A destination group; `name` is empty for everybody else."""

    name: str
    title: str
    domains: list[str]
    mx: list[str] = Field(description="Suffixes of the mail servers' names")
    values: list[ValueOut]
    model_config = answer(**_DESTINATION)


class ReplyRuleOut(Schema):
    """What is done when servers answer in a certain way; `destinations` empty: for all."""

    name: str
    destinations: list[str]
    meaning: Said
    pattern: str
    trigger: Said
    actions: list[Said]
    layer: Layer
    file: str
    line: int
    origin: Said
    model_config = answer(**_RULE)


class ShapingProblemOut(Schema):
    """One thing to put right."""

    code: str
    line: int
    key: str
    text: Said
    advice: Said
    model_config = answer(**_PROBLEM)


class ShapingOut(Schema):
    """What applies; `text` is the workspace's own, `problems` say why that is left out, if it is."""

    destinations: list[DestinationOut]
    rules: list[ReplyRuleOut]
    text: str
    revision: int
    problems: list[ShapingProblemOut]
    model_config = answer(
        destinations=[_DESTINATION], rules=[_RULE], text=_TEXT, revision=1, problems=[]
    )


class AppliedOut(Schema):
    """What applies to mail for one domain."""

    domain: str
    destination: str = Field(description="Name of the destination group; empty for none")
    values: list[ValueOut]
    rules: list[ReplyRuleOut]
    model_config = answer(
        domain="gmail.com", destination="Gmail, Google Workspace", values=[_VALUE], rules=[_RULE]
    )


class ShapingIn(Schema):
    """The workspace's own values, as TOML; empty: none."""

    text: str
    revision: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="The one that was changed; else 409"
    )
    model_config = question(text=_TEXT, revision=0)


class ShapingText(Schema):
    """A text to look at."""

    text: str
    model_config = question(text=_TEXT)


class ShapingCheckOut(Schema):
    """What is wrong with it, by lines."""

    ok: bool
    problems: list[ShapingProblemOut]
    model_config = answer(ok=False, problems=[_PROBLEM])
