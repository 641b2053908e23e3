"""Ways of sending as an owner meets them: added, tested in plain words, made the default, removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from tests.doubles.ports import free_port
from tests.factories import make_actor, make_identity
from tests.integration.console.asks import browser_of, japanese
from tests.integration.console.desk import beside, words_of

from hatobin.accounts.models import User, Workspace
from hatobin.delivery.models import Egress, EgressKind
from hatobin.intake.sink import SinkOptions, SinkThread, parse_rule

pytestmark = pytest.mark.django_db

SECRET = "himitsu-no-aikotoba"


@pytest.fixture
def server() -> Iterator[SinkThread]:
    with SinkThread(SinkOptions(credentials={"hato": SECRET}, require_auth=True)) as sink:
        yield sink


def relay(**changes: object) -> dict[str, object]:
    return {"name": "R", "host": "127.0.0.1", "port": 1, "tls": "none", "username": ""} | changes


def tried(client: Client, **values: object) -> str:
    """What the screen says after "test the connection"."""
    answer = client.post("/settings/roads/new/relay/", relay(**values) | {"test": "1"})
    assert answer.status_code == 200
    page = answer.content.decode()
    found = re.search(r'<div class="banner (?:good|bad)" role=.*?</div>\s*</div>', page, re.S)
    assert found, words_of(answer)
    assert SECRET not in page
    return " ".join(re.sub(r"<[^>]+>", " ", found.group(0)).split())


def test_a_relay_that_answers_is_said_to(owner: Client, server: SinkThread) -> None:
    said = tried(owner, port=server.port, username="hato", password=SECRET)
    assert "Sign in: done" in said
    assert "not saved yet" in said
    assert "Sign in" not in tried(
        japanese(owner), port=server.port, username="hato", password=SECRET
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_wrong_with_a_relay_is_said_in_plain_words(
    hanako: User, server: SinkThread, language: str
) -> None:
    owner = browser_of(hanako)
    owner.cookies["hatobin_language"] = language
    said = {
        "wrong password": tried(owner, port=server.port, username="hato", password="wrong"),
        "no encryption": tried(owner, port=server.port, tls="starttls"),
        "not tls": tried(owner, port=server.port, tls="tls"),
        "no password": tried(owner, port=server.port),
        "wrong port": tried(owner, port=free_port()),
        "unknown host": tried(owner, host="mail.unknown.invalid", port=25),
    }
    assert len(set(said.values())) == len(said), "each has words of its own"
    for what, words in said.items():
        assert ("failed" if language == "en" else "失敗") in words, what
        for raw in ("Traceback", "SMTPAuth", "ConnectionRefused", "gaierror", "SSLError"):
            assert raw not in words, what
    if language == "en":
        assert "password" in said["wrong password"].lower()
        assert "encrypt" in said["no encryption"].lower() or "TLS" in said["no encryption"]
        assert "user name and password" in said["no password"]
        assert "port" in said["wrong port"].lower()
        assert "name" in said["unknown host"].lower()


def test_a_relay_that_refuses_our_sender_is_not_green(owner: Client, workspace: Workspace) -> None:
    """Without a sender the server is asked with the null one, which it need not take."""
    refusing = SinkOptions(rules=(parse_rule("mail=553 5.7.1 Not your address"),))
    with SinkThread(refusing) as sink:
        assert "accepts the settings" in tried(owner, port=sink.port)
        make_identity(make_actor(workspace, email="carol@office.example"))
        said = tried(owner, port=sink.port)
        assert "refuses letters from your sender address" in said
        assert "553 5.7.1 Not your address" in said
        assert "Ask whether it takes letters: failed" in said


@pytest.mark.parametrize(
    ("rule", "ok"),
    [
        ("rcpt=554 5.7.1 Relay access denied", False),
        ("rcpt=450 4.2.0 Greylisted", True),
        ("mail=close", False),
    ],
)
def test_a_server_that_refuses_only_the_recipient_wants_a_sign_in_where_it_offers_one(
    owner: Client, workspace: Workspace, rule: str, ok: bool
) -> None:
    make_identity(make_actor(workspace, email="carol@office.example"))
    with SinkThread(SinkOptions(credentials={"hato": SECRET}, rules=(parse_rule(rule),))) as sink:
        assert ("accepts the settings" in tried(owner, port=sink.port)) is ok
        assert not sink.envelopes


def test_opportunistic_encryption_takes_what_the_server_offers(owner: Client) -> None:
    with SinkThread(SinkOptions()) as plain:
        assert "Connect: done" in tried(owner, port=plain.port, tls="opportunistic")
    with SinkThread(SinkOptions(tls="starttls")) as encrypting:
        assert "Encrypt: done" in tried(owner, port=encrypting.port, tls="opportunistic")


def test_the_form_explains_each_way_of_encrypting_safest_first(owner: Client) -> None:
    page = owner.get("/settings/roads/new/relay/").content.decode()
    assert re.findall(r'name="tls" value="([a-z]+)"', page) == [
        "starttls",
        "tls",
        "opportunistic",
        "none",
    ]
    assert page.count("<small>") >= 4


def test_a_password_is_stored_sealed_kept_and_never_shown(
    owner: Client, workspace: Workspace, server: SinkThread
) -> None:
    values = relay(port=server.port, username="hato", password=SECRET)
    assert owner.post("/settings/roads/new/relay/", values).status_code == 302
    stored = Egress.objects.of(workspace.pk).get(kind=EgressKind.SMTP_RELAY)
    assert SECRET.encode() not in bytes(stored.sealed_password or b"")
    page = f"/settings/roads/{stored.pk}/"
    assert SECRET not in owner.get(page).content.decode()

    # An empty password keeps the stored one, and the stored one works.
    assert owner.post(page, values | {"password": "", "name": "Renamed"}).status_code == 302
    assert "accepts the settings" in words_of(owner.post(f"{page}test/"))

    # It never goes to another server than it was typed for.
    moved = owner.post(page, values | {"password": "", "host": "localhost"})
    assert beside(moved, "id_password")


def test_the_list_says_which_way_was_tested(owner: Client, workspace: Workspace) -> None:
    for name, port in (("First", free_port()), ("Second", free_port())):
        owner.post("/settings/roads/new/relay/", relay(name=name, port=port))
    second = Egress.objects.of(workspace.pk).get(name="Second")
    page = owner.post(f"/settings/roads/{second.pk}/test/").content.decode()
    rows = {
        row.partition("<")[0].strip(): row for row in re.split(r'<h2 id="road-[^"]*">', page)[1:]
    }
    assert "Second: It cannot be used" in rows["Second"]
    assert "cannot be used" not in rows["First"]


def test_a_password_that_was_tested_need_not_be_typed_again(
    owner: Client, workspace: Workspace, server: SinkThread
) -> None:
    values = relay(port=server.port, username="hato")
    tried(owner, **values, password=SECRET)
    assert "Sign in: done" in tried(owner, **values), "tested again without typing"
    for other in ({"host": "localhost"}, {"username": "other"}):
        assert beside(owner.post("/settings/roads/new/relay/", values | other), "id_password"), (
            other
        )

    assert owner.post("/settings/roads/new/relay/", values).status_code == 302
    stored = Egress.objects.of(workspace.pk).get(kind=EgressKind.SMTP_RELAY)
    assert "accepts the settings" in words_of(owner.post(f"/settings/roads/{stored.pk}/test/"))
    assert beside(owner.post("/settings/roads/new/relay/", values), "id_password"), "it served once"


def test_a_tested_password_is_forgotten_after_minutes_and_when_it_is_wrong(
    owner: Client, server: SinkThread
) -> None:
    values = relay(port=server.port, username="hato")
    tried(owner, **values, password="wrong")
    assert "Enter the password." in beside(
        owner.post("/settings/roads/new/relay/", values), "id_password"
    )

    tried(owner, **values, password=SECRET)
    session = owner.session
    session["tested_relay"]["until"] -= 601
    session.save()
    said = beside(owner.post("/settings/roads/new/relay/", values), "id_password")
    assert said == "Problem: Enter the password.", "a new relay has no stored password to speak of"


def test_the_default_way_goes_back_to_the_sandbox_when_its_relay_is_removed(
    owner: Client, workspace: Workspace
) -> None:
    owner.post("/settings/roads/new/relay/", relay(make_default="on"))
    made = Egress.objects.of(workspace.pk).get(kind=EgressKind.SMTP_RELAY)
    assert made.is_default
    owner.post(f"/settings/roads/{made.pk}/delete/")
    assert Egress.objects.of(workspace.pk).get(is_default=True).kind == EgressKind.SANDBOX
    assert owner.get(f"/settings/roads/{made.pk}/").status_code == 404
