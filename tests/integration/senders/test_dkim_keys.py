"""A key's life: made or brought, published, signing, replaced, erased."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dkim
import pytest
from django.db import IntegrityError, connection, transaction
from tests.factories import make_actor, make_workspace
from tests.integration.senders.domain_stage import DomainStage, refused
from tests.samples import dkim_keys
from tests.samples.dkim_keys import rsa_pem

from hatobin.accounts.models import AuditEntry, Role
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.sealing import SealBroken
from hatobin.common.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from hatobin.deliverability import services
from hatobin.senders.models import DkimKey, KeyState
from hatobin.senders.queries.signing import signers_of
from hatobin.senders.rules import OVERLAP
from hatobin.senders.services import domains, key_making, key_use
from hatobin.wire.dkim import Signer, signatures

NOW = datetime(2026, 11, 25, 14, 5, tzinfo=UTC)
HEAD = b"From: news@sakura.example\r\nTo: hanako@example.jp\r\nSubject: Hello\r\n"
BODY = b"Hello\r\n"


def acts(stage: DomainStage) -> list[str]:
    rows = AuditEntry.objects.of(stage.workspace.pk).order_by("id")
    kept = rows.values_list("action", flat=True)
    return [each for each in kept if each.startswith(("dkim.", "domain."))]


def state(key: DkimKey) -> str:
    key.refresh_from_db()
    return key.state


def signers(stage: DomainStage, domain: str = "sakura.example") -> list[Signer]:
    return signers_of(stage.workspace.pk, domain)


def weeks_later(key: DkimKey, weeks: float = 1) -> None:
    """The key was replaced so long ago."""
    key.refresh_from_db()
    assert key.retiring_at
    rows = DkimKey.objects.of(key.workspace_id).filter(pk=key.pk)
    rows.update(retiring_at=key.retiring_at - OVERLAP * weeks - timedelta(seconds=1))


def test_a_key_that_was_made_here_signs_letters_that_verify(stage: DomainStage) -> None:
    key = key_making.generate_key(stage.alice, stage.domain.pk)
    assert (key.algorithm, key.bits, key.state) == ("rsa", 2048, KeyState.NEW)
    assert signers(stage) == []
    stage.publish(key)
    assert stage.activate(key).next_step.code == "nothing"
    (signer,) = signers(stage)
    assert (signer.domain, signer.selector) == ("sakura.example", key.selector)
    signature = signatures([signer], HEAD, hashlib.sha256(BODY).digest(), NOW)
    (text,) = stage.names.zone[key.record_name]["TXT"]
    published = "".join(text.split('"')[1::2]).encode()
    message = signature + HEAD + b"\r\n" + BODY
    assert dkim.verify(message, dnsfunc=lambda _name, timeout=5: published)
    assert acts(stage) == ["domain.added", "dkim.generated", "dkim.activated"]


def test_the_private_part_is_nowhere_in_the_clear_and_opens_only_in_its_row(
    stage: DomainStage,
) -> None:
    key, other = stage.signing(), stage.ed25519()
    stage.publish(other)
    stage.activate(other)
    with connection.cursor() as cursor, cursor.copy("COPY senders_dkimkey TO STDOUT") as copy:
        dump = b"".join(bytes(piece) for piece in copy)
    secret = "".join(rsa_pem().splitlines()[1:-1])
    assert key.public[:60].encode() in dump
    assert secret[200:260].encode() not in dump
    assert b"PRIVATE KEY".hex().encode() not in dump
    assert [each.algorithm for each in signers(stage)] == ["rsa-sha256", "ed25519-sha256"]
    other.refresh_from_db()
    DkimKey.objects.of(key.workspace_id).filter(pk=key.pk).update(
        sealed_private=other.sealed_private
    )
    with pytest.raises(SealBroken):
        signers(stage)


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (lambda: rsa_pem(bits=1024), "too-short"),
        (dkim_keys.locked_pem, "passphrase"),
        (dkim_keys.curve_pem, "other-kind"),
        (dkim_keys.public_pem, "public-key"),
        (lambda: "hato._domainkey IN TXT v=DKIM1; k=rsa; p=MIIB", "dns-record"),
        (lambda: "", "no-key"),
        (lambda: rsa_pem()[:400], "no-key"),
        (lambda: "\0", "no-key"),
        (lambda: "鳩" * 30_000, "no-key"),
    ],
)
def test_what_is_no_key_for_signing_is_refused_and_told(
    stage: DomainStage, pem: Callable[[], str], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        key_making.import_key(stage.alice, stage.domain.pk, private_key=pem())
    assert (caught.value.code, caught.value.field) == (code, "private_key")
    assert caught.value.advice
    assert "MII" not in str(caught.value)
    assert not DkimKey.objects.of(stage.workspace.pk).exists()


def test_a_key_is_brought_once_and_a_selector_used_once(stage: DomainStage) -> None:
    first = stage.rsa(selector=" Mail-2026.OLD ")
    assert (first.selector, first.imported) == ("mail-2026.old", True)
    with refused("known-key"):
        stage.rsa()
    with refused("key-waiting"):
        stage.rsa(1)
    key_use.retire(stage.alice, stage.domain.pk, first.pk)
    with refused("known-key"):
        stage.rsa()
    with refused("known-selector"):
        stage.rsa(1, selector="mail-2026.old")
    for wrong in ("a_b", "-a", "鳩", "a..b", "a" * 64, "a.", "a\nb"):
        with pytest.raises(Invalid) as caught:
            stage.rsa(1, selector=wrong)
        assert caught.value.code == "bad-selector"
    assert stage.rsa(1).selector.startswith(f"hato-{datetime.now(UTC):%Y%m}-")


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ((), "key-missing"),
        (('"v=DKIM1; k=rsa; p="',), "key-revoked"),
        (('"v=spf1 -all"',), "key-unreadable"),
        (('"v=DKIM1; k=rsa; p=MIIB"',), "key-different"),
        (('"v=DKIM1; p=A"', '"v=DKIM1; p=B"'), "key-several"),
    ],
)
def test_a_key_that_the_dns_does_not_publish_never_signs(
    stage: DomainStage, texts: tuple[str, ...], code: str
) -> None:
    key = stage.rsa()
    stage.say(key.record_name, *texts)
    with pytest.raises(Conflict) as caught:
        stage.activate(key)
    assert caught.value.code == code
    assert state(key) == KeyState.NEW
    assert signers(stage) == []


def test_no_answer_is_no_yes(stage: DomainStage) -> None:
    key = stage.rsa()
    stage.publish(key)
    stage.names.failing.add(key.record_name)
    with pytest.raises(Unavailable):
        stage.activate(key)
    stage.names.failing.clear()
    stage.activate(key)
    assert state(key) == KeyState.ACTIVE


def test_the_record_may_be_reached_by_an_alias_and_say_that_it_is_a_test(
    stage: DomainStage,
) -> None:
    key = stage.rsa()
    stage.names.zone[key.record_name] = {"CNAME": ["keys.provider.example."]}
    stage.say("keys.provider.example", f'"v=DKIM1; t=y; p={key.public[:200]}" "{key.public[200:]}"')
    shown = stage.activate(key)
    assert state(key) == KeyState.ACTIVE
    assert shown.keys[0].finding
    assert (shown.keys[0].finding.code, shown.keys[0].finding.level) == ("testing", "care")


def test_ed25519_signs_beside_rsa_and_never_alone(stage: DomainStage) -> None:
    second = stage.ed25519()
    stage.publish(second)
    with refused("needs-rsa"):
        stage.activate(second)
    assert stage.shown().next_step.code == "make-key"
    first = stage.signing()
    stage.activate(second)
    assert [each.algorithm for each in signers(stage)] == ["rsa-sha256", "ed25519-sha256"]
    key_use.retire(stage.alice, stage.domain.pk, first.pk, at_once=True)
    assert signers(stage) == []
    assert (stage.shown().signs, stage.shown().next_step.code) == (False, "make-key")


def test_a_rotation_overlaps_by_a_week(stage: DomainStage) -> None:
    old = stage.signing()
    (new,) = key_making.rotate(stage.alice, stage.domain.pk)
    with refused("key-waiting"):
        key_making.rotate(stage.alice, stage.domain.pk)
    assert [each.selector for each in signers(stage)] == [old.selector]
    stage.publish(new)
    shown = stage.activate(new)
    assert [each.selector for each in signers(stage)] == [new.selector]
    assert state(old) == KeyState.RETIRING
    assert [(each.state, each.keep_until is not None) for each in shown.keys] == [
        ("active", False),
        ("retiring", True),
    ]
    with refused("key-overlap"):
        key_use.retire(stage.alice, stage.domain.pk, old.pk)
    assert key_use.retire_due() == 0
    weeks_later(old)
    assert key_use.retire_due() == 1
    assert state(old) == KeyState.RETIRED
    assert old.sealed_private is None
    assert AuditEntry.objects.of(stage.workspace.pk).latest("id").actor == "engine"
    assert [each.selector for each in signers(stage)] == [new.selector]


def test_every_kind_that_signs_gets_a_successor(stage: DomainStage) -> None:
    with refused("nothing-to-rotate"):
        key_making.rotate(stage.alice, stage.domain.pk)
    stage.signing()
    second = stage.ed25519()
    stage.publish(second)
    stage.activate(second)
    made = key_making.rotate(stage.alice, stage.domain.pk)
    assert [each.algorithm for each in made] == ["rsa", "ed25519"]


def test_a_replaced_key_may_come_back_within_its_week(stage: DomainStage) -> None:
    old = stage.signing()
    new = stage.signing(1)
    stage.activate(old)
    assert (state(old), state(new)) == (KeyState.ACTIVE, KeyState.RETIRING)
    weeks_later(new)
    key_use.retire(stage.alice, stage.domain.pk, new.pk)
    with refused("key-retired"):
        stage.activate(new)


def test_a_leaked_key_is_taken_out_at_once(stage: DomainStage) -> None:
    key = stage.signing()
    with refused("key-in-use"):
        key_use.retire(stage.alice, stage.domain.pk, key.pk)
    key_use.retire(stage.alice, stage.domain.pk, key.pk, at_once=True)
    assert (state(key), key.sealed_private, signers(stage)) == (KeyState.RETIRED, None, [])
    said = AuditEntry.objects.of(stage.workspace.pk).latest("id")
    assert (said.action, said.detail["at_once"]) == ("dkim.retired", True)
    assert said.detail["selector"] == key.selector


def test_the_database_holds_that_only_retired_keys_are_erased(stage: DomainStage) -> None:
    row = DkimKey.objects.of(stage.workspace.pk).filter(pk=stage.rsa().pk)
    for wrong in ({"state": KeyState.RETIRED}, {"sealed_private": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**wrong)


def calls(stage: DomainStage, key: DkimKey) -> dict[str, Callable[[Actor], object]]:
    """Every service of domains and keys, about this domain and key."""
    at = stage.domain.pk
    return {
        "change": lambda who: domains.change_domain(who, at, return_path="b.sakura.example"),
        "remove": lambda who: domains.remove_domain(who, at),
        "generate": lambda who: key_making.generate_key(who, at, algorithm="ed25519"),
        "import": lambda who: key_making.import_key(who, at, private_key=rsa_pem(1)),
        "rotate": lambda who: key_making.rotate(who, at),
        "check": lambda who: services.check_domain(who, at),
        "activate": lambda who: services.activate_key(who, at, key.pk),
        "retire": lambda who: key_use.retire(who, at, key.pk),
        "believe": lambda who: key_use.activate(who, at, key.pk, published=[]),
    }


@pytest.mark.parametrize("role", [Role.SENDER, Role.APPROVER, Role.VIEWER])
def test_only_who_manages_may_change_anything(stage: DomainStage, role: str) -> None:
    key = stage.rsa()
    someone = make_actor(stage.workspace, role)
    before = acts(stage)
    asked = stage.names.by_udp
    for call in calls(stage, key).values():
        with pytest.raises(NotAllowed):
            call(someone)
    with pytest.raises(NotAllowed):
        domains.add_domain(someone, name="momiji.example")
    assert (acts(stage), stage.names.by_udp) == (before, asked)


def test_another_workspace_has_none_of_it(stage: DomainStage) -> None:
    key = stage.signing()
    other = make_workspace("もみじ町役場")
    mallory = make_actor(other, Role.OWNER, email="mallory@other.example")
    for name, call in calls(stage, key).items():
        with pytest.raises(NotFound):
            call(mallory)
        assert state(key) == KeyState.ACTIVE, name
    assert signers_of(other.pk, "sakura.example") == []
    theirs = domains.add_domain(mallory, name="sakura.example")  # it may be theirs too
    with pytest.raises(NotFound):
        services.activate_key(mallory, theirs.pk, key.pk)
