"""``hatobin egress``: ways of sending without a browser; secrets only from where they may stand."""

from __future__ import annotations

import pytest
from tests.integration.cli.terminal import Terminal

from hatobin.intake.sink import SinkOptions, SinkThread

pytestmark = pytest.mark.slow

SECRET = "himitsu-no-kagi"


@pytest.fixture(scope="module", autouse=True)
def office(terminal: Terminal) -> None:
    words = ("--email", "hanako@office.example", "--workspace", "Office")
    terminal.run("createowner", *words, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810")


def test_every_kind_is_added_listed_changed_and_removed(terminal: Terminal) -> None:
    relay = ("add", "Relay", "--kind", "relay", "--host", "smtp.example.jp", "--username", "hato")
    missing = terminal.run("egress", *relay, "--json")
    assert (missing.status, missing.error["code"]) == (2, "password-missing")
    assert terminal.run("egress", *relay, HATOBIN_EGRESS_PASSWORD=SECRET).status == 0

    file = terminal.write("keys", f"api_key={SECRET}\n")
    service = ("add", "Mailgun", "--kind", "service", "--service", "mailgun", "--fallback", "Relay",
               "--setting", "domain=mg.example.jp", "--credentials-file", file)  # fmt: skip
    made = terminal.run("egress", *service, "--json")
    assert made.status == 0, made.err
    assert made.json["settings"] == {"domain": "mg.example.jp", "region": "us"}
    changed = terminal.run("egress", "set", "Mailgun", "--setting", "region=eu", "--default", "--json")  # fmt: skip
    assert changed.json["settings"] == {"domain": "mg.example.jp", "region": "eu"}
    assert changed.json["fallback_id"] == made.json["fallback_id"]
    assert changed.json["is_default"] is True

    direct = ("add", "直接", "--kind", "direct", "--source", "mail1.example.jp=203.0.113.8",
              "--source", "mail2.example.jp=2001:db8::9*3")  # fmt: skip
    added = terminal.run("egress", *direct)
    assert added.status == 0
    assert "does not have the address 203.0.113.8, 2001:db8::9" in added.err

    listed = terminal.run("egress", "list", "--json")
    assert [each["name"] for each in listed.json][:1] == ["Mailgun"]
    second = {"address": "2001:db8::9", "ehlo_name": "mail2.example.jp", "weight": 3}
    assert listed.json[-1]["sources"][1] == second
    shown = terminal.run("egress", "list", HATOBIN_LANGUAGE="ja")
    assert "* Mailgun" in shown.out
    assert "メール配信サービス" in shown.out
    assert SECRET not in listed.out + shown.out + made.out + changed.out

    assert terminal.run("egress", "remove", "Relay", "--workspace", "Office").status == 2
    assert terminal.run("egress", "set", "Mailgun", "--fallback", "none").status == 0
    assert terminal.run("egress", "remove", "Relay").status == 0
    assert terminal.run("egress", "set", "sandbox", "--default", "--json").json["is_default"]
    unknown = terminal.run("egress", "test", "Relay", "--json")
    assert unknown.error["code"] == "no-egress"


def test_what_is_wrong_names_its_option(terminal: Terminal) -> None:
    for words, option in (
        (("--kind", "direct", "--source", "mail"), "--source"),
        (("--kind", "direct"), "--source"),
        (("--kind", "service", "--service", "mailgun", "--setting", "a=b"), "--setting"),
        (("--kind", "service", "--service", "brevo"), "--credentials-file"),
        (("--kind", "relay", "--host", "a.example", "--service", "brevo"), "--service"),
    ):
        done = terminal.run("egress", "add", "X", *words, "--json")
        assert (done.status, done.error.get("option")) == (2, option), done.err


def test_one_is_tried_and_the_status_says_how_it_went(terminal: Terminal) -> None:
    with SinkThread(SinkOptions()) as sink:
        words = ("--host", "127.0.0.1", "--port", str(sink.port), "--tls", "opportunistic")
        source = ("--source", "mail.office.example=127.0.0.11")
        assert (
            terminal.run("egress", "add", "Trial", "--kind", "direct", *source, *words).status == 0
        )
        good = terminal.run("egress", "test", "Trial", "--to", "hanako@example.jp")
        assert good.status == 0, good.err
        assert "Connect: done  (127.0.0.11 > 127.0.0.1 (127.0.0.1))" in good.out
        assert not sink.envelopes
    bad = terminal.run("egress", "test", "Trial", "--to", "example.jp", "--json")
    assert (bad.status, bad.json["ok"], bad.json["code"]) == (1, False, "refused")
    wrong = terminal.run("egress", "test", "Trial", "--to", "who?", "--json")
    assert (wrong.status, wrong.error["option"]) == (2, "--to")
    people = terminal.write("people.csv", "メール\nhanako@example.jp\n")
    text = terminal.write("body.txt", "こんにちは")
    sent = terminal.run(
        "send", "--list-file", people, "--from", "Hato <news@office.example>", "--subject", "x",
        "--text-file", text, "--egress", "Nobody's way", "--yes", "--json",
    )  # fmt: skip
    assert (sent.status, sent.error["option"]) == (2, "--egress")
