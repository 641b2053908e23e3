"""Sending domains as an owner meets them: one next step at a time, until letters are signed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from tests.doubles.name_thread import asked_by_the_product
from tests.doubles.names import NameServer
from tests.factories import make_actor, user_of
from tests.integration.console.asks import browser_of, japanese
from tests.integration.console.desk import Page, beside, words_of
from tests.samples.dkim_keys import rsa_pem

from hatobin.accounts.models import Role, User, Workspace
from hatobin.senders.models import DkimKey, SendingDomain
from hatobin.senders.services import save_identity
from hatobin.wire.dkim import zone_strings

pytestmark = pytest.mark.django_db

PAGE = "/settings/domains/"


@pytest.fixture
def names() -> Iterator[NameServer]:
    with asked_by_the_product({"sakura.example": {"MX": ["10 mx.sakura.example."]}}) as server:
        yield server


@pytest.fixture
def page(owner: Client, names: NameServer) -> str:
    """The address of a domain without a key."""
    answer = owner.post(f"{PAGE}new/", {"name": "sakura.example"})
    assert answer.status_code == 302
    return str(answer["Location"])


def press(owner: Client, page: str, words: str, **body: str) -> Page:
    """The button that says so, with what its form holds; the page it leads to."""
    html = owner.get(page).content.decode()
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
        if words in re.sub(r"<[^>]+>", "", form):
            action = re.search(r'action="([^"]+)"', form)
            assert action
            given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            return owner.post(action.group(1), given | body, follow=True)
    raise AssertionError(f"no button says {words}: {html}")


def copied(owner: Client, page: str) -> dict[str, str]:
    """What the copy buttons of the first record copy."""
    html = owner.get(page).content.decode()
    found = re.findall(r'<code id="\w[\w-]*-(host|value|zone)">([^<]+)</code>', html)
    assert re.search(r'data-copy="[\w-]+-value"', html)
    return {name: text.replace("&quot;", '"') for name, text in reversed(found)}


def publish(owner: Client, page: str, names: NameServer) -> None:
    record = copied(owner, page)
    names.zone[f"{record['host']}.sakura.example"] = {"TXT": [zone_strings(record["value"])]}
    assert zone_strings(record["value"]) in record["zone"]


def test_from_an_empty_page_to_signed_letters(
    owner: Client, names: NameServer, workspace: Workspace
) -> None:
    assert "No sending domain yet" in words_of(owner.get(PAGE))
    page = owner.post(f"{PAGE}new/", {"name": "sakura.example"})["Location"]
    made = words_of(press(owner, page, "Make the key"))
    assert "Publish this record in the DNS" in made
    assert "The DNS does not show the record yet." in words_of(press(owner, page, "Check the DNS"))
    publish(owner, page, names)
    ready = words_of(press(owner, page, "Check the DNS"))
    assert "The record is there: start signing" in ready
    assert "A DMARC record to begin with" in ready
    signing = words_of(press(owner, page, "Start signing"))
    assert "Letters from this domain are signed" in signing
    assert "Signed" in words_of(owner.get(PAGE))
    assert DkimKey.objects.of(workspace.pk).get().state == "active"


def test_a_key_is_changed_and_the_old_one_kept_for_a_week(
    owner: Client, page: str, names: NameServer
) -> None:
    owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "old"})
    publish(owner, page, names)
    press(owner, page, "Check the DNS")
    press(owner, page, "Start signing")
    rotated = words_of(press(owner, page, "Change to a new key"))
    assert "The old one signs until you start with the new one." in rotated
    publish(owner, page, names)
    press(owner, page, "Check the DNS")
    changed = words_of(press(owner, page, "Start signing"))
    assert "leave its record in the DNS until" in changed
    assert "Being replaced" in changed
    gone = words_of(press(owner, page, "Take it out of use"))  # of the one that signs
    assert "Keys out of use" in gone


def test_a_record_that_vanished_is_the_first_thing_on_the_page(
    owner: Client, page: str, names: NameServer
) -> None:
    owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "hato"})
    publish(owner, page, names)
    press(owner, page, "Check the DNS")
    press(owner, page, "Start signing")
    names.zone["hato._domainkey.sakura.example"] = {"TXT": ['"v=DKIM1; p="']}
    broken = words_of(press(owner, page, "Check the DNS"))
    assert "Receivers cannot check the signature of your letters" in broken
    assert "Something is wrong" in words_of(owner.get(PAGE))
    owner.post(f"{page}bounces/", {"return_path": "bounce.sakura.example"})
    assert "Receivers cannot check the signature" in words_of(owner.get(page))


def test_what_was_typed_as_a_secret_key_is_never_in_a_page(owner: Client, page: str) -> None:
    refused = owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "a b"})
    assert "letters, digits and hyphens" in beside(refused, "id_selector")
    assert rsa_pem()[100:160] not in refused.content.decode()
    short = owner.post(f"{page}import/", {"private_key": rsa_pem(bits=1024)})
    assert "too short" in beside(short, "id_private_key")
    owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "hato"})
    assert rsa_pem()[100:160] not in owner.get(page).content.decode()


def test_bounces_go_elsewhere_once_a_server_was_seen_there(
    owner: Client, page: str, names: NameServer
) -> None:
    foreign = owner.post(f"{page}bounces/", {"return_path": "bounce.momiji.example"})
    assert "not a part of sakura.example" in beside(foreign, "id_return_path")
    assert "is not a domain" in beside(
        owner.post(f"{page}bounces/", {"return_path": "a@b.example"}), "id_return_path"
    )
    owner.post(f"{page}bounces/", {"return_path": "bounce.sakura.example"})
    assert "once letters are signed and a check finds a mail server there" in words_of(
        owner.get(page)
    )
    names.zone["bounce.sakura.example"] = {"MX": ["10 mx.sakura.example."]}
    owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "hato"})
    publish(owner, page, names)
    assert "To addresses at bounce.sakura.example." not in words_of(
        press(owner, page, "Check the DNS")
    )
    signing = words_of(press(owner, page, "Start signing"))
    assert "To addresses at bounce.sakura.example." in signing


def test_the_senders_domain_is_proposed_and_shown_in_its_own_letters(
    owner: Client, hanako: User, workspace: Workspace
) -> None:
    actor = make_actor(workspace, Role.OWNER, email="second@office.example")
    save_identity(actor, display_name="Office", address="news@さくら市.example")
    form = owner.get(f"{PAGE}new/").content.decode()
    assert 'value="さくら市.example"' in form
    answer = owner.post(f"{PAGE}new/", {"name": "さくら市.example"})
    assert SendingDomain.objects.of(workspace.pk).get().name.startswith("xn--")
    assert "さくら市.example" in words_of(owner.get(answer["Location"]))
    again = owner.post(f"{PAGE}new/", {"name": "さくら市.example"})
    assert "already one of your sending domains" in beside(again, "id_name")


def test_a_domain_is_removed(owner: Client, page: str) -> None:
    assert "The domain is removed." in words_of(press(owner, page, "Remove it"))
    assert owner.get(page).status_code == 404


def test_a_viewer_reads_what_is_there_and_has_no_buttons(
    owner: Client, page: str, workspace: Workspace
) -> None:
    owner.post(f"{page}import/", {"private_key": rsa_pem(), "selector": "hato"})
    viewer = browser_of(user_of(make_actor(workspace, Role.VIEWER)))
    html = viewer.get(page).content.decode()
    assert "hato._domainkey" in html
    assert f'action="{page}' not in html


def test_it_speaks_japanese(owner: Client, page: str, names: NameServer) -> None:
    reader = japanese(owner)
    press(reader, page, "鍵を作成する")
    assert "次のレコードをDNSに登録してください" in words_of(reader.get(page))
    checked = words_of(press(reader, page, "DNSを確認する"))
    assert "レコードがまだDNSに見つかりません。" in checked
