"""TLS and signing in: when a password may leave, and whom the client believes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.smtp.talk import (
    LONG,
    Run,
    connected,
    endpoint,
    hand_over,
    impatient,
    sinking,
    swallow,
)

from hatobin.delivery.egress.errors import AuthFailed, EgressError, TlsFailed
from hatobin.delivery.egress.smtp_client import SmtpConnection
from hatobin.intake.sink import Answer, Close, Hang, Rule, Unasked

HATO = {"username": "hato", "password": "ひみつ"}
KNOWN = {"hato": "ひみつ"}


@pytest.mark.parametrize(
    ("server", "security", "verify", "encrypted"),
    [
        ("none", "none", True, False),
        ("starttls", "none", True, False),
        ("none", "starttls", True, False),
        ("starttls", "starttls", True, True),  # encrypts, without asking who it is
        ("starttls", "starttls-required", False, True),
        ("tls", "tls", False, True),
    ],
)
def test_the_connection_is_as_protected_as_was_asked(
    run: Run[None], server: str, security: str, verify: bool, encrypted: bool
) -> None:
    async def story() -> None:
        async with sinking(tls=server) as sink:
            async with connected(sink, security=security, verify=verify) as connection:
                assert connection.encrypted is encrypted
                assert await hand_over(connection) == 250
                assert await hand_over(connection) == 250
                assert {envelope.tls for envelope in sink.envelopes} == {encrypted}
                await connection.quit()

    run(story())


@pytest.mark.parametrize(
    ("server", "security", "kind"),
    [
        ("none", "starttls-required", "starttls-not-offered"),
        ("starttls", "starttls-required", "certificate"),
        ("tls", "tls", "certificate"),
        ("none", "tls", "not-tls"),
        ("starttls", "tls", "not-tls"),
    ],
)
def test_a_connection_that_cannot_be_protected_as_asked_is_not_used(
    run: Run[None], server: str, security: str, kind: str
) -> None:
    async def story() -> None:
        async with sinking(tls=server, credentials=KNOWN) as sink:
            opening = SmtpConnection.open(endpoint(sink, security=security, **HATO))
            failure = await swallow(opening, TlsFailed)
            assert isinstance(failure, TlsFailed)
            assert (failure.kind, failure.temporary) == (kind, False)
            assert sink.counters.sign_ins == sink.counters.refused_sign_ins == 0

    run(story())


@pytest.mark.parametrize(
    ("server", "security"), [("tls", "tls"), ("starttls", "starttls-required")]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_that_is_trusted_and_fits_the_name_is_accepted(
    run: Run[None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    security: str,
    host: str,
) -> None:
    async def story() -> None:
        async with sinking(tls=server) as sink:
            trusted = tmp_path / "trusted.pem"
            trusted.write_bytes(sink.certificate)
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            async with connected(sink, security=security, host=host) as connection:
                assert connection.encrypted
                assert await hand_over(connection) == 250

    run(story())


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (Answer(454, "4.7.0 TLS not available"), "starttls-refused"),
        (Answer(502, "5.5.1 Not now"), "starttls-refused"),
        (Unasked("250 I am the server, believe me"), "starttls-injection"),
    ],
)
def test_nothing_is_said_after_a_broken_starttls(run: Run[None], action: Any, kind: str) -> None:
    async def story() -> None:
        rule = Rule(stage="starttls", action=action)
        async with sinking(rule, tls="starttls", credentials=KNOWN) as sink:
            opening = SmtpConnection.open(endpoint(sink, security="starttls", **HATO))
            failure = await swallow(opening, TlsFailed)
            assert isinstance(failure, TlsFailed)
            assert failure.kind == kind
            assert sink.counters.sign_ins == 0

    run(story())


@pytest.mark.parametrize(
    "mechanisms", [("PLAIN", "LOGIN"), ("PLAIN",), ("LOGIN",), ("CRAM-MD5", "LOGIN")]
)
def test_signing_in_works_by_either_mechanism(run: Run[None], mechanisms: tuple[str, ...]) -> None:
    async def story() -> None:
        options: dict[str, Any] = {"credentials": KNOWN, "mechanisms": mechanisms}
        async with sinking(tls="starttls", require_auth=True, **options) as sink:
            async with connected(sink, security="starttls", **HATO) as connection:
                assert await hand_over(connection) == 250
                assert (sink.envelopes[0].user, sink.envelopes[0].tls) == ("hato", True)

    run(story())


@pytest.mark.parametrize(
    ("rules", "options", "kind", "temporary"),
    [
        ((), {"credentials": {"hato": "other"}}, "auth-refused", False),
        ((), {}, "auth-not-offered", False),
        ((), {"credentials": KNOWN, "mechanisms": ("CRAM-MD5",)}, "auth-no-mechanism", False),
        ((Rule(stage="auth", action=Answer(454, "4.7.0 Later")),), {"credentials": KNOWN},
         "auth-temporary", True),
        ((Rule(stage="auth", action=Close()),), {"credentials": KNOWN}, "closed", True),
        ((Rule(stage="auth", action=Hang()),), {"credentials": KNOWN}, "timeout", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_signing_in_fails_with_its_reason(
    run: Run[None],
    rules: tuple[Rule, ...],
    options: dict[str, Any],
    kind: str,
    temporary: bool,
    mechanism: str,
) -> None:
    async def story() -> None:
        async with sinking(*rules, **({"mechanisms": (mechanism,)} | options)) as sink:
            timeouts = impatient("auth") if kind == "timeout" else LONG
            opening = SmtpConnection.open(endpoint(sink, timeouts=timeouts, **HATO))
            failure = await swallow(opening, AuthFailed)
            assert isinstance(failure, AuthFailed)
            assert (failure.kind, failure.temporary) == (kind, temporary)
            assert "ひみつ" not in str(failure)

    run(story())


def test_a_password_does_not_leave_the_machine_in_the_clear(run: Run[None]) -> None:
    async def story() -> None:
        # A name that is this machine, but that the client cannot know to be.
        async with sinking(host="0.0.0.0", credentials=KNOWN) as sink:  # noqa: S104
            place = endpoint(sink, host="0.0.0.0", **HATO)  # noqa: S104
            failure = await swallow(SmtpConnection.open(place), EgressError)
            assert isinstance(failure, AuthFailed)
            assert failure.kind == "auth-needs-tls"
            assert sink.counters.sign_ins == sink.counters.refused_sign_ins == 0
            allowed = endpoint(sink, host="0.0.0.0", allow_plain_auth=True, **HATO)  # noqa: S104
            await (await SmtpConnection.open(allowed)).quit()
            assert sink.counters.sign_ins == 1

    run(story())
