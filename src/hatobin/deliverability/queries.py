"""Reading sending domains: each with its records, what was found, and what to do next."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import cast

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.deliverability.rules import Finding
from hatobin.deliverability.views import (
    DomainView,
    FindingView,
    KeyView,
    NextStep,
    RecordView,
    Text,
)
from hatobin.deliverability.words import words_of
from hatobin.senders.models import DkimKey, KeyAlgorithm, KeyState, SendingDomain
from hatobin.senders.queries import domains as rows
from hatobin.senders.rules import OVERLAP, record_host
from hatobin.wire.dkim import KeyKind, record_text, zone_strings

_TITLES: dict[str, Text] = {
    "dkim": _("Signature (DKIM)"),
    "spf": _("Permitted servers (SPF)"),
    "mx": _("Returning mail (MX)"),
    "dmarc": _("Policy (DMARC)"),
}
_LETS_SIGN = {"good", "care"}  # of a finding about a key: published, or published for a test
_ORDER = list(KeyState.values)
_KIND_ORDER = [KeyAlgorithm.RSA, KeyAlgorithm.ED25519]


def domains(actor: Actor) -> tuple[DomainView, ...]:
    """All of the workspace, by name."""
    return tuple(_view(row) for row in rows.domains(actor))


def domain(actor: Actor, domain_id: uuid.UUID) -> DomainView:
    """One of them; raises NotFound."""
    return _view(rows.domain(actor, domain_id))


def domain_named(actor: Actor, name: str) -> DomainView:
    """One of them by its name; raises NotFound."""
    return _view(rows.domain_named(actor, name))


def _view(row: SendingDomain) -> DomainView:
    live = {str(key.pk) for key in row.keys.all() if key.state != KeyState.RETIRED} | {""}
    found = (Finding.from_json(each) for each in row.findings)
    findings = tuple(_finding(each) for each in found if each.key in live)
    by_key = {each.key_id: each for each in findings if each.key_id}
    # In this order: what is to be done about, what signs, what is on its way out.
    keys = sorted(
        (_key(row, each, by_key) for each in row.keys.all()),
        key=lambda key: (_ORDER.index(key.state), _KIND_ORDER.index(KeyAlgorithm(key.algorithm))),
    )
    return DomainView(
        id=row.pk,
        name=row.name,
        return_path=row.return_path,
        return_path_ready=row.return_path_ready,
        signs=_signs(keys),
        keys=tuple(keys),
        findings=findings,
        checked_at=row.checked_at,
        next_step=_next_step(keys),
        proposal=_proposal(row.name, findings),
    )


def _key(row: SendingDomain, key: DkimKey, found: Mapping[uuid.UUID, FindingView]) -> KeyView:
    return KeyView(
        id=key.pk,
        selector=key.selector,
        algorithm=key.algorithm,
        algorithm_text=f"RSA-{key.bits}" if key.algorithm == KeyAlgorithm.RSA else "Ed25519",
        bits=key.bits,
        imported=key.imported,
        state=key.state,
        state_text=key.get_state_display(),
        record=_record(
            row.name,
            record_host(key.selector),
            record_text(cast("KeyKind", key.algorithm), key.public),
        ),
        finding=found.get(key.pk),
        keep_until=key.retiring_at + OVERLAP
        if key.retiring_at and key.state == KeyState.RETIRING
        else None,
        created_at=key.created_at,
        activated_at=key.activated_at,
        retired_at=key.retired_at,
    )


def _record(domain_name: str, host: str, value: str) -> RecordView:
    name = f"{host}.{domain_name}"
    return RecordView(
        kind="TXT",
        name=name,
        host=host,
        value=value,
        zone=f"{name}. IN TXT {zone_strings(value)}",
    )


def _finding(found: Finding) -> FindingView:
    words = words_of(found)
    return FindingView(
        about=found.about,
        code=found.code,
        level=words.level,
        title=_TITLES[found.about],
        text=words.text,
        advice=words.advice,
        name=found.name,
        seen=found.seen,
        key_id=uuid.UUID(found.key) if found.key else None,
    )


def _proposal(name: str, findings: Sequence[FindingView]) -> RecordView | None:
    missing = any((each.about, each.code) == ("dmarc", "missing") for each in findings)
    return _record(name, "_dmarc", "v=DMARC1; p=none") if missing else None


def _next_step(keys: Sequence[KeyView]) -> NextStep:
    """One thing at a time: what is broken, then what is ready, then what is to be published."""
    for key in keys:
        if key.state == KeyState.ACTIVE and key.finding and key.finding.level == "bad":
            return NextStep(
                code="repair",
                level="bad",
                title=_("Receivers cannot check the signature of your letters"),
                text=key.finding.text,
                advice=key.finding.advice,
                key_id=key.id,
            )
    signs = _signs(keys)
    new = [
        key
        for key in keys
        if key.state == KeyState.NEW and (signs or key.algorithm == KeyAlgorithm.RSA)
    ]
    ready = [key for key in new if key.finding and key.finding.level in _LETS_SIGN]
    if ready:
        return _ready(ready[0], signs=signs)
    if new:
        return _to_publish(new[0])
    if not signs:
        return NextStep(
            code="make-key",
            level="care",
            title=_("Make a DKIM key"),
            text=_("Hatobin keeps its secret half and shows you a record for the DNS."),
            advice=_("Letters are signed once the record is there."),
            key_id=None,
        )
    return NextStep(
        code="nothing",
        level="good",
        title=_("Letters from this domain are signed"),
        text=_("Change the key once a year, or when somebody may have seen it."),
        advice="",
        key_id=None,
    )


def _signs(keys: Sequence[KeyView]) -> bool:
    """An Ed25519 key alone does not."""
    return any(key.state == KeyState.ACTIVE and key.algorithm == KeyAlgorithm.RSA for key in keys)


def _ready(key: KeyView, *, signs: bool) -> NextStep:
    return NextStep(
        code="activate",
        level="good",
        title=_("The record is there: start signing"),
        text=_(
            "Letters are signed with the new key from then on; the old record must stay for a week."
        )
        if signs
        else _("Letters from this domain are signed from then on."),
        advice="",
        key_id=key.id,
    )


def _to_publish(key: KeyView) -> NextStep:
    return NextStep(
        code="publish",
        level="care",
        title=_("Publish this record in the DNS"),
        text=_(
            "Copy it to where your domain's DNS is kept, or send it to the person who looks after it."
        ),
        advice=_("Then have it checked here."),
        key_id=key.id,
    )
