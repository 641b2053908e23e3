"""Before the release: a letter that would leave unsigned, straight to the recipients' servers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.factories import make_identity, user_of
from tests.integration.campaigns.stage import HELLO, Stage, make_stage
from tests.integration.console.desk import words_of
from tests.samples.dkim_keys import ed25519_pem, rsa_pem

from hatobin.accounts.models import Workspace
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.services import checks, drafts, release
from hatobin.common.errors import Invalid
from hatobin.delivery.models import Dispatch, Egress
from hatobin.delivery.services.egress import save_relay
from hatobin.delivery.services.egress_direct import save_direct
from hatobin.senders.services.domains import add_domain
from hatobin.senders.services.key_making import import_key
from hatobin.senders.services.key_use import activate, retire
from hatobin.wire.dkim import record_text

pytestmark = pytest.mark.django_db

SOURCES = [{"address": "", "ehlo_name": "mail.office.example", "weight": 1}]


@pytest.fixture
def stage() -> Stage:
    made = make_stage()
    Workspace.objects.filter(pk=made.workspace.pk).update(base_url="https://mail.example.jp")
    return made


def straight(stage: Stage, **more: Any) -> Egress:
    return save_direct(stage.alice, **({"name": "直接", "sources": SOURCES} | more))


def relay(stage: Stage, host: str = "smtp.example.jp", **more: Any) -> Egress:
    return save_relay(stage.alice, name="中継", host=host, **more)


def by(stage: Stage, way: Egress) -> CampaignView:
    letter = stage.draft()
    return drafts.save_sending(stage.alice, letter.id, letter.revision, way.pk)


def told(stage: Stage, letter: CampaignView) -> str:
    """The level of what is said about the signature; empty when nothing is."""
    found = checks.check(stage.alice, letter.id).findings
    return next((each.level for each in found if each.code == "unsigned"), "")


def signing(stage: Stage, domain: str = "office.example") -> tuple[Any, Any]:
    """A domain with a key in use."""
    made = add_domain(stage.alice, name=domain)
    key = import_key(stage.alice, made.pk, private_key=rsa_pem())
    activate(stage.alice, made.pk, key.pk, published=[record_text("rsa", key.public)])
    return made, key


def test_it_is_refused_until_a_key_signs_and_again_when_it_does_no_more(stage: Stage) -> None:
    letter = by(stage, straight(stage))
    assert told(stage, letter) == "refuse"
    assert not checks.check(stage.alice, letter.id).seal
    domain = add_domain(stage.alice, name="office.example")
    key = import_key(stage.alice, domain.pk, private_key=rsa_pem())
    assert told(stage, letter) == "refuse", "a key that is not in use signs nothing"
    activate(stage.alice, domain.pk, key.pk, published=[record_text("rsa", key.public)])
    assert told(stage, letter) == ""
    check = checks.check(stage.alice, letter.id)
    assert check.can_send
    retire(stage.alice, domain.pk, key.pk, at_once=True)
    with pytest.raises(Invalid) as refused:
        release.release(stage.alice, letter.id, typed_number=3, seal=check.seal)
    assert (refused.value.code, refused.value.field) == ("unsigned", "domains")
    assert not Dispatch.objects.of(stage.workspace.pk).exists()


def test_the_key_of_the_domain_above_signs_too_and_that_of_another_does_not(stage: Stage) -> None:
    letter = by(stage, straight(stage))
    identity = make_identity(stage.alice, "news@post.office.example")
    letter = drafts.save_letter(
        stage.alice, letter.id, letter.revision, HELLO, identity.pk, "marketing"
    )
    signing(stage, "other.example")
    assert told(stage, letter) == "refuse"
    signing(stage)
    assert told(stage, letter) == ""


def test_an_ed25519_key_alone_is_no_signature_that_all_can_read(stage: Stage) -> None:
    letter = by(stage, straight(stage))
    domain, key = signing(stage)
    second = import_key(stage.alice, domain.pk, private_key=ed25519_pem())
    published = [record_text("ed25519", second.public)]
    activate(stage.alice, domain.pk, second.pk, published=published)
    assert told(stage, letter) == ""
    retire(stage.alice, domain.pk, key.pk, at_once=True)
    assert told(stage, letter) == "refuse"


@pytest.mark.parametrize(
    ("way", "level"),
    [
        (lambda stage: stage.egress, ""),
        (relay, ""),
        (lambda stage: straight(stage, host="127.0.0.1", port=2525), ""),
        (lambda stage: straight(stage, host="smart.example.jp", port=25), ""),
        (straight, "refuse"),
        (lambda stage: relay(stage, fallback_id=straight(stage).pk), "advise"),
        (lambda stage: straight(stage, fallback_id=relay(stage).pk), "refuse"),
    ],
    ids=[
        "sandbox",
        "relay",
        "trial",
        "smart-host",
        "direct",
        "falls-back-to-direct",
        "direct-first",
    ],
)
def test_only_where_nobody_comes_after_us_it_is_said(stage: Stage, way: Any, level: str) -> None:
    assert told(stage, by(stage, way(stage))) == level


@pytest.mark.parametrize(
    ("language", "said", "link"),
    [
        (
            "en",
            "Letters from office.example would leave without a signature (DKIM).",
            "Open the sending domains",
        ),
        (
            "ja",
            "office.exampleからのメールに、署名（DKIM）が付きません。",
            "送信ドメインを開く",
        ),
    ],
)
def test_the_page_says_what_to_do_and_leads_there(
    stage: Stage, language: str, said: str, link: str
) -> None:
    client = Client()
    client.force_login(user_of(stage.alice))
    client.cookies["hatobin_language"] = language
    page = client.get(f"/letters/{by(stage, straight(stage)).id}/check/")
    assert said in words_of(page)
    assert link in words_of(page)
    assert 'href="/settings/domains/"' in page.content.decode()
