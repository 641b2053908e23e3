"""Senders and ways out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import ID, Said, answer, question

Tls = Literal["none", "opportunistic", "starttls", "tls"]


class SenderIn(Schema):
    """A From line."""

    display_name: str
    address: str
    reply_to: str = ""
    make_default: bool = Field(default=False, description="New letters take it")
    model_config = question(display_name="さくら市 広報課", address="kouhou@sakura-city.example")


class SenderOut(Schema):
    """A From line."""

    id: uuid.UUID
    display_name: str
    address: str
    reply_to: str
    is_default: bool
    model_config = answer(
        id=ID,
        display_name="さくら市 広報課",
        address="kouhou@sakura-city.example",
        reply_to="",
        is_default=True,
    )


class SenderProfile(Schema):
    """The legal facts that stand under every letter; all three are needed before a release."""

    organisation: str
    postal_address: str
    contact: str
    model_config = answer(
        organisation="さくら市役所",
        postal_address="〒000-0000 さくら市中央1-1",
        contact="広報課 00-0000-0000",
    )


class RelayIn(Schema):
    """An SMTP relay. The password is sealed, and no answer holds it."""

    name: str
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Tls = Field(
        default="starttls",
        description="`tls`: from the first byte. `starttls`: insisted on. `opportunistic`: where offered",
    )
    username: str = ""
    password: str = Field(
        default="", description="Left out in a change, the stored one stays, for the same server"
    )
    make_default: bool = Field(default=False, description="New letters take it")
    model_config = question(
        name="庁内リレー", host="smtp.example.jp", port=587, tls="starttls", username="hato",
        password="himitsu-no-kotoba",  # noqa: S106 - an example
    )  # fmt: skip


class EgressOut(Schema):
    """A way out. `trouble` is empty while it works."""

    id: uuid.UUID
    name: str
    kind: Literal["sandbox", "smtp-relay"]
    host: str
    port: int
    tls: Tls
    username: str
    has_password: bool
    is_default: bool
    trouble: Said = Field(description="What is wrong with it now, in a sentence")
    trouble_words: str = Field(description="The server's own words")
    trouble_since: datetime | None
    resume_at: datetime | None
    model_config = answer(
        id=ID, name="庁内リレー", kind="smtp-relay", host="smtp.example.jp", port=587, tls="starttls",
        username="hato", has_password=True, is_default=True, trouble="", trouble_words="",
        trouble_since=None, resume_at=None,
    )  # fmt: skip


class EgressStep(Schema):
    """One thing that was tried; `ok` is null when it did not come to that."""

    code: Literal["connect", "encrypt", "sign-in", "offer"]
    text: Said
    ok: bool | None


class EgressTestOut(Schema):
    """How far a connection came. No letter is sent."""

    ok: bool
    code: str = Field(description="What is wrong; empty when all is well")
    text: Said
    advice: Said
    words: str = Field(description="The server's own words")
    steps: list[EgressStep]
    model_config = answer(
        ok=False,
        code="auth-failed",
        text="ユーザー名かパスワードが違います。",
        advice="もう一度入力してください。",
        words="535 5.7.8 Authentication failed",
        steps=[
            {"code": "connect", "text": "接続", "ok": True},
            {"code": "encrypt", "text": "暗号化", "ok": True},
            {"code": "sign-in", "text": "サインイン", "ok": False},
            {"code": "offer", "text": "メールの受付の確認", "ok": None},
        ],
    )
