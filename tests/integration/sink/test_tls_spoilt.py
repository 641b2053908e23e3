"""What can go wrong with TLS, offered by STARTTLS and from the first byte."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.integration.sink.client import Client
from tests.integration.sink.conftest import Started

from hatobin.intake.sink import SinkThread, read_journal


def trusting(sink: SinkThread) -> ssl.SSLContext:
    """Trusts the sink's good certificate."""
    return ssl.create_default_context(cadata=sink.certificate.decode())


def shake(sink: SinkThread, mode: str, context: ssl.SSLContext) -> Client:
    client = Client(sink.port, shy=True)
    if mode == "starttls":
        client.reply()
        client.say("EHLO client.example")
        assert client.say("STARTTLS")[0] == 220
    try:
        client.secure(context)
    except BaseException:
        client.socket.close()
        raise
    if mode == "tls":
        client.reply()
    client.say("EHLO client.example")
    return client


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_a_good_handshake_carries_letters(start: Started, journal: Path, mode: str) -> None:
    sink = start(tls=mode)
    with shake(sink, mode, trusting(sink)) as client:
        assert client.letter() == 250
        assert client.letter(body=b"Subject: large\r\n\r\n" + b"0123456789\r\n" * 20_000) == 250
        assert client.say("QUIT")[0] == 221
        assert client.reply()[0] == 0  # and no complaint about an end without goodbye
    assert [(entry.tls, entry.taken) for entry in read_journal(journal)] == [(True, True)] * 2


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("alert", ssl.SSLError),
        ("garbage", ssl.SSLError),
        ("close", OSError),  # an ssl.SSLEOFError is one
        ("reset", ConnectionResetError),
    ],
)
def test_a_handshake_fails(
    start: Started, journal: Path, mode: str, word: str, kind: type[Exception]
) -> None:
    sink = start(f"tls*1={word}", tls=mode)
    with pytest.raises(kind):
        shake(sink, mode, trusting(sink))
    with shake(sink, mode, trusting(sink)) as client:
        assert client.letter() == 250
    failed, taken = read_journal(journal)
    assert (failed.stage, failed.tls, failed.fault) == ("tls", False, f"tls={word}")
    assert taken.taken


def test_a_handshake_is_never_answered(start: Started) -> None:
    sink = start("tls=hang", tls="tls")
    with Client(sink.port, shy=True) as client:
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.secure(trusting(sink))


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize(("kind", "told"), [("wrong-name", "elsewhere"), ("expired", "expired")])
def test_a_certificate_is_wrong(start: Started, mode: str, kind: str, told: str) -> None:
    sink = start(f"tls=certificate {kind}", tls=mode)
    wrong = sink.sink.certificates.pem(kind)  # type: ignore[arg-type]
    context = ssl.create_default_context(cadata=wrong.decode())
    with pytest.raises(ssl.SSLCertVerificationError, match=f"{told}|mismatch"):
        shake(sink, mode, context)
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    with shake(sink, mode, careless) as client:
        assert client.letter() == 250


def test_a_certificate_that_nobody_vouches_for_is_refused_by_a_careful_client(
    start: Started,
) -> None:
    sink = start(tls="tls")
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
        shake(sink, "tls", ssl.create_default_context())


def test_starttls_is_offered_and_then_refused(start: Started) -> None:
    sink = start("starttls=454 4.7.0 Not now", tls="starttls")
    with Client(sink.port) as client:
        assert "STARTTLS" in client.say("EHLO client.example")[1]
        assert client.say("STARTTLS") == (454, "4.7.0 Not now")
        assert client.letter() == 250


def test_a_reply_is_injected_ahead_of_the_handshake(start: Started) -> None:
    sink = start("starttls=unasked 250 injected", tls="starttls")
    with Client(sink.port) as client:
        assert client.say("STARTTLS")[0] == 220
        assert client.reply() == (250, "injected")


def test_commands_that_were_injected_ahead_of_the_handshake_do_not_count(start: Started) -> None:
    sink = start(tls="starttls")
    with Client(sink.port) as client:
        client.socket.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.jp>\r\n")
        assert client.reply()[0] == 220
        client.secure(trusting(sink))
        assert client.say("RCPT TO:<b@example.jp>")[0] == 503
