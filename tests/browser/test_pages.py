"""Every page of the console: for every eye, ear, hand and window; and in one language at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import letters
from tests.browser.desk import DESKTOP, NARROW, Desk, axe_findings, sideways

PLACES = (
    *("/", "/letters/", "/letters/new/", "draft people/", "draft letter/", "draft check/"),
    *("draft check/?view=text", "draft send/", "finished result/", "finished result/?q=nobody"),
    *("/lists/", "/lists/upload/", "list", "person", "/sandbox/", "arrived", "/suppression/"),
    *("/settings/", "/settings/workspace/", "/settings/sender/", "/settings/sender/new/"),
    *("/settings/roads/", "/settings/roads/new/", "/settings/roads/new/relay/"),
    *("/settings/roads/new/direct/", "/settings/roads/new/service/amazon-ses/"),
    *("/settings/members/", "/settings/api-keys/"),
    "/settings/pace/",
    *("/settings/domains/", "/settings/domains/new/", "domain", "domain import/"),
    *("/settings/audit-log/", "/account/password/", "/account/sessions/", "/gallery/", "/nowhere/"),
)
# The gallery shows every part; these show them together.
DARK = ("/gallery/", "draft letter/", "draft check/", "draft send/", "finished result/?q=reader.01")
# What a Japanese page may say in Latin letters: names, formats, protocols, keys of the keyboard.
_LATIN = """
    hatobin demo smtp csv tsv html excel url utf shift jis http https api tls starttls ssl smtps bcc gmail
    json xlsx xls ods opendocument mb kb ctrl dkim mail rcpt from to cc chrome google linux macos windows iso
    ip english unsubscribe id mta port dns spf dmarc webhook tab esc crlf bom ascii javascript openapi alice
    example microsoft amazon ses docomo softbank yahoo japan icloud au mx toml
    rsa pem txt private ptr sendgrid mailgun postmark brevo
"""
ALLOWED = frozenset(_LATIN.split())
_NOT_WORDS = re.compile(r"\S*[@:/._{}=-]\S*|[0-9]\w*")
_WORD = re.compile(r"[A-Za-z]{2,}")
# Visible words and those that are only heard, without what is data or marked as another language's.
_READ = """() => {
    const foreign = "[translate=no], [lang=en], pre, code, iframe, .when, script, template, noscript, svg";
    const page = document.body.cloneNode(true);
    page.querySelectorAll(foreign).forEach((each) => each.remove());
    const heard = ["aria-label", "title", "placeholder", "alt"].flatMap((name) =>
        [...page.querySelectorAll(`[${name}]`)].map((each) => each.getAttribute(name)));
    const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
    const seen = [];
    while (walker.nextNode()) seen.push(walker.currentNode.data);
    return [document.title, ...seen, ...heard].join("\\n");
}"""


@pytest.fixture(scope="module")
def addresses(desk_of_module: Desk, finished: str) -> dict[str, str]:
    """Where the places are that a number leads to."""
    page = desk_of_module.window()
    draft = letters.demo_draft(page)
    page.goto("/lists/")
    found = page.locator("main a[href^='/lists/']", has_text="広報メール会員").first
    here = found.get_attribute("href")
    page.goto(f"{here}")
    person = page.locator("main table a[href*='/lists/person/']").first.get_attribute("href")
    arrived = letters.mailbox(page, "reader.001")[0]
    page.goto("/settings/domains/new/")
    page.locator("input[name=name]").fill("sakura.example")
    page.locator("main form button").click()
    page.locator(".next-step button").click()
    page.locator(".dns-record").first.wait_for()
    places = {
        "domain": page.evaluate("location.pathname"),
        "draft": draft,
        "finished": finished,
        "list": here,
        "person": person,
        "arrived": arrived,
    }
    return {name: str(address) for name, address in places.items()}


@pytest.fixture(scope="module")
def desk_of_module(chromium, service, signed_in) -> Iterator[Desk]:  # type: ignore[no-untyped-def]
    made = Desk(chromium, service, signed_in)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture(scope="module")
def shared(desk_of_module: Desk) -> Page:
    """One window for all places: opening a page is enough to start anew."""
    return desk_of_module.window()


def _go(page: Page, place: str, addresses: dict[str, str]) -> None:
    name, _gap, rest = place.partition(" ")
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(addresses.get(name, name) + rest)


@pytest.mark.parametrize("place", PLACES)
def test_everybody_can_use_it(place: str, shared: Page, addresses: dict[str, str]) -> None:
    _go(shared, place, addresses)
    expect(shared.get_by_role("heading", level=1)).to_have_count(1)
    assert axe_findings(shared) == []
    words = {word.lower() for word in _WORD.findall(_NOT_WORDS.sub(" ", shared.evaluate(_READ)))}
    assert words - ALLOWED == set()
    shared.set_viewport_size({"width": NARROW, "height": 800})
    assert sideways(shared) == 0


@pytest.mark.parametrize("place", DARK)
def test_it_can_be_read_in_the_dark(place: str, shared: Page, addresses: dict[str, str]) -> None:
    _go(shared, place, addresses)
    shared.emulate_media(color_scheme="dark")
    assert axe_findings(shared, rules=("color-contrast",)) == []


def test_the_door_is_open_to_everybody_too(desk: Desk) -> None:
    page = desk.window(signed_in=False, width=NARROW)
    page.goto("/sign-in/")
    assert axe_findings(page) == []
    assert sideways(page) == 0


def test_english_pages_say_nothing_in_japanese(english: Page, addresses: dict[str, str]) -> None:
    for place in (
        "/",
        "/letters/new/",
        "draft people/",
        "draft send/",
        "finished result/",
        "/gallery/",
    ):
        _go(english, place, addresses)
        words = english.evaluate("document.querySelector('main h1').innerText")
        assert place == "finished result/" or not re.search(r"[぀-ヿ一-鿿]", words), place
        labels = " ".join(english.locator("main button, main label, main dt").all_inner_texts())
        assert "ください" not in labels
        assert "です" not in labels
