"""Senders and ways out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import ID, Said, answer, question

Tls = Literal["none", "opportunistic", "starttls", "tls"]
Kind = Literal["smtp-relay", "direct", "provider"]
Service = Literal["amazon-ses", "sendgrid", "mailgun", "postmark", "brevo"]

_SOURCE = {"address": "192.0.2.1", "ehlo_name": "mail.example.jp", "weight": 1}


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


class SourceIn(Schema):
    """An address of the machine that sends, and the name it introduces itself with."""

    address: str = Field(default="", description="IPv4 or IPv6; empty: the system chooses")
    ehlo_name: str = Field(description="A full name that leads to this address, and back (PTR)")
    weight: int = Field(default=1, ge=0, le=100, description="Its share of the conversations")
    model_config = question(**_SOURCE)


class SourceOut(Schema):
    """An address of the machine that sends, and the name it introduces itself with."""

    address: str
    ehlo_name: str
    weight: int
    model_config = answer(**_SOURCE)


class EgressIn(Schema):
    """A way out. Secrets are sealed, and no answer holds them.

    Which keys belong to which `kind`: `smtp-relay`: `host`, `port`, `tls`, `username`, `password`;
    `direct`: `sources`, `tls`; `provider`: `provider`, `settings`, `credentials`. A key of another kind
    is refused.
    """

    name: str
    kind: Kind = Field(default="smtp-relay", description="It stays of this kind")
    host: str = Field(default="", description="With `direct`: all letters go there, for trials")
    port: int = Field(default=587, ge=1, le=65535)
    tls: Tls = Field(
        default="starttls",
        description="`tls`: from the first byte. `starttls`: insisted on. `opportunistic`: where offered; "
        "`direct` takes these two, and the latter where it is left out",
    )
    username: str = ""
    password: str = Field(
        default="", description="Left out in a change, the stored one stays, for the same server"
    )
    sources: list[SourceIn] = Field(default=[], description="Where letters leave from")
    provider: Service | None = Field(default=None, description="Which mail service")
    settings: dict[str, str] = Field(
        default={},
        description="`amazon-ses`: `region`, `configuration_set`; `sendgrid`: `region`; `mailgun`: "
        "`domain`, `region`; `postmark`: `message_stream`; `brevo`: none",
    )
    credentials: dict[str, str] = Field(
        default={},
        description="`amazon-ses`: `access_key_id`, `secret_access_key`; `postmark`: `server_token`; "
        "the others: `api_key`. Left out in a change, the stored ones stay, for the same service",
    )
    fallback_id: uuid.UUID | None = Field(
        default=None, description="Takes over when this one does not work. Left out, it stays"
    )
    connections: int = Field(default=5, ge=1, le=1000, description="So many at a time")
    messages_per_connection: int = Field(default=100, ge=1, le=10_000)
    make_default: bool = Field(default=False, description="New letters take it")
    model_config = question(
        name="庁内リレー", kind="smtp-relay", host="smtp.example.jp", port=587, tls="starttls",
        username="hato", password="himitsu-no-kotoba",  # noqa: S106 - an example
    )  # fmt: skip


class EgressOut(Schema):
    """A way out. `trouble` is empty while it works."""

    id: uuid.UUID
    name: str
    kind: Literal["sandbox", "smtp-relay", "direct", "provider"]
    host: str
    port: int
    tls: Tls
    username: str
    has_password: bool = Field(description="A password, or the mail service's keys, are stored")
    sources: list[SourceOut]
    provider: str
    settings: dict[str, str]
    fallback_id: uuid.UUID | None
    connections: int
    messages_per_connection: int
    is_default: bool
    trouble: Said = Field(description="What is wrong with it now, in a sentence")
    trouble_words: str = Field(description="The server's own words")
    trouble_since: datetime | None
    resume_at: datetime | None
    model_config = answer(
        id=ID, name="庁内リレー", kind="smtp-relay", host="smtp.example.jp", port=587, tls="starttls",
        username="hato", has_password=True, sources=[], provider="", settings={}, fallback_id=None,
        connections=5, messages_per_connection=100, is_default=True, trouble="", trouble_words="",
        trouble_since=None, resume_at=None,
    )  # fmt: skip


class EgressStep(Schema):
    """One thing that was tried; `ok` is null when it did not come to that."""

    code: Literal["source", "look-up", "connect", "encrypt", "sign-in", "offer"]
    text: Said
    ok: bool | None
    detail: str = Field(description="What was found, such as a server's name; may be empty")


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
            {"code": "connect", "text": "接続", "ok": True, "detail": ""},
            {"code": "encrypt", "text": "暗号化", "ok": True, "detail": ""},
            {"code": "sign-in", "text": "ログイン", "ok": False, "detail": ""},
            {"code": "offer", "text": "メールの受付の確認", "ok": None, "detail": ""},
        ],
    )
