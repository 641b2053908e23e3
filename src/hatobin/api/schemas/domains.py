"""Sending domains, their keys, and what the DNS says about them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from hatobin.api.schemas.base import AT, ID, Said, answer, question

Algorithm = Literal["rsa", "ed25519"]
KeyStateName = Literal["new", "active", "retiring", "retired"]
Level = Literal["good", "care", "bad", "unknown"]

_NAME = "hato-202611-k7f3._domainkey.sakura-city.example"
_VALUE = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
_RECORD = {
    "kind": "TXT",
    "name": _NAME,
    "host": "hato-202611-k7f3._domainkey",
    "value": _VALUE,
    "zone": f'{_NAME}. IN TXT "{_VALUE}"',
}
_FINDING = {
    "about": "dkim",
    "code": "missing",
    "level": "bad",
    "title": "署名（DKIM）",
    "text": "レコードはまだDNSで見えません。",
    "advice": f"{_NAME} に登録してください。見えるようになるまで、数分から数時間かかります。",
    "name": _NAME,
    "seen": "",
    "key_id": ID,
}
_KEY = {
    "id": ID,
    "selector": "hato-202611-k7f3",
    "algorithm": "rsa",
    "bits": 2048,
    "imported": False,
    "state": "new",
    "state_text": "未使用",
    "record": _RECORD,
    "finding": _FINDING,
    "keep_until": None,
    "created_at": AT,
    "activated_at": None,
    "retired_at": None,
}
_STEP = {
    "code": "publish",
    "level": "care",
    "title": "このレコードをDNSに登録してください",
    "text": "ドメインのDNSを管理している画面に登録するか、担当者に送ってください。",
    "advice": "登録したら、ここで確認してください。",
    "key_id": ID,
}


class DnsRecordOut(Schema):
    """A DNS record to publish."""

    kind: str
    name: str
    host: str = Field(description="The name without the domain, as many providers ask for it")
    value: str
    zone: str = Field(description="As a line of a zone file")
    model_config = answer(**_RECORD)


class DnsFindingOut(Schema):
    """One thing that was looked at. `unknown`: the name service gave no answer."""

    about: Literal["dkim", "spf", "mx", "dmarc"]
    code: str = Field(description="Stable: what was found")
    level: Level = Field(description="`care`: letters arrive, but something should be done")
    title: Said
    text: Said
    advice: Said
    name: str = Field(description="Which name was asked for")
    seen: str = Field(description="What stands there; empty for nothing")
    key_id: uuid.UUID | None
    model_config = answer(**_FINDING)


class DkimKeyOut(Schema):
    """A key. No answer holds a private part."""

    id: uuid.UUID
    selector: str
    algorithm: Algorithm
    bits: int
    imported: bool
    state: KeyStateName
    state_text: Said
    record: DnsRecordOut
    finding: DnsFindingOut | None
    keep_until: datetime | None = Field(description="Its record must stay in the DNS until then")
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    model_config = answer(**_KEY)


class NextStepOut(Schema):
    """What to do next."""

    code: Literal["make-key", "publish", "activate", "repair", "nothing"]
    level: Level
    title: Said
    text: Said
    advice: Said
    key_id: uuid.UUID | None
    model_config = answer(**_STEP)


class DomainOut(Schema):
    """A sending domain, with what the last check found."""

    id: uuid.UUID
    name: str = Field(description="In ASCII (`xn--…` for other letters)")
    return_path: str = Field(description="Where bounces go; empty: to the sender address")
    return_path_ready: bool = Field(description="A check found a mail server there")
    signs: bool = Field(description="Letters from this domain are signed")
    keys: list[DkimKeyOut]
    findings: list[DnsFindingOut]
    checked_at: datetime | None
    next_step: NextStepOut
    proposal: DnsRecordOut | None = Field(description="A DMARC record, where there is none")
    model_config = answer(
        id=ID, name="sakura-city.example", return_path="", return_path_ready=False, signs=False,
        keys=[_KEY], findings=[_FINDING], checked_at=AT, next_step=_STEP, proposal=None,
    )  # fmt: skip


class DomainIn(Schema):
    """A new sending domain: what stands behind the @."""

    name: str
    return_path: str = Field(default="", description="Where bounces go; empty: the sender address")
    model_config = question(name="sakura-city.example", return_path="bounce.sakura-city.example")


class DomainChange(Schema):
    """Where bounces go: the domain or a subdomain. Used once letters are signed and a mail server was seen."""

    return_path: str
    model_config = question(return_path="bounce.sakura-city.example")


class KeyIn(Schema):
    """A new key. Ed25519 signs beside RSA, never alone."""

    algorithm: Algorithm = "rsa"
    selector: str = Field(default="", description="Left out, one is made")
    model_config = question(algorithm="rsa")


class KeyImport(Schema):
    """A key that was made elsewhere, as PEM without a passphrase: RSA of 2048 to 4096 bits, or Ed25519."""

    private_key: str
    selector: str = Field(default="", description="Under which it is published already")
    model_config = question(
        private_key="-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n", selector="mail"
    )


class KeyRetire(Schema):
    """Whether it may not wait."""

    at_once: bool = Field(
        default=False, description="Even while it signs, or within a week after: because it leaked"
    )
    model_config = question(at_once=False)
