"""TLS on the direct road: taken where it works, and insisted on where the domain or we say so."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.integration.smtp.post import Post, zone
from tests.integration.smtp.talk import Run, sinking

from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC
from hatobin.delivery.egress.errors import TlsFailed
from hatobin.delivery.egress.opening import tls_context
from hatobin.intake.sink import (
    Action,
    Alert,
    Answer,
    Certificate,
    Close,
    Garbage,
    Hang,
    Rule,
    Unasked,
)

# The sink's certificate is for localhost, so that is the host's name here.
LOCAL = {"example.jp": {"MX": ["10 localhost."]}, "localhost": {"A": ["127.0.0.1"]}}
TWO = {
    "example.jp": {"MX": ["10 mx1.example.jp.", "20 localhost."]},
    "mx1.example.jp": {"A": ["127.0.0.21"]},
    "localhost": {"A": ["127.0.0.1"]},
}
ENCRYPTED = OPPORTUNISTIC.at_least("encrypted")


def policy(mode: str = "enforce", *patterns: str) -> dict[str, str]:
    names = "".join(f"mx: {each}\n" for each in patterns or ("localhost",))
    return {"example.jp": f"version: STSv1\nmode: {mode}\n{names}max_age: 86400\n"}


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is written to this file is trusted."""
    path = tmp_path / "trusted.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def test_tls_is_taken_where_it_is_offered_whoever_the_server_is(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(tls="starttls") as sink:
            facts = await Post(zone("127.0.0.1"), sink.port).send()
            assert (facts.tls_version, facts.verified, facts.fell_back) == ("TLSv1.3", False, "")
            assert facts.tls_cipher.startswith("TLS_")
            assert sink.envelopes[0].tls

    run(story())


@pytest.mark.parametrize(
    ("stage", "action", "kind"),
    [
        ("starttls", Answer(454, "4.7.0 Not now"), "starttls-refused"),
        ("starttls", Answer(502, "5.5.1 Not known"), "starttls-refused"),
        ("tls", Alert(), "handshake"),
        ("tls", Close(), "handshake"),
        ("tls", Garbage(), "not-tls"),
        ("tls", Hang(), "timeout"),
    ],
)
def test_where_tls_fails_the_letter_goes_in_the_clear_after_one_new_connection(
    run: Run[None], stage: str, action: Action, kind: str
) -> None:
    async def story() -> None:
        rule = Rule(stage=stage, action=action)  # type: ignore[arg-type] # one of the stages
        async with sinking(rule, tls="starttls") as sink:
            tls = 0.4 if kind == "timeout" else 20
            facts = await Post(zone("127.0.0.1"), sink.port, tls=tls).send()
            assert (facts.fell_back, facts.tls_version) == (kind, "")
            assert (sink.counters.connections, sink.envelopes[0].tls) == (2, False)

    run(story())


@pytest.mark.parametrize(
    ("stage", "action", "kind"),
    [
        ("starttls", Answer(454, "4.7.0 Not now"), "starttls-refused"),
        ("tls", Alert(), "handshake"),
    ],
)
def test_where_tls_is_required_nothing_leaves_in_the_clear(
    run: Run[None], stage: str, action: Action, kind: str
) -> None:
    async def story() -> None:
        rule = Rule(stage=stage, action=action)  # type: ignore[arg-type] # one of the stages
        async with sinking(rule, tls="starttls") as sink:
            post = Post(zone("127.0.0.1"), sink.port)
            error = await post.refused(ENCRYPTED)
            assert (type(error), error.kind, error.temporary) == (TlsFailed, kind, True)
            assert sink.counters.connections == 1
            sink.misbehave()
            assert (await post.send(protection=ENCRYPTED)).tls_version

    run(story())


def test_a_server_without_tls_gets_no_letter_where_tls_is_required(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            error = await Post(zone("127.0.0.1"), sink.port).refused(ENCRYPTED)
            assert (error.kind, error.temporary) == ("starttls-not-offered", True)

    run(story())


def test_bytes_before_the_handshake_are_no_reason_to_go_on_in_the_clear(run: Run[None]) -> None:
    async def story() -> None:
        rule = Rule(stage="starttls", action=Unasked("250 Believe me"))
        async with sinking(rule, tls="starttls") as sink:
            error = await Post(zone("127.0.0.1"), sink.port).refused()
            assert (error.kind, error.temporary) == ("starttls-injection", True)
            assert sink.counters.connections == 1

    run(story())


def test_an_enforced_policy_is_met_by_a_certificate_for_the_host_s_name(
    run: Run[None], trust: Path
) -> None:
    async def story() -> None:
        async with sinking(tls="starttls") as sink:
            trust.write_bytes(sink.certificate)
            facts = await Post(LOCAL, sink.port, policies=policy()).send()
            assert (facts.verified, facts.policy) == (True, "mta-sts enforce 1")
            assert facts.tls_version in {"TLSv1.2", "TLSv1.3"}

    run(story())


@pytest.mark.parametrize(
    ("rules", "tls", "trusted", "why"),
    [
        ((), "starttls", False, "certificate"),
        ((Rule(stage="tls", action=Certificate("wrong-name")),), "starttls", True, "certificate"),
        ((Rule(stage="tls", action=Certificate("expired")),), "starttls", True, "certificate"),
        ((Rule(stage="tls", action=Alert()),), "starttls", True, "handshake"),
        ((), "none", True, "starttls-not-offered"),
    ],
)
def test_an_enforced_policy_that_is_not_met_keeps_the_letter_back(
    run: Run[None], trust: Path, rules: tuple[Rule, ...], tls: str, trusted: bool, why: str
) -> None:
    async def story() -> None:
        async with sinking(*rules, tls=tls) as sink, sinking(tls="starttls") as stranger:
            trust.write_bytes((sink if trusted and sink.certificate else stranger).certificate)
            post = Post(LOCAL, sink.port, policies=policy())
            error = await post.refused(await post.road.protection("example.jp"))
            assert (type(error), error.kind, error.temporary) == (TlsFailed, "mta-sts-tls", True)
            assert error.detail.startswith(why)
            assert sink.counters.messages == 0
            # The same servers take letters of domains that do not insist.
            for mode in ("testing", "none"):
                relaxed = await Post(LOCAL, sink.port, policies=policy(mode)).send()
                assert (relaxed.verified, relaxed.policy) == (False, f"mta-sts {mode} 1")

    run(story())


@pytest.mark.parametrize("verify", [True, False])
def test_no_tls_older_than_1_2_is_spoken(verify: bool) -> None:
    assert tls_context(verify).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_host_that_the_policy_does_not_name_is_not_tried(run: Run[None], trust: Path) -> None:
    async def story() -> None:
        async with sinking(tls="starttls", hosts=("127.0.0.1", "127.0.0.21")) as sink:
            trust.write_bytes(sink.certificate)
            facts = await Post(TWO, sink.port, policies=policy()).send()
            assert facts.mx_host == "localhost"  # though mx1 is preferred
            assert sink.counters.connections == 1
            post = Post(TWO, sink.port, policies=policy("enforce", "*.example.com"))
            error = await post.refused(await post.road.protection("example.jp"))
            assert (error.kind, error.temporary) == ("mta-sts-mismatch", True)
            assert sink.counters.connections == 1

    run(story())


def test_a_host_whose_certificate_is_wrong_is_followed_by_the_next(
    run: Run[None], trust: Path
) -> None:
    async def story() -> None:
        async with sinking(tls="starttls", hosts=("127.0.0.1", "127.0.0.21")) as sink:
            trust.write_bytes(sink.certificate)
            named = policy("enforce", "*.example.jp", "localhost")
            facts = await Post(TWO, sink.port, policies=named).send()
            assert (facts.mx_host, facts.verified) == ("localhost", True)
            assert sink.counters.connections == 2

    run(story())


def test_an_open_conversation_serves_only_domains_that_it_is_good_enough_for(
    run: Run[None], trust: Path
) -> None:
    async def story() -> None:
        async with sinking(tls="starttls") as sink:
            trust.write_bytes(sink.certificate)
            names = LOCAL | {"relaxed.jp": LOCAL["example.jp"]}
            post = Post(names, sink.port, policies=policy())
            strict = await post.road.protection("example.jp")
            relaxed = await post.road.protection("relaxed.jp")
            first = await post.road.destination("example.jp")
            assert first.site == (await post.road.destination("relaxed.jp")).site
            assert (await post.send("relaxed.jp")).fits(strict) is False
            proven = await post.send("example.jp")
            assert proven.fits(strict)
            assert proven.fits(relaxed)

    run(story())
