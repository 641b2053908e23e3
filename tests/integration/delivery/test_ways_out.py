"""Ways of sending of every kind: saved, changed, removed, and who falls back to whom."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.translation import override
from tests.factories import make_actor, make_workspace
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.accounts.models import AuditEntry, Role, Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.sealing import SealBroken
from hatobin.campaigns.services import checks, drafts, release
from hatobin.common.errors import Conflict, HatobinError, NotAllowed, NotFound
from hatobin.delivery.egress.providers.mailgun import Mailgun
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.queries import egress as view
from hatobin.delivery.queries import egresses
from hatobin.delivery.queries.egresses import whereabouts
from hatobin.delivery.services.egress import (
    delete_egress,
    ensure_sandbox,
    make_default,
    save_direct,
    save_egress,
    save_provider,
    save_relay,
)
from hatobin.delivery.services.opening import (
    credentials_of,
    provider_client_of,
    sources_of,
)

pytestmark = pytest.mark.django_db

SECRET = "himitsu-no-kagi"
SOURCES = [
    {"address": "192.0.2.1", "ehlo_name": "mail1.example.jp", "weight": 2},
    {"address": "2001:db8::1", "ehlo_name": "mail2.example.jp"},
]


@pytest.fixture
def alice() -> Actor:
    return make_actor(make_workspace())


def relay(actor: Actor, name: str = "Relay", **more: Any) -> Egress:
    return save_relay(actor, name=name, host="smtp.example.jp", **more)


def direct(actor: Actor, **more: Any) -> Egress:
    return save_direct(actor, **({"name": "Direct", "sources": SOURCES} | more))


def mailgun(actor: Actor, **more: Any) -> Egress:
    usual: dict[str, Any] = {
        "name": "Mailgun",
        "provider": "mailgun",
        "settings": {"domain": "mg.example.jp"},
        "credentials": {"api_key": SECRET},
    }
    return save_provider(actor, **(usual | more))


def columns(row: Egress) -> dict[str, Any]:
    """As a row of SQL has them."""
    return dict(Egress.objects.of(row.workspace_id).values().get(pk=row.pk))


def refused(call: Callable[..., object], *args: Any, **words: Any) -> HatobinError:
    with pytest.raises(HatobinError) as error:
        call(*args, **words)
    return error.value


def test_a_direct_road_becomes_its_sources(alice: Actor) -> None:
    first, second = sources_of(direct(alice).sources)
    assert (first.ipv4, first.ipv6, first.ehlo, first.weight) == ("192.0.2.1", "", "mail1.example.jp", 2)  # fmt: skip
    assert (second.ipv4, second.ipv6, second.weight) == ("", "2001:db8::1", 1)
    (chosen,) = sources_of([{"address": "", "ehlo_name": "mail.example.jp", "weight": 1}])
    assert (chosen.local(v6=False), chosen.local(v6=True)) == ("", "")
    assert len(sources_of([])) == 1


def test_a_mail_service_is_opened_with_its_keys_and_they_are_stored_sealed(alice: Actor) -> None:
    row = mailgun(alice)
    values = columns(row)
    assert SECRET.encode() not in bytes(values["sealed_credentials"])
    assert SECRET not in repr({**values, "sealed_credentials": None})
    client = provider_client_of(**values)
    assert isinstance(client, Mailgun)
    assert client.values == {"domain": "mg.example.jp", "region": "us", "api_key": SECRET}
    assert client.connections == row.connections
    client.close()


def test_keys_that_were_copied_to_another_row_do_not_open(alice: Actor) -> None:
    one, other = mailgun(alice), mailgun(alice)
    with pytest.raises(SealBroken):
        credentials_of(
            id=other.pk, workspace_id=one.workspace_id, sealed_credentials=one.sealed_credentials
        )


def test_keys_left_empty_stay_and_only_for_the_same_service(alice: Actor) -> None:
    row = mailgun(alice)
    before = bytes(row.sealed_credentials or b"")
    changed = mailgun(alice, egress_id=row.pk, name="Renamed", credentials={"api_key": " "})
    assert bytes(changed.sealed_credentials or b"") == before
    ses = {"region": "ap-northeast-1"}
    error = refused(mailgun, alice, egress_id=row.pk, provider="amazon-ses", settings=ses,
                    credentials={"access_key_id": "AKIA"})  # fmt: skip
    assert (error.code, error.field) == ("missing", "credentials.secret_access_key")
    keys = {"access_key_id": "AKIA", "secret_access_key": "x"}
    moved = mailgun(alice, egress_id=row.pk, provider="amazon-ses", settings=ses, credentials=keys)
    assert moved.provider == "amazon-ses"
    one = {"secret_access_key": "y"}
    mailgun(alice, egress_id=row.pk, provider="amazon-ses", settings=ses, credentials=one)
    assert provider_client_of(**columns(row)).values == ses | keys | one


def test_keys_that_do_not_open_any_more_are_typed_anew(alice: Actor) -> None:
    row = mailgun(alice)
    Egress.objects.of(alice.workspace_id).filter(pk=row.pk).update(sealed_credentials=b"\x01broken")
    error = refused(mailgun, alice, egress_id=row.pk, credentials={})
    assert (error.code, error.field) == ("missing", "credentials.api_key")
    mailgun(alice, egress_id=row.pk)
    assert provider_client_of(**columns(row)).values["api_key"] == SECRET


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"provider": "hatomail"}, "unknown-service", "provider"),
        ({"settings": {}}, "missing", "settings.domain"),
        ({"settings": {"domain": "a b"}}, "bad-value", "settings.domain"),
        ({"settings": {"domain": "x/../../y"}}, "bad-value", "settings.domain"),
        ({"settings": {"domain": "mg.example.jp", "stream": "x"}}, "unknown-value", "settings.stream"),
        ({"settings": {"domain": "a.jp", "region": "moon"}}, "bad-choice", "settings.region"),
        ({"settings": {"domain": "a.jp", "api_key": "x"}}, "unknown-value", "settings.api_key"),
        ({"credentials": {"domain": "x"}}, "unknown-value", "credentials.domain"),
        ({"credentials": {"api_key": "a\r\nBcc: x"}}, "bad-value", "credentials.api_key"),
        ({"credentials": {"api_key": "鍵"}}, "bad-value", "credentials.api_key"),
        ({"credentials": {"api_key": "a" * 501}}, "bad-value", "credentials.api_key"),
        ({"name": " "}, "missing", "name"),
    ],
)  # fmt: skip
def test_what_no_mail_service_can_have_is_refused_at_its_field(
    alice: Actor, changes: dict[str, Any], code: str, field: str
) -> None:
    error = refused(mailgun, alice, **changes)
    assert (error.code, error.field) == (code, field)
    assert not Egress.objects.of(alice.workspace_id).filter(kind=EgressKind.PROVIDER).exists()


def test_a_direct_road_never_speaks_tls_from_the_start(alice: Actor) -> None:
    for tls in ("tls", "none", "ssl"):
        assert refused(direct, alice, tls=tls).field == "tls"
    assert refused(direct, alice, host="two words").field == "host"
    assert direct(alice, tls="starttls", host="127.0.0.1", port=2525).port == 2525


def test_one_call_saves_any_kind_and_takes_no_value_of_another(alice: Actor) -> None:
    values: dict[str, Any] = {"name": "A", "host": "smtp.example.jp"}
    assert save_egress(alice, "smtp-relay", values).port == 587
    assert save_egress(alice, "direct", {"name": "B", "sources": SOURCES}).kind == "direct"
    for kind, given, field in (
        ("smtp-relay", values | {"provider": "mailgun"}, "provider"),
        ("direct", {"name": "B", "sources": SOURCES, "password": "x"}, "password"),
        ("provider", {"name": "C"}, "provider"),
        ("direct", {"sources": SOURCES}, "name"),
        ("sandbox", {"name": "D"}, "kind"),
    ):
        assert refused(save_egress, alice, kind, given).field == field


def test_a_way_stays_of_its_kind(alice: Actor) -> None:
    error = refused(direct, alice, egress_id=relay(alice).pk)
    assert isinstance(error, Conflict)
    assert error.code == "other-kind"


def test_a_fall_back_is_kept_changed_and_taken_away(alice: Actor) -> None:
    second, third = relay(alice, "Second"), direct(alice)
    first = mailgun(alice, fallback_id=second.pk)
    assert view(alice, first.pk).fallback_name == "Second"
    assert mailgun(alice, egress_id=first.pk).fallback_id == second.pk, "not named: it stays"
    assert mailgun(alice, egress_id=first.pk, fallback_id=third.pk).fallback_id == third.pk
    assert mailgun(alice, egress_id=first.pk, fallback_id=None).fallback_id is None


def test_no_letter_falls_from_people_into_the_sandbox(alice: Actor) -> None:
    sandbox = ensure_sandbox(alice.workspace_id)
    error = refused(relay, alice, fallback_id=sandbox.pk)
    assert (error.code, error.field) == ("fallback-sandbox", "fallback_id")
    assert (
        refused(save_relay, alice, name="x", host="a.jp", egress_id=sandbox.pk).code == "other-kind"
    )


def test_fall_backs_make_no_circle(alice: Actor) -> None:
    first = relay(alice, "First")
    second = relay(alice, "Second", fallback_id=first.pk)
    third = relay(alice, "Third", fallback_id=second.pk)
    for end in (first, second, third):
        error = refused(relay, alice, egress_id=first.pk, fallback_id=end.pk)
        assert (error.code, error.field) == ("fallback-circle", "fallback_id")


def test_a_way_that_is_needed_is_not_removed(alice: Actor) -> None:
    sandbox = ensure_sandbox(alice.workspace_id)
    second = mailgun(alice)
    first = relay(alice, "First", fallback_id=second.pk)
    error = refused(delete_egress, alice, second.pk)
    assert (error.code, "First" in error.message) == ("egress-is-fallback", True)
    assert refused(delete_egress, alice, sandbox.pk).code == "sandbox-stays"
    make_default(alice, first.pk)
    delete_egress(alice, first.pk)
    delete_egress(alice, second.pk)
    gone = columns(second)
    assert gone["sealed_credentials"] is None
    assert [each.is_default for each in egresses(alice)] == [True]
    assert refused(mailgun, alice, egress_id=second.pk).code == "no-egress"
    assert refused(relay, alice, fallback_id=second.pk).field == "fallback_id"


def test_another_workspace_is_not_reached(alice: Actor) -> None:
    theirs = mailgun(make_actor(make_workspace("Other"), email="eve@other.example"))
    for call in (
        lambda: mailgun(alice, egress_id=theirs.pk),
        lambda: relay(alice, fallback_id=theirs.pk),
        lambda: delete_egress(alice, theirs.pk),
        lambda: make_default(alice, theirs.pk),
        lambda: view(alice, theirs.pk),
    ):
        assert isinstance(refused(call), NotFound)
    assert all(each.sandbox for each in egresses(alice))


@pytest.mark.parametrize("role", [Role.SENDER, Role.APPROVER, Role.VIEWER])
def test_only_who_may_manage_changes_ways_of_sending(alice: Actor, role: Role) -> None:
    row = mailgun(alice)
    bob = make_actor(Workspace.objects.get(pk=alice.workspace_id), role)
    for call in (
        lambda: mailgun(bob),
        lambda: direct(bob),
        lambda: save_egress(bob, "smtp-relay", {"name": "x", "host": "a.jp"}),
        lambda: delete_egress(bob, row.pk),
    ):
        assert isinstance(refused(call), NotAllowed)


def test_the_log_says_what_was_saved_and_no_secret(alice: Actor) -> None:
    mailgun(alice)
    direct(alice)
    entries = AuditEntry.objects.of(alice.workspace_id).filter(action="egress.saved")
    details = [each.detail for each in entries.order_by("pk")]
    shown = {"domain": "mg.example.jp", "region": "us"}
    assert details[0] == {"kind": "provider", "provider": "mailgun"} | shown
    assert details[1] == {"kind": "direct", "sources": ["192.0.2.1", "2001:db8::1"]}
    assert SECRET not in str(details)


def test_saving_forgets_the_old_trouble(alice: Actor) -> None:
    row = mailgun(alice)
    Egress.objects.of(alice.workspace_id).filter(pk=row.pk).update(trouble_code="key-refused")
    with override("en"):
        assert "does not accept the key" in str(view(alice, row.pk).trouble)
    mailgun(alice, egress_id=row.pk)
    assert view(alice, row.pk).trouble == ""


@pytest.fixture
def stage() -> Stage:
    made = make_stage()
    Workspace.objects.filter(pk=made.workspace.pk).update(base_url="https://mail.example.jp")
    return made


@pytest.mark.parametrize(
    "change",
    ["its key", "its settings", "another fall-back", "the fall-back's key", "no fall-back"],
)
def test_a_release_is_refused_when_letters_would_go_elsewhere_than_was_checked(
    stage: Stage, change: str
) -> None:
    alice = stage.alice
    second = mailgun(alice, name="Second")
    first = mailgun(alice, fallback_id=second.pk)
    draft = stage.draft()
    draft = drafts.save_sending(alice, draft.id, draft.revision, first.pk)
    check = checks.check(alice, draft.id)
    assert check.can_send, check.findings
    mailgun(alice, egress_id=first.pk, name="Only another name")
    assert checks.check(alice, draft.id).seal == check.seal
    acts: dict[str, Callable[[], object]] = {
        "its key": lambda: mailgun(alice, egress_id=first.pk, credentials={"api_key": "other"}),
        "its settings": lambda: mailgun(alice, egress_id=first.pk, settings={"domain": "b.jp"}),
        "another fall-back": lambda: mailgun(
            alice, egress_id=first.pk, fallback_id=relay(alice).pk
        ),
        "the fall-back's key": lambda: mailgun(
            alice, egress_id=second.pk, credentials={"api_key": "other"}
        ),
        "no fall-back": lambda: mailgun(alice, egress_id=first.pk, fallback_id=None),
    }
    acts[change]()
    error = refused(release.release, alice, draft.id, typed_number=check.sendable, seal=check.seal)
    assert error.code == "road-changed"


def test_where_letters_go_names_the_addresses_of_a_direct_road(alice: Actor) -> None:
    row = direct(alice, fallback_id=relay(alice).pk)
    where = whereabouts(Egress.objects.of(alice.workspace_id).get(pk=row.pk))
    assert "192.0.2.1" in where
    assert "smtp.example.jp:587" in where


def test_a_loopback_relay_with_a_fall_back_to_the_world_counts_as_the_world(stage: Stage) -> None:
    """A link that leads to this machine is refused where letters could reach people."""
    alice = stage.alice
    Workspace.objects.filter(pk=stage.workspace.pk).update(base_url="http://127.0.0.1:8010")
    here = save_relay(alice, name="Here", host="127.0.0.1", port=2525, tls="none")
    draft = stage.draft()
    draft = drafts.save_sending(alice, draft.id, draft.revision, here.pk)
    assert checks.check(alice, draft.id).can_send
    save_relay(alice, name="Here", host="127.0.0.1", port=2525, tls="none", egress_id=here.pk,
               fallback_id=mailgun(alice).pk)  # fmt: skip
    assert not checks.check(alice, draft.id).can_send


def test_a_campaign_takes_any_kind_as_its_way(stage: Stage) -> None:
    draft = stage.draft()
    for row in (direct(stage.alice), mailgun(stage.alice)):
        draft = drafts.save_sending(stage.alice, draft.id, draft.revision, row.pk)
        assert (draft.egress_id, draft.sandbox) == (row.pk, False)
    make_default(stage.alice, row.pk)
    assert drafts.create(stage.alice, "New").egress_id == row.pk
    assert isinstance(
        refused(drafts.save_sending, stage.alice, draft.id, draft.revision, uuid.uuid4()), NotFound
    )
