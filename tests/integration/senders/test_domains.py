"""Sending domains: which there are, for whom they sign, and what the DNS says about them."""

from __future__ import annotations

import pytest
from tests.factories import make_actor
from tests.integration.senders.domain_stage import DomainStage, refused
from tests.samples.dkim_keys import rsa_pem

from hatobin.accounts.models import Role
from hatobin.common.errors import Invalid, NotFound
from hatobin.deliverability import queries, services
from hatobin.senders.models import DkimKey, SendingDomain
from hatobin.senders.queries.signing import return_path_domain_of, signers_of
from hatobin.senders.services import key_use
from hatobin.senders.services.domains import add_domain, change_domain, remove_domain
from hatobin.senders.services.key_making import import_key


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Momiji.EXAMPLE", "momiji.example"),
        (" @momiji.example. ", "momiji.example"),
        ("ｍｏｍｉｊｉ．ｅｘａｍｐｌｅ", "momiji.example"),
        ("さくら市.example", "xn--y8jl1ny40p.example"),
    ],
)
def test_a_domain_is_stored_in_one_form(stage: DomainStage, written: str, stored: str) -> None:
    assert add_domain(stage.alice, name=written).name == stored
    with refused("known-domain"):
        add_domain(stage.alice, name=stored)
    assert queries.domain_named(stage.alice, written).name == stored


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "missing"),
        (" ", "missing"),
        ("jp", "bad-domain"),
        ("news@sakura.example", "bad-domain"),
        ("https://sakura.example/", "bad-domain"),
        ("192.0.2.1", "bad-domain"),
        ("a..example", "bad-domain"),
        ("a b.example", "bad-domain"),
        ("\u202emoc.example", "bad-domain"),
        (".".join(["a" * 40] * 5) + ".example", "too-long"),
    ],
)
def test_what_is_no_domain_is_refused(stage: DomainStage, written: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        add_domain(stage.alice, name=written)
    assert (caught.value.code, caught.value.field) == (code, "name")
    if written.strip():
        with pytest.raises(Invalid) as caught:
            change_domain(stage.alice, stage.domain.pk, return_path=written)
        assert caught.value.field == "return_path"


def test_the_nearest_domain_with_a_key_signs(stage: DomainStage) -> None:
    stage.signing()
    news = add_domain(stage.alice, name="news.sakura.example")

    def who(domain: str) -> list[str]:
        return [each.domain for each in signers_of(stage.workspace.pk, domain)]

    assert who("sakura.example") == who("NEWS.sakura.example.") == ["sakura.example"]
    assert who("a.b.sakura.example") == ["sakura.example"]
    assert who("xsakura.example") == who("example") == who("") == []
    key = import_key(stage.alice, news.pk, private_key=rsa_pem(1))
    stage.publish(key)
    services.activate_key(stage.alice, news.pk, key.pk)
    assert who("news.sakura.example") == who("a.news.sakura.example") == ["news.sakura.example"]
    assert who("sakura.example") == who("other.sakura.example") == ["sakura.example"]


def test_bounces_go_to_a_part_of_the_domain_only(stage: DomainStage) -> None:
    for foreign in ("momiji.example", "xsakura.example", "example.jp"):
        with pytest.raises(Invalid) as caught:
            change_domain(stage.alice, stage.domain.pk, return_path=foreign)
        assert (caught.value.code, caught.value.field) == ("foreign-domain", "return_path")
    for own in ("sakura.example", "a.b.Sakura.example"):
        assert change_domain(stage.alice, stage.domain.pk, return_path=own).return_path
    with pytest.raises(Invalid):
        add_domain(stage.alice, name="momiji.example", return_path="bounce.sakura.example")


def test_bounces_go_to_a_domain_only_once_a_mail_server_was_seen_there(stage: DomainStage) -> None:
    key = stage.signing()

    def used() -> str | None:
        return return_path_domain_of(stage.workspace.pk, "news.sakura.example")

    change_domain(stage.alice, stage.domain.pk, return_path="bounce.sakura.example")
    assert used() is None
    assert stage.finding("mx").code == "missing"
    assert used() is None
    stage.say("bounce.sakura.example", "10 mx.sakura.example.", kind="MX")
    assert stage.finding("mx").code == "found"
    assert used() == "bounce.sakura.example"
    stage.names.failing.add("bounce.sakura.example")
    assert stage.finding("mx").code == "unknown"
    assert used() == "bounce.sakura.example"  # nothing is known, nothing is changed
    stage.names.failing.clear()
    stage.say("bounce.sakura.example", "0 .", kind="MX")
    assert stage.finding("mx").code == "refuses"
    assert used() is None
    stage.say("bounce.sakura.example", "10 mx.sakura.example.", kind="MX")
    stage.check()
    assert used() == "bounce.sakura.example"
    key_use.retire(stage.alice, stage.domain.pk, key.pk, at_once=True)
    assert used() is None  # who publishes no key has not shown that the domain is theirs
    change_domain(stage.alice, stage.domain.pk, return_path="")
    stage.check()
    assert used() is None


@pytest.mark.parametrize(
    ("records", "code", "level"),
    [
        ((), "missing", "care"),
        (('"v=spf1 mx -all"', '"other"'), "found", "good"),
        (('"v=spf1 ip4:192.0.2.1 " "~all"',), "found", "good"),
        (('"v=spf1 +all"',), "open", "bad"),
        (('"v=spf1 all"',), "open", "bad"),
        (('"v=spf1 mx -all"', '"V=SPF1 a -all"'), "several", "bad"),
        (('"v=spf10 -all"',), "missing", "care"),
    ],
)
def test_spf(stage: DomainStage, records: tuple[str, ...], code: str, level: str) -> None:
    stage.say("sakura.example", *records)
    found = stage.finding("spf")
    assert (found.code, found.level) == (code, level)
    assert (found.seen != "") == (code != "missing")


@pytest.mark.parametrize(
    ("name", "records", "code"),
    [
        ("_dmarc.sakura.example", (), "missing"),
        ("_dmarc.sakura.example", ('"v=DMARC1; p=none"',), "none"),
        ("_dmarc.sakura.example", ('"v=DMARC1;p=REJECT; rua=mailto:a@b.example"',), "reject"),
        ("_dmarc.sakura.example", ('"v=DMARC1; p=quarantine; adkim=s"',), "strict"),
        ("_dmarc.sakura.example", ('"v=DMARC1; p=nothing"',), "unreadable"),
        ("_dmarc.sakura.example", ('"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'), "several"),
        ("_dmarc.sakura.example", ('"something"',), "missing"),
    ],
)
def test_dmarc(stage: DomainStage, name: str, records: tuple[str, ...], code: str) -> None:
    stage.say(name, *records)
    shown = stage.check()
    (found,) = [each for each in shown.findings if each.about == "dmarc"]
    assert found.code == code
    assert (shown.proposal is not None) == (code == "missing")


def test_a_parents_policy_counts_but_not_a_registrys(stage: DomainStage) -> None:
    news = add_domain(stage.alice, name="news.sakura.example")

    def code() -> str:
        found = services.check_domain(stage.alice, news.pk).findings
        return next(each.code for each in found if each.about == "dmarc")

    assert code() == "missing"
    stage.say("_dmarc.sakura.example", '"v=DMARC1; p=reject; adkim=s"')
    assert code() == "reject"
    stage.say("_dmarc.sakura.example", '"v=DMARC1; p=reject; sp=none"')
    assert code() == "none"
    stage.say("_dmarc.sakura.example", '"v=DMARC1; p=reject; psd=y"')
    assert code() == "missing"


def test_the_page_always_says_the_next_thing_to_do(stage: DomainStage) -> None:
    assert stage.shown().next_step.code == "make-key"
    key = stage.rsa()
    assert stage.shown().next_step.code == "publish"
    assert stage.check().next_step.code == "publish"
    stage.publish(key)
    shown = stage.check()
    assert (shown.next_step.code, shown.next_step.key_id) == ("activate", key.pk)
    assert stage.activate(key).next_step.code == "nothing"
    stage.say(key.record_name)
    broken = stage.check()
    assert (broken.next_step.code, broken.next_step.level) == ("repair", "bad")
    assert key.record_name in str(broken.next_step.advice)
    stage.names.failing.add(key.record_name)
    assert stage.check().next_step.code == "nothing"  # no answer is no alarm
    key_use.retire(stage.alice, stage.domain.pk, key.pk, at_once=True)
    gone = stage.shown()
    assert gone.next_step.code == "make-key"
    assert "dkim" not in {each.about for each in gone.findings}


def test_no_answer_about_a_new_key_leaves_it_to_be_published(stage: DomainStage) -> None:
    key = stage.rsa()
    stage.names.failing.add(key.record_name)
    shown = stage.check()
    assert shown.keys[0].finding
    assert (shown.keys[0].finding.level, shown.next_step.code) == ("unknown", "publish")


def test_the_record_is_shown_in_every_form_in_which_providers_want_it(stage: DomainStage) -> None:
    key = stage.rsa(selector="hato")
    record = stage.shown().keys[0].record
    assert (record.name, record.host) == ("hato._domainkey.sakura.example", "hato._domainkey")
    assert record.value == f"v=DKIM1; k=rsa; p={key.public}"
    strings = record.zone.removeprefix(f'{record.name}. IN TXT "').removesuffix('"').split('" "')
    assert "".join(strings) == record.value
    assert max(map(len, strings)) <= 255


def test_a_domain_goes_with_its_keys_but_not_while_one_signs(stage: DomainStage) -> None:
    key = stage.signing()
    with refused("domain-in-use"):
        remove_domain(stage.alice, stage.domain.pk)
    key_use.retire(stage.alice, stage.domain.pk, key.pk, at_once=True)
    remove_domain(stage.alice, stage.domain.pk)
    assert not SendingDomain.objects.of(stage.workspace.pk).exists()
    assert not DkimKey.objects.of(stage.workspace.pk).exists()
    with pytest.raises(NotFound):
        remove_domain(stage.alice, stage.domain.pk)


def test_everybody_of_the_workspace_may_look(stage: DomainStage) -> None:
    viewer = make_actor(stage.workspace, Role.VIEWER)
    assert [each.name for each in queries.domains(viewer)] == ["sakura.example"]
    assert queries.domain(viewer, stage.domain.pk).signs is False
