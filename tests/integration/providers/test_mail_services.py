"""Letters handed to mail services, whose recorded answers a server on this machine plays."""

from __future__ import annotations

import base64
import email
import json
import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.doubles.mail_service import MailService
from tests.doubles.ports import free_port

from hatobin.delivery.egress.providers import (
    PROVIDERS,
    HttpTimeouts,
    ProviderClient,
    ProviderReply,
    client_for,
)
from hatobin.wire.address import Address, parse_address
from hatobin.wire.mime import Letter, compose

SAMPLES = Path(__file__).parents[2] / "samples" / "providers"
VALUES = {
    "amazon-ses": {
        "region": "ap-northeast-1",
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "secret_access_key": "himitsu-no-kagi",
    },
    "sendgrid": {"api_key": "SG.himitsu-no-kagi"},
    "mailgun": {"api_key": "himitsu-no-kagi", "domain": "mg.sakura-city.example"},
    "postmark": {"server_token": "himitsu-no-kagi", "message_stream": "broadcast"},
    "brevo": {"api_key": "xkeysib-himitsu-no-kagi"},
}
SERVICES = sorted(VALUES)
IN_PARTS = ("brevo", "postmark", "sendgrid")
HANAKO = parse_address("hanako@example.jp")
KEY = "5f0d3f1e-0c7e-4e52-9a3c-1e6f5a3b7c2d"
LINK = "https://hatobin.example/u/" + "a1B2" * 30
TIMEOUTS = HttpTimeouts(connect=1.0, answer=1.0, whole_answer=3)


def answers(service: str) -> dict[str, Any]:
    return dict(json.loads((SAMPLES / f"{service}.json").read_text()))


def letter(to: Address = HANAKO, text: str = "山田 花子 様\n\nこんにちは。\n") -> bytes:
    return compose(
        Letter(
            from_display="さくら市 広報課",
            from_address=parse_address("kouhou@sakura-city.example"),
            reply_to=parse_address("henji@sakura-city.example"),
            to=to,
            to_display="山田 花子",
            subject="秋まつりのお知らせ、そのほかたくさんのことについて長く書いた件名",
            text=text,
            html="<p>山田 花子 様</p>",
            date=datetime(2026, 11, 24, 5, 5, tzinfo=UTC),
            message_id="<5f0d3f1e.1@sakura-city.example>",
            unsubscribe_url=LINK,
            feedback_id="aki:letter:hatobin:sakura",
        )
    )


@pytest.fixture
def server() -> Iterator[MailService]:
    with MailService() as service:
        yield service


def client(name: str, server: MailService, **more: Any) -> ProviderClient:
    return client_for(name, VALUES[name], api_url=server.url, timeouts=TIMEOUTS, **more)


def sent(name: str, server: MailService, *played: dict[str, Any] | str) -> ProviderReply:
    server.answers = list(played)
    made = client(name, server)
    reply = made.send("verp+1@sakura-city.example", HANAKO, letter(), KEY)
    made.close()
    return reply


def test_every_service_has_recorded_answers() -> None:
    assert sorted(PROVIDERS) == SERVICES == sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.mark.parametrize("name", SERVICES)
def test_an_accepted_letter_has_the_name_that_the_service_gave_it(
    name: str, server: MailService
) -> None:
    played = answers(name)["accepted"]

    reply = sent(name, server, played)

    assert (reply.outcome, reply.code) == ("accepted", "")
    assert reply.message_id
    assert reply.message_id in json.dumps(played)
    assert len(server.asked) == 1


CASES = [
    ("bad-recipient", "refused", "bad-address"),
    ("inactive-recipient", "refused", "refused"),
    ("inactive-in-passing", "refused", "refused"),
    ("policy", "refused", "policy"),
    ("too-large", "refused", "too-large"),
    ("bad-key", "road", "key-refused"),
    ("no-permission", "road", "no-permission"),
    ("bad-sender", "road", "sender-refused"),
    ("no-credit", "road", "out-of-credit"),
    ("unknown-domain", "road", "domain-unknown"),
    ("not-the-api", "road", "not-the-service"),
    ("paused", "road", "account-paused"),
    ("throttled", "throttled", "throttled"),
    ("trouble", "road", "service-trouble"),
    ("busy", "road", "service-trouble"),
    ("unknown-refusal", "later", "request-refused"),
    ("gateway", "in-doubt", "gateway"),
    ("unreadable", "in-doubt", "unreadable"),
]


RECORDED = [(name, *case) for name in SERVICES for case in CASES if case[0] in answers(name)]


@pytest.mark.parametrize(("name", "case", "outcome", "code"), RECORDED)
def test_a_recorded_answer_means(
    name: str, case: str, outcome: str, code: str, server: MailService
) -> None:
    reply = sent(name, server, answers(name)[case])

    assert (reply.outcome, reply.code) == (outcome, code)
    assert "hanako" not in reply.words
    assert reply.message_id == ""


@pytest.mark.parametrize("name", SERVICES)
def test_a_crash_that_says_nothing_never_loses_or_accepts_a_letter(
    name: str, server: MailService
) -> None:
    assert sent(name, server, answers(name)["crash"]).outcome in {"in-doubt", "road"}


@pytest.mark.parametrize(
    ("name", "code"), [("amazon-ses", "trial-account"), ("mailgun", "account-paused"),
                       ("postmark", "account-paused"), ("brevo", "account-paused")],
)  # fmt: skip
def test_an_account_on_trial_is_the_roads_trouble_not_the_persons(
    name: str, code: str, server: MailService
) -> None:
    reply = sent(name, server, answers(name)["on-trial"])

    assert (reply.outcome, reply.code) == ("road", code)


@pytest.mark.parametrize("name", SERVICES)
def test_a_throttle_says_how_long_to_wait(name: str, server: MailService) -> None:
    assert sent(name, server, answers(name)["throttled"]).retry_after == timedelta(seconds=30)


def test_sendgrid_says_when_its_limit_begins_anew(server: MailService) -> None:
    played = answers("sendgrid")["throttled"]
    at = datetime.now(UTC) + timedelta(seconds=45)
    played["headers"] = {"X-RateLimit-Reset": str(int(at.timestamp()))}

    wait = sent("sendgrid", server, played).retry_after

    assert wait is not None
    assert timedelta(seconds=35) < wait <= timedelta(seconds=46)


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("how", ["silent", "hang-up", "half"])
def test_a_request_that_went_out_and_got_no_answer_is_in_doubt(
    name: str, how: str, server: MailService
) -> None:
    reply = sent(name, server, how)

    assert reply.outcome == "in-doubt"
    assert reply.code in {"timeout", "closed", "unreadable"}
    assert len(server.asked) == (2 if name == "brevo" else 1)


@pytest.mark.parametrize("name", SERVICES)
def test_a_request_that_did_not_go_out_whole_is_certainly_not_carried_out(
    name: str, server: MailService
) -> None:
    server.answers = ["deaf"]
    long_letter = letter(text="長い手紙。" * 600_000)

    reply = client(name, server).send("", HANAKO, long_letter, KEY)

    assert (reply.outcome, reply.code) == ("road", "timeout")
    assert server.asked == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_cannot_be_reached_is_the_roads_trouble(name: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    made = client_for(name, VALUES[name], api_url=url, timeouts=TIMEOUTS)

    reply = made.send("", HANAKO, letter(), KEY)

    assert (reply.outcome, reply.code) == ("road", "refused")


@pytest.mark.parametrize("name", SERVICES)
def test_a_letter_that_is_not_wanted_any_more_when_there_is_a_connection_stays(
    name: str, server: MailService
) -> None:
    server.answers = [answers(name)["accepted"]]
    made = client(name, server)
    asked = []

    def not_now() -> bool:
        asked.append(True)
        return False

    assert made.send("", HANAKO, letter(), KEY, not_now).outcome == "stopped"
    assert asked == [True]
    assert not any(each.body for each in server.asked), "a head without its body is no request"
    assert made.send("", HANAKO, letter(), KEY, lambda: True).outcome == "accepted"
    made.close()


def test_brevo_is_asked_once_more_with_the_same_key_after_silence(server: MailService) -> None:
    recorded = answers("brevo")

    reply = sent("brevo", server, "hang-up", recorded["accepted"])

    first, second = (each.json["headers"]["idempotencyKey"] for each in server.asked)
    assert first == second
    assert reply.outcome == "accepted"


def test_brevo_knowing_the_request_already_means_that_it_was_accepted(server: MailService) -> None:
    reply = sent("brevo", server, "hang-up", answers("brevo")["duplicate"])

    assert (reply.outcome, reply.message_id) == ("accepted", "")


@pytest.mark.parametrize("second", ["throttled", "bad-recipient", "trouble"])
def test_brevo_refusing_the_second_time_leaves_the_first_in_doubt(
    second: str, server: MailService
) -> None:
    assert sent("brevo", server, "hang-up", answers("brevo")[second]).outcome == "in-doubt"


def test_another_attempt_with_brevo_is_not_taken_for_a_repeated_one(server: MailService) -> None:
    recorded = answers("brevo")
    server.answers = [recorded["throttled"], recorded["accepted"]]
    made = client("brevo", server)

    outcomes = [made.send("", HANAKO, letter(), KEY).outcome for _ in range(2)]

    keys = {each.json["headers"]["idempotencyKey"] for each in server.asked}
    assert outcomes == ["throttled", "accepted"]
    assert len(keys) == 2


def test_amazon_ses_gets_the_composed_bytes_and_one_recipient(server: MailService) -> None:
    sent("amazon-ses", server, answers("amazon-ses")["accepted"])

    asked = server.asked[0]
    assert asked.line == "POST /v2/email/outbound-emails HTTP/1.1"
    assert base64.b64decode(asked.json["Content"]["Raw"]["Data"]) == letter()
    assert asked.json["Destination"] == {"ToAddresses": ["hanako@example.jp"]}
    assert asked.json["EmailTags"] == [{"Name": "hatobin", "Value": KEY}]


def test_mailgun_gets_the_composed_bytes_and_one_recipient(server: MailService) -> None:
    sent("mailgun", server, answers("mailgun")["accepted"])

    asked = server.asked[0]
    form = email.message_from_bytes(
        b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body
    )
    parts = {str(part.get_param("name", header="content-disposition")): part for part in
             form.get_payload() if not isinstance(part, str)}  # fmt: skip
    assert asked.line == "POST /mg.sakura-city.example/messages.mime HTTP/1.1"
    assert letter() in asked.body
    assert parts["to"].get_payload() == "hanako@example.jp"
    assert parts["v:hatobin"].get_payload() == KEY
    assert {parts[f"o:{each}"].get_payload() for each in
            ("tracking", "tracking-clicks", "tracking-opens")} == {"no"}  # fmt: skip


def headers_of(name: str, asked: Any) -> dict[str, str]:
    if name == "postmark":
        return {each["Name"].lower(): each["Value"] for each in asked["Headers"]}
    return {field.lower(): value for field, value in asked["headers"].items()}


@pytest.mark.parametrize("name", IN_PARTS)
def test_a_service_that_takes_parts_gets_our_header_fields_as_they_are(
    name: str, server: MailService
) -> None:
    sent(name, server, answers(name)["accepted"])

    found = headers_of(name, server.asked[0].json)
    assert found["message-id"] == "<5f0d3f1e.1@sakura-city.example>"
    assert found["list-unsubscribe"] == f"<{LINK}>"
    assert found["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert found["feedback-id"] == "aki:letter:hatobin:sakura"
    assert not {"to", "cc", "bcc", "from", "subject", "date", "content-type"} & set(found)


def test_postmark_gets_one_person_both_bodies_and_nothing_tracked(server: MailService) -> None:
    sent("postmark", server, answers("postmark")["accepted"])

    asked = server.asked[0].json
    assert email.utils.parseaddr(asked["To"])[1] == "hanako@example.jp"
    assert "Cc" not in asked
    assert "Bcc" not in asked
    assert asked["TextBody"].startswith("山田 花子 様")
    assert "山田 花子 様" in asked["HtmlBody"]
    assert asked["Subject"].startswith("秋まつりのお知らせ")
    assert (asked["TrackOpens"], asked["TrackLinks"]) == (False, "None")
    assert asked["Metadata"] == {"hatobin": KEY}
    assert asked["MessageStream"] == "broadcast"
    assert headers_of("postmark", asked)["x-pm-keepid"] == "true"
    assert server.asked[0].headers["x-postmark-server-token"] == "himitsu-no-kagi"


def test_sendgrid_gets_one_person_both_bodies_and_nothing_tracked(server: MailService) -> None:
    sent("sendgrid", server, answers("sendgrid")["accepted"])

    asked = server.asked[0].json
    assert asked["personalizations"] == [
        {"to": [{"email": "hanako@example.jp", "name": "山田 花子"}]}
    ]
    assert asked["from"] == {"email": "kouhou@sakura-city.example", "name": "さくら市 広報課"}
    assert asked["reply_to_list"] == [{"email": "henji@sakura-city.example"}]
    assert [each["type"] for each in asked["content"]] == ["text/plain", "text/html"]
    assert {each["enable"] for each in asked["tracking_settings"].values()} == {False}
    assert set(asked["tracking_settings"]) == {
        "click_tracking",
        "open_tracking",
        "subscription_tracking",
    }
    assert asked["custom_args"] == {"hatobin": KEY}


def test_brevo_gets_one_person_and_both_bodies(server: MailService) -> None:
    sent("brevo", server, answers("brevo")["accepted"])

    asked = server.asked[0].json
    assert asked["to"] == [{"email": "hanako@example.jp", "name": "山田 花子"}]
    assert asked["sender"]["email"] == "kouhou@sakura-city.example"
    assert asked["textContent"].startswith("山田 花子 様")
    assert "山田" in asked["htmlContent"]
    assert json.loads(asked["headers"]["X-Mailin-custom"]) == {"hatobin": KEY}


@pytest.mark.parametrize("name", IN_PARTS)
@pytest.mark.parametrize("field", ["Cc", "Bcc", "To", "Resent-To"])
def test_a_letter_that_names_another_person_is_never_handed_over(
    name: str, field: str, server: MailService
) -> None:
    server.answers = [answers(name)["accepted"]]
    tampered = f"{field}: taro@example.jp\r\n".encode() + letter()

    with pytest.raises(ValueError, match="not its recipient"):
        client(name, server).send("", HANAKO, tampered, KEY)
    assert server.asked == []


@pytest.mark.parametrize("name", SERVICES)
def test_an_address_that_needs_utf8_is_refused_without_asking(
    name: str, server: MailService
) -> None:
    hana = parse_address("花子@example.jp")

    reply = client(name, server).send("", hana, letter(to=hana), KEY)

    assert (reply.outcome, reply.code) == ("refused", "needs-utf8")
    assert server.asked == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_carrier_address_of_old_times_is_asked_for_as_it_is(
    name: str, server: MailService
) -> None:
    old = parse_address("foo..bar.@docomo.ne.jp")
    server.answers = [answers(name)["accepted"]]

    reply = client(name, server).send("", old, letter(to=old), KEY)

    assert reply.outcome == "accepted"
    body = unquote(server.asked[0].body.decode("utf-8", "replace")).replace("\\", "")
    assert re.search(r'\bfoo\.\.bar\."?@docomo\.ne\.jp', body)


@pytest.mark.parametrize("name", SERVICES)
def test_threads_share_connections_and_none_gets_the_answer_of_another(
    name: str, server: MailService
) -> None:
    server.answers = [answers(name)["accepted"]]
    made = client(name, server, connections=4)
    replies: list[ProviderReply] = []

    def work() -> None:
        for _ in range(10):
            replies.append(made.send("", HANAKO, letter(), KEY))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=30)

    assert [reply.outcome for reply in replies] == ["accepted"] * 40
    assert len(server.asked) == 40
    assert len({each.connection for each in server.asked}) <= 4


@pytest.mark.parametrize("name", SERVICES)
def test_the_logs_hold_neither_key_nor_person_nor_letter(
    name: str, server: MailService, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = answers(name)
    with caplog.at_level(logging.DEBUG):
        for case in ("accepted", "bad-recipient", "bad-key", "crash"):
            sent(name, server, recorded[case])
        sent(name, server, "hang-up")

    for secret in ("himitsu", "hanako", "花子", "AKIA"):
        assert secret not in caplog.text


@pytest.mark.parametrize("name", SERVICES)
def test_the_check_asks_with_the_key_and_sends_to_nobody(name: str, server: MailService) -> None:
    server.answers = [answers(name)["probe"]]

    reply = client(name, server).check("kouhou@sakura-city.example")

    assert (reply.outcome, reply.code) == ("accepted", "")
    asked = server.asked[0]
    assert asked.line.startswith("GET ") or b"o:testmode" in asked.body
    assert b"hanako" not in asked.body


@pytest.mark.parametrize("name", SERVICES)
def test_the_check_tells_a_wrong_key(name: str, server: MailService) -> None:
    server.answers = [answers(name)["bad-key"]]

    reply = client(name, server).check("")

    assert (reply.outcome, reply.code) == ("road", "key-refused")


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("how", ["silent", "hang-up"])
def test_a_check_without_an_answer_is_trouble_not_doubt(
    name: str, how: str, server: MailService
) -> None:
    server.answers = [how]

    assert client(name, server).check("").outcome == "road"


@pytest.mark.parametrize(
    ("name", "case", "code"),
    [
        ("sendgrid", "probe-without-right", "no-permission"),
        ("amazon-ses", "probe-on-trial", "trial-account"),
    ],
)
def test_the_check_tells_a_key_that_may_not_do_enough(
    name: str, case: str, code: str, server: MailService
) -> None:
    server.answers = [answers(name)[case]]

    reply = client(name, server).check("")

    assert (reply.outcome, reply.code) == ("road", code)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"amazon-ses"}))
def test_a_redirect_is_not_followed(name: str, server: MailService) -> None:
    away = {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "body": ""}

    reply = sent(name, server, away)

    assert (reply.outcome, reply.code) == ("road", "not-the-service")
    assert len(server.asked) == 1
