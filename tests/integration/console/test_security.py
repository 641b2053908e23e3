"""What every answer carries, and what the house refuses at the door."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from tests.factories import make_actor, make_owner, make_workspace, user_of
from tests.integration.campaigns.stage import make_stage
from tests.integration.console.asks import asks, browser_of
from tests.integration.console.desk import words_of
from tests.integration.console.office import Office, make_office

from hatobin.accounts.models import Member
from hatobin.config.env import Settings
from hatobin.config.middleware import POLICY
from hatobin.delivery.sandbox import services as sandbox

pytestmark = pytest.mark.django_db

LETTER = (
    b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p style='color:red'>hello</p><script>alert(1)</script><img src='https://t.example/p.gif'>\r\n"
)


@pytest.fixture
def office() -> Office:
    return make_office("en")


def directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


def test_every_page_is_strict_unframed_uncached_and_tells_nobody_where_it_led(
    office: Office,
) -> None:
    owner = browser_of(office.owner)
    seen = 0
    for ask in asks(office):
        answer = ask.by(owner)
        if answer.status_code == 405:
            continue
        policy = directives(answer["Content-Security-Policy"])
        assert policy["default-src"] in (["'self'"], ["'none'"]), ask.key
        scripts = policy.get("script-src", policy["default-src"])
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & set(scripts), ask.key
        if "sandbox" not in policy:
            assert "unsafe" not in answer["Content-Security-Policy"], ask.key
            assert policy["frame-ancestors"] == ["'none'"], ask.key
            assert answer["X-Frame-Options"] == "DENY", ask.key
        assert "no-store" in answer["Cache-Control"], ask.key
        assert answer["X-Content-Type-Options"] == "nosniff", ask.key
        assert answer["Referrer-Policy"] == "same-origin", ask.key
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", ask.key
        assert "camera=()" in answer["Permissions-Policy"], ask.key
        seen += 1
    assert seen > 60


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/setup/x", "/invitation/x", "/nothing", "/healthz", "/api/v1/lists"]
)
def test_so_are_the_pages_of_strangers(path: str) -> None:
    answer = Client().get(path)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"


def test_no_page_needs_what_the_policy_forbids(office: Office) -> None:
    owner = browser_of(office.owner)
    for ask in asks(office):
        if ask.method != "GET" or "html" in ask.name:
            continue
        answer = ask.by(owner)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), ask.key
        assert not re.search(r"<[^>]+\s(?:style|on\w+)=[\"']", page), ask.key
        for address in re.findall(r"(?:src|href)=\"([a-z]+:[^\"]*)\"", page):
            assert address.startswith(("mailto:", "tel:", "https://", "about:blank")), (
                ask.key,
                address,
            )
        loaded = re.findall(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", page)
        assert all(each.startswith(("/", "about:blank")) for each in loaded), ask.key


def test_a_letter_is_framed_by_our_own_pages_only_and_can_do_nothing_there() -> None:
    stage = make_stage()
    kept = sandbox.store(stage.workspace.pk, "a@example.jp", ["b@example.jp"], "x", LETTER)
    client = browser_of(user_of(stage.alice))
    page = client.get(f"/sandbox/{kept.pk}/").content.decode()
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame
    assert f'src="/sandbox/{kept.pk}/html"' in frame.group(0)
    assert re.search(r"\ssandbox(\s|>|=\"\")", frame.group(0)), "nothing is allowed in it"

    for path in (f"/sandbox/{kept.pk}/html", f"/letters/{stage.draft().id}/preview.html"):
        shown = client.get(path)
        assert shown.status_code == 200, path
        assert shown["X-Frame-Options"] == "SAMEORIGIN"
        policy = directives(shown["Content-Security-Policy"])
        assert policy["frame-ancestors"] == ["'self'"]
        assert policy["sandbox"] == []
        assert policy["default-src"] == ["'none'"]
        assert "script-src" not in policy
        assert "https:" not in shown["Content-Security-Policy"], "no picture is fetched"


def test_cookies_are_kept_from_scripts_and_other_sites() -> None:
    make_owner(make_workspace())
    client = Client()
    client.get("/sign-in/")
    client.post("/theme/", {"theme": "dark", "next": "/"})
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    client.post("/sign-in/", {"login": "hanako@office.example", "password": "hato-no-yubin-810"})
    names = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert {*names, "hatobin_theme", "hatobin_language"} == set(client.cookies)
    for name, cookie in client.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["path"] == "/", name


def test_with_https_cookies_are_secure_and_browsers_are_told_to_stay_there() -> None:
    """Settings are read once, so a second process is asked."""
    script = (
        "import django, json; from django.conf import settings as s; django.setup();"
        "from django.test import Client; r = Client().get('/healthz',"
        " headers={'x-forwarded-proto': 'https', 'host': 'mail.example.jp'});"
        "print(json.dumps([s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE,"
        "s.SESSION_COOKIE_NAME, r['Strict-Transport-Security'], s.ALLAUTH_TRUSTED_PROXY_COUNT]))"
    )
    environment = {"HATOBIN_BASE_URL": "https://mail.example.jp", "HATOBIN_LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=_environment() | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == (
        '[true, true, true, "__Host-hatobin_session", "max-age=31536000", 1]'
    )


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "DJANGO_SETTINGS_MODULE": "hatobin.config.settings"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8010", "localhost.evil.example"])
def test_a_strange_host_is_answered_with_nothing(host: str) -> None:
    answer = Client(raise_request_exception=False).get("/sign-in/", headers={"host": host})
    assert answer.status_code == 400
    assert host not in answer.content.decode()


def test_a_post_from_another_site_is_refused_in_both_languages() -> None:
    owner = make_owner(make_workspace())
    for language, words in (("en", "Nothing was changed"), ("ja", "変更")):
        client = Client(enforce_csrf_checks=True)
        client.force_login(owner)
        client.cookies["hatobin_language"] = language
        answer = client.post("/letters/new/", {"name": "x"})
        assert answer.status_code == 403
        assert words in words_of(answer)
        client.get("/letters/new/")
        token = client.cookies[settings.CSRF_COOKIE_NAME].value
        foreign = client.post(
            "/letters/new/",
            {"name": "x", "csrfmiddlewaretoken": token},
            headers={"origin": "https://evil.example"},
        )
        assert foreign.status_code == 403
        own = client.post(
            "/letters/new/",
            {"name": "x", "csrfmiddlewaretoken": token},
            headers={"origin": "http://testserver"},
        )
        assert own.status_code == 302


def test_a_form_that_is_too_large_is_refused() -> None:
    owner = browser_of(make_owner(make_workspace()))
    text = "a@example.jp\n" * 500_000
    assert owner.post("/suppression/", {"addresses": text}).status_code in {400, 413}
    assert owner.post("/suppression/", {"addresses": "a@example.jp\n" * 20_000}).status_code == 200
    assert owner.get("/suppression/").context["page"].total == 0


def test_a_nul_in_any_query_string_is_refused_and_not_asked_of_the_database(
    office: Office,
) -> None:
    owner = browser_of(office.owner)
    pages = {ask.path.partition("?")[0] for ask in asks(office) if ask.method == "GET"}
    assert len(pages) > 20
    for page in pages:
        for query in ("who=%00", "q=a%00b", "state=%00", "list=%00", "%00=1"):
            answer = owner.get(f"{page}?{query}")
            assert answer.status_code == 400, (page, query)
            assert "cannot be read" in words_of(answer)


def test_a_file_above_the_limit_is_cut_off_and_said_so(
    settings: pytest.FixtureRequest,
) -> None:
    owner = browser_of(make_owner(make_workspace()))
    limit = settings.HATOBIN.upload_limit_mb * 1024 * 1024  # type: ignore[attr-defined]
    file = SimpleUploadedFile("big.csv", b"x" * (limit + 1))
    answer = owner.post("/lists/upload/", {"file": file})
    assert answer.status_code == 413
    assert "50" in words_of(answer)


def test_errors_are_pages_in_the_readers_language_with_a_way_on(office: Office) -> None:
    for language, way_on in (("en", "To the home page"), ("ja", "ホーム")):
        client = Client()
        client.cookies["hatobin_language"] = language
        answer = client.get("/nothing/like/this/")
        assert answer.status_code == 404
        assert way_on in words_of(answer)
        assert f'<html lang="{language}"' in answer.content.decode()
        assert 'href="/"' in answer.content.decode()


def test_the_client_behind_proxies_is_the_one_that_the_last_of_them_names() -> None:
    from allauth.core.internal.httpkit import get_client_ip

    request = RequestFactory().get("/", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.7"})
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0
    assert get_client_ip(request) == "127.0.0.1", "without a proxy the header is anybody's"
    assert Settings(base_url="https://a.example").proxy_count == 1
    assert Settings(base_url="http://a.example").proxy_count == 0
    assert Settings(base_url="https://a.example", trusted_proxies=2).proxy_count == 2


def test_the_policy_names_no_other_site() -> None:
    assert "http" not in POLICY
    assert directives(POLICY)["form-action"] == ["'self'"]
    assert directives(POLICY)["base-uri"] == ["'none'"]


def test_every_table_of_ours_names_its_workspace() -> None:
    from django.apps import apps

    # What lies above workspaces; and servers and policies, which are nobody's data.
    without = {"User", "Workspace", "SetupToken", "SenderNode", "Route", "LaneShare", "StsPolicy"}
    reached_through = {}
    for model in apps.get_models():
        if not model.__module__.startswith("hatobin.") or model.__name__ in without:
            continue
        names = {each.name for each in model._meta.get_fields()}
        if "workspace" not in names:
            reached_through[model.__name__] = names
    assert reached_through == {}


def test_ended_sessions_and_old_invitations_are_forgotten() -> None:
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    from hatobin.accounts.models import Invitation
    from hatobin.accounts.services import members, tidying

    workspace = make_workspace()
    owner = make_actor(workspace)
    client = browser_of(Member.objects.of(workspace.pk).get().user)
    assert client.get("/").status_code == 200
    assert tidying.forget_ended_sessions() == 0
    assert UserSession.objects.count() == 1
    Session.objects.update(expire_date="2020-01-01T00:00Z")
    assert tidying.forget_ended_sessions() == 1
    assert UserSession.objects.count() == 0

    members.invite(owner, email="a@office.example", role="viewer")
    assert tidying.forget_old_invitations() == 0
    Invitation.objects.of(workspace.pk).update(expires_at="2020-01-01T00:00Z")
    assert tidying.forget_old_invitations() == 1
