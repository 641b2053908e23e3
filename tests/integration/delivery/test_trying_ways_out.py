"""Trying a mail service and a direct road: how far it came, and what to do, without a letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from tests.doubles.mail_service import MailService
from tests.doubles.name_thread import asked_by_the_product
from tests.doubles.names import FakeDns
from tests.doubles.ports import free_port
from tests.factories import make_actor, make_identity, make_workspace

from hatobin.accounts.models import Role, Workspace
from hatobin.accounts.rules import Actor
from hatobin.common.errors import Invalid, NotAllowed, NotFound
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.models import Egress
from hatobin.delivery.services import egress_test as trying
from hatobin.delivery.services.egress import save_direct, save_provider
from hatobin.delivery.services.egress_direct_test import Aim, Network, examine_direct
from hatobin.delivery.services.egress_report import EgressTest
from hatobin.intake.sink import SinkOptions, SinkThread, parse_rule

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parents[2] / "samples" / "providers"
HERE = {"address": "127.0.0.11", "ehlo_name": "mail.office.example", "weight": 1}
ALSO_HERE = HERE | {"address": "127.0.0.12"}
AIM = Aim(domain="example.jp", rcpt="hanako@example.jp", sender="news@office.example")


@pytest.fixture
def alice() -> Actor:
    return make_actor(make_workspace())


@pytest.fixture
def server(settings: Any) -> Iterator[MailService]:
    """A stand-in for every mail service."""
    with MailService() as service:
        settings.HATOBIN = settings.HATOBIN.model_copy(update={"mail_service_url": service.url})
        yield service


def played(provider: str, name: str) -> dict[str, Any]:
    return dict(json.loads((SAMPLES / f"{provider}.json").read_text())[name])


def mailgun(actor: Actor) -> Egress:
    return save_provider(
        actor,
        name="Mailgun",
        provider="mailgun",
        settings={"domain": "mg.example.jp"},
        credentials={"api_key": "himitsu"},
    )


def shown(test: EgressTest) -> list[tuple[str, bool | None]]:
    return [(each.code, each.ok) for each in test.steps]


def test_a_mail_service_that_takes_the_key(alice: Actor, server: MailService) -> None:
    make_identity(alice, "news@office.example")
    server.answers = [played("mailgun", "probe")]
    found = trying.test_egress(alice, mailgun(alice).pk, to="")
    assert (found.ok, found.code) == (True, "")
    assert shown(found) == [("connect", True), ("sign-in", True), ("offer", True)]
    (asked,) = server.asked
    assert b"news@office.example" in asked.body
    assert b"o:testmode" in asked.body


@pytest.mark.parametrize(
    ("provider", "case", "code", "step"),
    [
        ("mailgun", "bad-key", "key-refused", "sign-in"),
        ("mailgun", "unknown-domain", "domain-unknown", "offer"),
        ("mailgun", "not-the-api", "not-the-service", "connect"),
        ("mailgun", "on-trial", "account-paused", "offer"),
        ("mailgun", "throttled", "throttled", "offer"),
        ("mailgun", "trouble", "service-trouble", "connect"),
        ("brevo", "no-credit", "out-of-credit", "offer"),
        ("sendgrid", "probe-without-right", "no-permission", "sign-in"),
        ("amazon-ses", "probe-on-trial", "trial-account", "offer"),
    ],
)
def test_what_is_wrong_with_a_mail_service_is_said_at_its_step(
    alice: Actor, server: MailService, provider: str, case: str, code: str, step: str
) -> None:
    values: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "mailgun": ({"domain": "mg.example.jp"}, {"api_key": "himitsu"}),
        "amazon-ses": (
            {"region": "ap-northeast-1"},
            {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "himitsu"},
        ),
    }
    settings, keys = values.get(provider, ({}, {"api_key": "himitsu"}))
    server.answers = [played(provider, case)]
    found = trying.test_provider_values(
        alice, provider=provider, settings=settings, credentials=keys, egress_id=None
    )
    assert (found.ok, found.code) == (False, code)
    (failed,) = [each.code for each in found.steps if each.ok is False]
    assert failed == step
    for language in ("en", "ja"):
        with override(language):
            assert str(found.text)
            assert str(found.advice)
    assert "himitsu" not in repr(found)


def test_a_mail_service_that_cannot_be_reached(alice: Actor, settings: Any) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    settings.HATOBIN = settings.HATOBIN.model_copy(update={"mail_service_url": url})
    found = trying.test_egress(alice, mailgun(alice).pk, to="")
    assert shown(found)[0] == ("connect", False)
    with override("en"):
        assert str(found.text) == "The mail service cannot be reached."


def test_what_was_typed_is_tried_with_the_stored_key(alice: Actor, server: MailService) -> None:
    stored = mailgun(alice)
    server.answers = [played("mailgun", "probe")]
    words: dict[str, Any] = {"provider": "mailgun", "settings": {"domain": "b.jp"}}
    assert trying.test_provider_values(alice, **words, credentials={}, egress_id=stored.pk).ok
    assert server.asked[0].line.startswith("POST /b.jp/")
    with pytest.raises(Invalid) as error:
        trying.test_provider_values(alice, **words, credentials={}, egress_id=None)
    assert error.value.field == "credentials.api_key"
    eve = make_actor(make_workspace("Other"), email="eve@other.example")
    with pytest.raises(NotFound):
        trying.test_provider_values(eve, **words, credentials={}, egress_id=stored.pk)
    with pytest.raises(NotFound):
        trying.test_egress(eve, stored.pk, to="")
    bob = make_actor(Workspace.objects.get(pk=alice.workspace_id), Role.SENDER)
    with pytest.raises(NotAllowed):
        trying.test_egress(bob, stored.pk, to="")


def test_keys_that_do_not_open_are_said_to(alice: Actor, server: MailService) -> None:
    row = mailgun(alice)
    Egress.objects.of(alice.workspace_id).update(sealed_credentials=b"\x01broken")
    found = trying.test_egress(alice, row.pk, to="")
    assert (found.ok, found.code, server.asked) == (False, "seal-broken", [])


def zone(**hosts: str) -> FakeDns:
    made: dict[str, dict[str, list[str]]] = {
        "example.jp": {"MX": [f"{n} {host}.example.jp." for n, host in enumerate(hosts)]}
    }
    made |= {f"{host}.example.jp": {"A": [address]} for host, address in hosts.items()}
    return FakeDns(made)


def network(dns: FakeDns, port: int) -> Network:
    quick = Timeouts(connect=2, tls=2, greeting=2, command=2, quit=1)
    return Network(dns=dns, port=port, allow_loopback=True, timeouts=quick)


def tried(
    options: SinkOptions,
    *sources: dict[str, object],
    tls: str = "opportunistic",
    aim: Aim = AIM,
) -> EgressTest:
    with SinkThread(options) as sink:
        found = examine_direct(
            list(sources or (HERE,)),  # type: ignore[arg-type]
            tls,
            aim,
            network(zone(mx="127.0.0.1"), sink.port),
        )
        assert not sink.envelopes, "a letter was sent"
        return found


def test_a_direct_road_is_tried_from_each_address_and_says_what_it_found() -> None:
    found = tried(SinkOptions(tls="starttls"), HERE, ALSO_HERE)
    assert (found.ok, found.advice) == (True, "")
    assert [each.ok for each in found.steps] == [True] * 5
    details = {each.code: each.detail for each in found.steps}
    assert details["source"] == "127.0.0.11, 127.0.0.12"
    assert details["look-up"] == "mx.example.jp"
    assert "127.0.0.11 > mx.example.jp (127.0.0.1)" in details["connect"]
    assert "127.0.0.12 > mx.example.jp" in details["connect"]
    assert details["encrypt"].startswith("TLSv1.")


def test_a_conversation_in_the_clear_is_pointed_out_and_refused_where_it_must_not_be() -> None:
    found = tried(SinkOptions())
    assert found.ok
    with override("en"):
        assert str(found.advice) == "The connection is not encrypted."
    strict = tried(SinkOptions(), tls="starttls")
    assert (strict.ok, strict.code) == (False, "starttls-not-offered")
    assert ("encrypt", False) in shown(strict)


@pytest.mark.parametrize(
    ("rule", "code", "step"),
    [
        ("connect=554 5.7.1 No PTR record for 192.0.2.1", "greeting-refused", "connect"),
        ("mail=550 5.7.23 SPF validation failed", "sender-refused", "offer"),
        ("rcpt=550 5.7.25 The reverse name is missing", "rcpt-refused", "offer"),
    ],
)
def test_a_refusal_is_told_in_the_servers_own_words(rule: str, code: str, step: str) -> None:
    found = tried(SinkOptions(rules=(parse_rule(rule),)))
    assert (found.ok, found.code) == (False, code)
    assert (step, False) in shown(found)
    assert rule.partition("=")[2] in found.words


def test_coming_again_later_is_usual_and_not_wrong() -> None:
    found = tried(SinkOptions(rules=(parse_rule("rcpt=451 4.7.1 Greylisted"),)))
    assert found.ok
    assert "451 4.7.1 Greylisted" in found.words
    assert str(found.advice)


def test_with_only_a_domain_nobodys_address_is_asked_for() -> None:
    rules = (parse_rule("rcpt=550 5.1.1 No such user"),)
    found = tried(SinkOptions(rules=rules), aim=Aim(domain="example.jp"))
    assert found.ok


def test_an_address_that_this_machine_does_not_have_is_found_before_any_question() -> None:
    dns = zone(mx="127.0.0.1")
    absent: Any = HERE | {"address": "203.0.113.9"}
    found = examine_direct([HERE, absent], "opportunistic", AIM, network(dns, 1))  # type: ignore[list-item]
    assert (found.code, shown(found)[:2]) == ("source-unusable", [("source", False), ("look-up", None)])  # fmt: skip
    assert found.steps[0].detail == "203.0.113.9"
    assert not dns.asked


def test_a_domain_that_takes_no_mail_and_a_port_that_nobody_hears() -> None:
    here: Any = [HERE]
    unknown = examine_direct(here, "opportunistic", Aim(domain="no.example"), network(zone(), 1))
    assert (unknown.code, shown(unknown)[1]) == ("no-such-domain", ("look-up", False))
    assert unknown.steps[1].detail == "no.example"
    dns = zone(mx="127.0.0.1")
    closed = examine_direct(here, "opportunistic", AIM, network(dns, free_port()))
    assert (closed.code, shown(closed)[2]) == ("refused", ("connect", False))
    with override("en"):
        assert "port 25" in str(closed.advice)


def test_one_of_several_addresses_that_fails_is_named() -> None:
    """The servers have IPv4 only; the source with IPv6 cannot reach them."""
    six: dict[str, object] = {"address": "::1", "ehlo_name": "six.office.example", "weight": 1}
    found = tried(SinkOptions(), HERE, six)
    assert (found.ok, found.code) == (False, "source-family")
    assert found.words.startswith("::1")


def test_through_the_service_a_trial_server_is_reached_whoever_the_recipient_is(
    alice: Actor,
) -> None:
    with SinkThread(SinkOptions()) as sink:
        row = save_direct(alice, name="Direct", sources=[HERE], host="127.0.0.1", port=sink.port)
        assert trying.test_egress(alice, row.pk, to="hanako@example.jp").ok
        assert trying.test_egress(alice, row.pk, to="").ok
        values: dict[str, Any] = {"host": "localhost", "port": sink.port, "tls": "opportunistic"}
        assert trying.test_direct_values(alice, sources=[HERE], to="example.jp", **values).ok
        for to in ("not an address", "a@b@c", "花子@example.jp", "localhost"):
            with pytest.raises(Invalid) as error:
                trying.test_egress(alice, row.pk, to=to)
            assert error.value.field == "to"
        assert not sink.envelopes


def test_the_name_servers_of_the_settings_are_asked(alice: Actor) -> None:
    source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
    row = save_direct(alice, name="Direct", sources=[source])
    with asked_by_the_product({"example.jp": {"MX": ["0 ."]}}) as names:
        found = trying.test_egress(alice, row.pk, to="example.jp")
    assert (found.code, shown(found)[1]) == ("no-mail", ("look-up", False))
    assert names.by_udp >= 1


def test_without_anybody_to_reach_only_the_addresses_are_looked_at(alice: Actor) -> None:
    source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
    row = save_direct(alice, name="Direct", sources=[source])
    found = trying.test_egress(alice, row.pk, to="")
    assert found.ok
    assert shown(found)[:2] == [("source", True), ("look-up", None)]


def test_the_doctor_tries_them_all(alice: Actor, server: MailService) -> None:
    server.answers = [played("mailgun", "bad-key")]
    mailgun(alice)
    absent = {"address": "203.0.113.9", "ehlo_name": "mail.office.example"}
    save_direct(alice, name="Direct", sources=[absent])
    with override("en"):
        said = {name: wrong for name, wrong, _advice in trying.examine_all()}
    assert said == {
        "Mailgun": "The mail service does not accept the key.",
        "Direct": "This machine does not have the address that it should send from.",
    }
