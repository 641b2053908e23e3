"""Mail services and direct roads as an owner meets them: chosen in plain words, filled in, tested, changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.doubles.mail_service import MailService
from tests.factories import make_actor, make_identity
from tests.integration.console.asks import japanese
from tests.integration.console.desk import beside, words_of

from hatobin.accounts.models import Workspace
from hatobin.delivery.models import Egress, EgressKind
from hatobin.intake.sink import SinkOptions, SinkThread

pytestmark = pytest.mark.django_db

SECRET = "himitsu-no-kagi"
SAMPLES = Path(__file__).parents[2] / "samples" / "providers"
NEW = "/settings/roads/new/"


@pytest.fixture
def server(settings: Any) -> Iterator[MailService]:
    with MailService() as service:
        settings.HATOBIN = settings.HATOBIN.model_copy(update={"mail_service_url": service.url})
        yield service


def plays(server: MailService, *names: str) -> None:
    recorded = json.loads((SAMPLES / "mailgun.json").read_text())
    server.answers = [recorded[name] for name in names]


def mailgun(**changes: str) -> dict[str, str]:
    return {
        "name": "Mailgun",
        "settings.domain": "mg.example.jp",
        "settings.region": "eu",
        "credentials.api_key": SECRET,
    } | changes


def direct(*rows: tuple[str, str, str], **changes: str) -> dict[str, str]:
    """Rows of (server name, address, share)."""
    body = {"name": "Direct", "tls": "opportunistic", "source-TOTAL_FORMS": str(len(rows)),
            "source-INITIAL_FORMS": "0"}  # fmt: skip
    for n, values in enumerate(rows):
        for name, value in zip(("ehlo_name", "address", "weight"), values, strict=True):
            body[f"source-{n}-{name}"] = value
    return body | changes


def stored(workspace: Workspace, kind: str = EgressKind.DIRECT) -> Egress:
    return Egress.objects.of(workspace.pk).get(kind=kind)


def test_the_kinds_are_offered_in_plain_words(owner: Client) -> None:
    said = words_of(owner.get(NEW))
    for words in ("By your organisation's or provider's mail server", "By a mail service (API)", "Amazon SES",
                  "Postmark", "Directly from this server", "port 25"):  # fmt: skip
        assert words in said
    assert "会社や契約先のメールサーバーを通す" in words_of(japanese(owner).get(NEW))
    assert owner.get(f"{NEW}service/hatomail/").status_code == 404


def test_a_mail_service_asks_for_its_own_fields(owner: Client) -> None:
    page = owner.get(f"{NEW}service/amazon-ses/").content.decode()
    for name in ("settings.region", "credentials.secret_access_key", "settings.configuration_set"):
        assert f'name="{name}"' in page
    assert page.count('type="password"') == 2
    answer = owner.post(f"{NEW}service/amazon-ses/", {"name": "SES"})
    assert beside(answer, "id_settings.region")
    assert beside(answer, "id_credentials.access_key_id")
    assert "settings.domain" not in page


def test_a_key_is_tested_saved_without_typing_and_never_shown(
    owner: Client, workspace: Workspace, server: MailService
) -> None:
    plays(server, "probe")
    answer = owner.post(f"{NEW}service/mailgun/", mailgun(test="1"))
    assert "The mail service answers and accepts the key." in words_of(answer)
    assert "not saved yet" in words_of(answer)
    assert SECRET not in answer.content.decode()

    saved = owner.post(f"{NEW}service/mailgun/", mailgun(**{"credentials.api_key": ""}))
    assert saved.status_code == 302
    row = stored(workspace, EgressKind.PROVIDER)
    assert row.settings == {"domain": "mg.example.jp", "region": "eu"}
    assert SECRET.encode() not in bytes(row.sealed_credentials or b"")
    page = f"/settings/roads/{row.pk}/"
    assert SECRET not in owner.get(page).content.decode()
    assert "mg.example.jp" in owner.get(page).content.decode()

    changed = owner.post(page, mailgun(name="Renamed", **{"credentials.api_key": ""}))
    assert changed.status_code == 302
    plays(server, "probe")
    tested = owner.post(f"{page}test/")
    assert "accepts the key" in words_of(tested)
    again = owner.post(f"{NEW}service/mailgun/", mailgun(**{"credentials.api_key": ""}))
    assert beside(again, "id_credentials.api_key"), "what was tested served once"


def test_a_key_that_is_wrong_is_said_to_and_forgotten(owner: Client, server: MailService) -> None:
    plays(server, "bad-key")
    said = words_of(owner.post(f"{NEW}service/mailgun/", mailgun(test="1")))
    assert "The mail service does not accept the key." in said
    assert "Sign in: failed" in said
    kept = owner.post(f"{NEW}service/mailgun/", mailgun(**{"credentials.api_key": ""}))
    assert beside(kept, "id_credentials.api_key")
    plays(server, "bad-key")
    said = words_of(japanese(owner).post(f"{NEW}service/mailgun/", mailgun(test="1")))
    assert "キーを受け付けません" in said


def test_what_does_not_belong_into_a_key_is_refused_at_its_field(owner: Client) -> None:
    answer = owner.post(f"{NEW}service/mailgun/", mailgun(**{"credentials.api_key": "a b"}))
    assert "characters that do not belong here" in beside(answer, "id_credentials.api_key")
    answer = owner.post(f"{NEW}service/mailgun/", mailgun(**{"settings.domain": "a/b"}))
    assert beside(answer, "id_settings.domain")


def test_a_direct_road_with_one_more_address(owner: Client, workspace: Workspace) -> None:
    first = ("mail1.office.example", "", "")
    page = owner.post(f"{NEW}direct/", direct(first, more="1")).content.decode()
    assert 'value="mail1.office.example"' in page
    assert 'name="source-1-address"' in page
    assert 'value="Direct"' in page
    assert "Problem" not in page

    rows = (("mail1.office.example", "203.0.113.6", "2"), ("", "", "1"),
            ("mail2.office.example", "203.0.113.7", "1"))  # fmt: skip
    answer = owner.post(f"{NEW}direct/", direct(*rows), follow=True)
    assert "does not have the address 203.0.113.6, 203.0.113.7" in words_of(answer)
    row = stored(workspace)
    assert [(each["address"], each["weight"]) for each in row.sources] == [
        ("203.0.113.6", 2),
        ("203.0.113.7", 1),
    ]
    shown = owner.get(f"/settings/roads/{row.pk}/").content.decode()
    assert 'value="203.0.113.7"' in shown


def test_what_is_wrong_with_an_address_stands_in_its_row(owner: Client) -> None:
    rows = (("", "", "1"), ("mail.office.example", "203.0.113.6", "1"), ("mail", "203.0.113.7", "x"))  # fmt: skip
    wrong = owner.post(f"{NEW}direct/", direct(*rows))
    assert beside(wrong, "id_source-2-weight")
    answer = owner.post(f"{NEW}direct/", direct(rows[0], rows[1], ("mail", "203.0.113.7", "1")))
    assert "not the full name of a server" in beside(answer, "id_source-2-ehlo_name")
    empty = owner.post(f"{NEW}direct/", direct(("", "", "1")))
    assert "Name at least one address to send from." in words_of(empty)
    odd = owner.post(f"{NEW}direct/", {"name": "x", "more": "1", "source-TOTAL_FORMS": "-1"})
    assert odd.status_code == 200


def test_a_direct_road_is_tried_from_the_list_and_before_saving(
    owner: Client, workspace: Workspace
) -> None:
    make_identity(make_actor(workspace, email="carol@office.example"), "news@office.example")
    with SinkThread(SinkOptions()) as sink:
        owner.post(f"{NEW}direct/", direct(("mail.office.example", "", "1")))
        row = stored(workspace)
        Egress.objects.of(workspace.pk).filter(pk=row.pk).update(host="127.0.0.1", port=sink.port)
        page = f"/settings/roads/{row.pk}/"
        said = words_of(owner.post(f"{page}test/", {"to": "hanako@example.jp"}))
        assert "The destination's mail server talks to this machine." in said
        assert "Connect: done" in said
        wrong = owner.post(f"{page}test/", {"to": "who?"})
        assert "neither a mail address nor a domain" in words_of(wrong)
        trial = {"trial_host": "127.0.0.1", "trial_port": str(sink.port)}
        form = direct(("mail.office.example", "", "1"), test="1", to="hanako@example.jp", **trial)
        assert "talks to this machine" in words_of(owner.post(page, form))
        assert "neither a mail" in beside(owner.post(page, form | {"to": "who?"}), "id_to")
        # The form says so.
        assert f"127.0.0.1:{sink.port}" in words_of(owner.get(page))
        kept = direct(("mail.office.example", "", "1"), **trial)
        assert owner.post(page, kept).status_code == 302
        assert stored(workspace).port == sink.port
        assert not sink.envelopes


def test_a_fall_back_is_chosen_among_the_others_and_never_the_sandbox(
    owner: Client, workspace: Workspace
) -> None:
    assert "fallback_id" not in owner.get(f"{NEW}direct/").content.decode()
    owner.post(f"{NEW}service/mailgun/", mailgun())
    service = stored(workspace, EgressKind.PROVIDER)
    sandbox = stored(workspace, EgressKind.SANDBOX)
    page = owner.get(f"{NEW}direct/").content.decode()
    assert f'<option value="{service.pk}">' in page
    assert str(sandbox.pk) not in page
    rows = ("mail.office.example", "", "1")
    owner.post(f"{NEW}direct/", direct(rows, fallback_id=str(service.pk)))
    row = stored(workspace)
    assert row.fallback_id == service.pk
    assert "If it does not work: Mailgun" in words_of(owner.get("/settings/roads/"))
    circle = owner.post(f"/settings/roads/{service.pk}/", mailgun(fallback_id=str(row.pk)))
    assert "lead in a circle" in beside(circle, "id_fallback_id")
    mixed = owner.post(f"/settings/roads/{row.pk}/", direct(rows, fallback_id=str(sandbox.pk)))
    assert beside(mixed, "id_fallback_id")
    kept = owner.post(f"/settings/roads/{service.pk}/delete/", follow=True)
    assert "falls back to it" in words_of(kept)
    owner.post(f"/settings/roads/{row.pk}/", direct(rows, fallback_id=""))
    assert stored(workspace).fallback_id is None


def test_the_sandbox_has_no_form(owner: Client, workspace: Workspace) -> None:
    sandbox = stored(workspace, EgressKind.SANDBOX)
    answer = owner.get(f"/settings/roads/{sandbox.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/settings/roads/")


def test_limits_and_the_trial_of_a_direct_way_are_set_under_more(
    owner: Client, workspace: Workspace
) -> None:
    form = direct(("mail.office.example", "", "1"), connections="7", messages_per_connection="9")
    wrong = owner.post(f"{NEW}direct/", form | {"trial_host": "a b"})
    assert beside(wrong, "id_trial_host")
    assert '<details class="disclosure" open>' in wrong.content.decode()
    trial = form | {"trial_host": "trial.example.jp", "trial_port": "2525"}
    assert owner.post(f"{NEW}direct/", trial).status_code == 302
    row = stored(workspace)
    assert (row.connections, row.messages_per_connection) == (7, 9)
    assert (row.host, row.port) == ("trial.example.jp", 2525)
    page = owner.get(f"/settings/roads/{row.pk}/").content.decode()
    assert 'value="trial.example.jp"' in page
    assert '<details class="disclosure" open>' in page
    empty = {"trial_host": "", "connections": "", "messages_per_connection": ""}
    assert owner.post(f"/settings/roads/{row.pk}/", form | empty).status_code == 302
    row = stored(workspace)
    assert (row.host, row.connections, row.messages_per_connection) == ("", 7, 9)


def test_a_mail_service_takes_a_number_of_connections(owner: Client, workspace: Workspace) -> None:
    form = mailgun(connections="3")
    assert owner.post(f"{NEW}service/mailgun/", form).status_code == 302
    row = stored(workspace, EgressKind.PROVIDER)
    assert row.connections == 3
    assert owner.post(f"/settings/roads/{row.pk}/", form | {"connections": "0"}).status_code == 200
    assert 'value="3"' in owner.get(f"/settings/roads/{row.pk}/").content.decode()


def test_a_relay_takes_its_limits(owner: Client, workspace: Workspace) -> None:
    page = owner.get(f"{NEW}relay/").content.decode()
    assert 'name="messages_per_connection"' in page
    form = {
        "name": "Relay", "host": "smtp.example.jp", "port": "587", "tls": "starttls", "username": "",
        "connections": "2", "messages_per_connection": "50",
    }  # fmt: skip
    assert owner.post(f"{NEW}relay/", form).status_code == 302
    row = stored(workspace, EgressKind.SMTP_RELAY)
    assert (row.connections, row.messages_per_connection) == (2, 50)
