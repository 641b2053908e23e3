"""Every page speaks the language that was chosen, and only that one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import translation
from tests.factories import PASSWORD
from tests.integration.console.office import Office, make_office
from tests.integration.console.reading import Page
from tests.unit.house.test_words import CATALOGUE

from hatobin.accounts.models import User
from hatobin.accounts.services.setup import issue_setup_token
from hatobin.console import gallery
from hatobin.console.urls import urlpatterns

pytestmark = pytest.mark.django_db

JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]")
ENGLISH_WORDS = re.compile(r"\b[A-Za-z]{2,}[,:;.]? [A-Za-z]{2,}\b")
# What Japanese pages say in Latin letters on purpose.
TERMS = re.compile(
    r"(?:BEGIN|END) PRIVATE KEY|MAIL FROM|RCPT TO|Ctrl\+C|Noto Sans( JP)?|hatobin resetpassword"
    r"|Amazon SES|Sending keys"
)
MONTHS = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d")
JAPANESE_TIME = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日\([月火水木金土日]\) \d\d:\d\d(:\d\d)?")
ENGLISH_TIME = re.compile(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d(:\d\d)?")
# The gallery shows parts with sample data, which is written in its Python files.
SAMPLES = sorted(
    {
        node.value
        for path in Path(gallery.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if JAPANESE.search(node.value) or "queued as" in node.value or "User unknown" in node.value
    },
    key=len,
    reverse=True,
)
# Texts whose Japanese differs, as they stand alone on a page (button, heading, label).
UNTRANSLATED = {
    english
    for (_context, english), japanese in CATALOGUE.items()
    if japanese and japanese != english and JAPANESE.search(japanese)
}
FILES = {"letter-preview-html", "sandbox-html"}  # a letter by itself: its words are the sender's


def named_addresses() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name, arguments) of every address of the console and of sign-in."""

    def walk(
        patterns: list[URLPattern | URLResolver], space: str
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        for each in patterns:
            if isinstance(each, URLResolver):
                inner = f"{each.namespace}:" if each.namespace else space
                yield from walk(each.url_patterns, inner)
            elif each.name:
                yield f"{space}{each.name}", tuple(each.pattern.converters)

    return walk(list(urlpatterns), "")


ADDRESSES = dict(named_addresses())


def paths(office: Office, name: str) -> list[str]:
    """Where this address leads in the office: one path for each thing that it can be about."""
    arguments = ADDRESSES[name]
    if "token" in arguments:
        return []  # opened signed out, below
    if not arguments:
        return [reverse(name)]
    main = "sandbox" if name.startswith("console:sandbox") else arguments[-1]
    fixed = {each: office.ids[each][0] for each in arguments if each not in {main, "what"}}
    fixed |= {"what": "pause"} if "what" in arguments else {}
    return [
        reverse(name, kwargs={**fixed, **({arguments[-1]: value} if main != "what" else {})})
        for value in office.ids.get(main, [None])
    ]


def browser(language: str, user: User | None = None) -> Client:
    other = {"accept-language": "en" if language == "ja" else "ja"}
    client = Client(headers=other, raise_request_exception=False)
    client.cookies["hatobin_language"] = language
    if user is not None:
        client.force_login(user)
    return client


def opened(client: Client, path: str) -> str:
    """The page, or nothing for what is no page (a file, a redirect, an act that wants POST)."""
    answer = client.get(path)
    assert answer.status_code < 500, path
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return ""
    return answer.content.decode()


def without_samples(text: str) -> str:
    for sample in SAMPLES:
        text = text.replace(sample, "")
    return text


def wrong_in_japanese(html: str) -> list[str]:
    page = Page(html)
    texts = [TERMS.sub("", without_samples(text)) for text in page.texts]
    found = [text for text in texts if ENGLISH_WORDS.search(text) or MONTHS.search(text)]
    found += [text for text in page.texts if text in UNTRANSLATED]
    return found + [text for text in page.times if not JAPANESE_TIME.fullmatch(text)]


def wrong_in_english(html: str) -> list[str]:
    page = Page(html)
    found = [text for text in page.texts if JAPANESE.search(without_samples(text))]
    return found + [text for text in page.times if not ENGLISH_TIME.fullmatch(text)]


@pytest.fixture(params=["ja", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_page_for_members_speaks_one_language(language: str) -> None:
    office = make_office(language)
    client = browser(language, office.owner)
    wrong: dict[str, list[str]] = {}
    pages = 0
    for name in sorted(ADDRESSES):
        if name.rpartition(":")[2] in FILES:
            continue
        for path in paths(office, name):
            html = opened(client, path)
            if html:
                pages += 1
                found = wrong_in_japanese(html) if language == "ja" else wrong_in_english(html)
                wrong |= {path: found} if found else {}
    assert wrong == {}
    assert pages > 30


def test_every_page_before_sign_in_speaks_one_language(language: str) -> None:
    client = browser(language)
    token = issue_setup_token()
    shown = [opened(client, reverse("console:setup", args=[token]))]
    office = make_office(language)
    shown += [opened(client, reverse("console:invitation", args=[office.invitation]))]
    shown += [opened(client, reverse("account_login"))]
    wrong_password = {"login": office.owner.email, "password": "wrong-password"}
    shown += [client.post(reverse("account_login"), wrong_password).content.decode()]
    stranger = User.objects.create_user("new@office.example", PASSWORD, name=office.owner.name)
    shown += [opened(browser(language, stranger), reverse("console:no-workspace"))]
    for html in shown:
        assert html
        assert (wrong_in_japanese if language == "ja" else wrong_in_english)(html) == []


def test_errors_speak_the_chosen_language(language: str) -> None:
    office = make_office(language)
    client = browser(language, office.owner)
    judge = wrong_in_japanese if language == "ja" else wrong_in_english
    missing = client.get("/no/such/page/")
    gone = client.get(reverse("console:list", args=[office.owner.pk]))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["hatobin_language"] = language
    refused = strict.post(reverse("account_login"), {"login": "a"})
    password = {"oldpassword": "x", "password1": "short", "password2": "other"}
    wrong = client.post(reverse("account_change_password"), password)
    empty = client.post(reverse("console:settings-sender"), {})
    relay = {"host": "x y", "port": "99999999", "tls": "none", "name": "a"}
    bad = client.post(reverse("console:relay-new"), relay)
    statuses = [each.status_code for each in (missing, gone, refused)]
    assert statuses == [404, 404, 403]
    for answer in (missing, gone, refused, wrong, empty, bad):
        assert judge(answer.content.decode()) == [], answer.request["PATH_INFO"]


def test_a_page_without_a_request_speaks_it_too(language: str) -> None:
    from django.template.loader import render_to_string

    with translation.override(language):
        for name in ("500.html", "400.html"):
            html = render_to_string(name)
            assert f'<html lang="{language}">' in html
            assert (wrong_in_japanese if language == "ja" else wrong_in_english)(html) == []


def test_every_page_has_the_switch_and_it_leads_back_to_the_page() -> None:
    office = make_office("ja")
    client = browser("ja", office.owner)
    without = []
    for name in sorted(ADDRESSES):
        for path in paths(office, name):
            html = opened(client, path)
            if "<html" not in html or name.rpartition(":")[2] in FILES:
                continue
            switches = [given for action, given in Page(html).forms if "setlang" in action]
            if not switches or any(given["next"] != path for given in switches):
                without.append(path)
    assert without == []


def test_the_choice_is_remembered_before_and_after_signing_in_and_out() -> None:
    office = make_office("ja")
    client = Client(headers={"accept-language": "ja"})
    sign_in = reverse("account_login")
    assert Page(client.get(sign_in).content.decode()).language == "ja"

    changed = client.post(reverse("set_language"), {"language": "en", "next": sign_in})
    assert changed["Location"] == sign_in
    assert Page(client.get(sign_in).content.decode()).language == "en"

    client.post(sign_in, {"login": office.owner.email, "password": PASSWORD})
    assert Page(client.get(reverse("console:home")).content.decode()).language == "en"
    client.post(reverse("account_logout"))
    assert Page(client.get(sign_in).content.decode()).language == "en"
    assert client.cookies["hatobin_language"]["max-age"] > 300 * 24 * 3600


def test_the_switch_leads_nowhere_else() -> None:
    client = Client()
    away = {"language": "en", "next": "https://elsewhere.example/"}
    assert "elsewhere" not in client.post(reverse("set_language"), away)["Location"]
