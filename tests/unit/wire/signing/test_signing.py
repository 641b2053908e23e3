"""What we sign holds for two verifiers that share no line with the signer, and for nothing that was changed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.wire.signing.verifier import verifies

from hatobin.wire.dkim import (
    BadKey,
    DkimError,
    Signer,
    canonical_body,
    generate_ed25519,
    generate_rsa,
    is_canonical,
    private_from_pem,
    private_to_pem,
    public_text,
    record_text,
    signatures,
)

RSA, ED = generate_rsa(), generate_ed25519()
RSA_RECORD = record_text("rsa", public_text(RSA))
ED_RECORD = record_text("ed25519", public_text(ED))
SIGNER = Signer("office.example", "h1", RSA)
SECOND = Signer("office.example", "h2", ED)
NOW = datetime(2026, 11, 25, 14, 5, tzinfo=UTC)
HEAD = (
    b"From: =?UTF-8?B?44GV44GP44KJ5biC?= <news@office.example>\r\n"
    b"Reply-To: kouhou@office.example\r\n"
    b"To: hanako@example.jp\r\n"
    b"Subject: =?UTF-8?B?5aSP44Gu6Kyb5bqn44Gu44GU5qGI5YaF?=\r\n"
    b" =?UTF-8?B?5aSP44Gu6Kyb5bqn?=\r\n"
    b"Date: Wed, 25 Nov 2026 14:05:00 +0900\r\n"
    b"Message-ID: <abc@office.example>\r\n"
    b"List-Unsubscribe: <https://hatobin.example/u/abc>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Feedback-ID: a:b:marketing:hatobin\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: text/plain; charset="us-ascii"\r\n'
)
BODY = b"Dear Hanako,\r\n\r\n  two  spaces \t\r\n.\r\nbye\r\n\r\n\r\n"


def holds(message: bytes) -> bool:
    """For both verifiers, which must agree."""
    found = verifies(message, RSA_RECORD)
    other = bool(dkim.verify(message, dnsfunc=lambda _name, timeout=5: RSA_RECORD.encode()))
    assert found == other
    return found


def signed(head: bytes, body: bytes) -> bytes:
    return SIGNER.sign(head, body, NOW) + head + b"\r\n" + body


def test_a_letter_verifies_and_is_oversigned() -> None:
    message = signed(HEAD, BODY)
    assert holds(message)
    names = message.partition(b"h=")[2].partition(b";")[0].replace(b"\r\n ", b"").split(b":")
    for name in (b"from", b"to", b"subject", b"reply-to", b"list-unsubscribe", b"feedback-id"):
        assert names.count(name) == 2, name
    assert b"list-unsubscribe-post" in names
    assert names.count(b"cc") == 1  # nobody adds one on the way
    assert b" l=" not in message.partition(b"\r\nFrom:")[0]
    assert all(len(line) <= 78 for line in message.partition(b"\r\nFrom:")[0].split(b"\r\n"))


@pytest.mark.parametrize("added", [b"Cc: taro@example.jp\r\n", b"From: x@evil.example\r\n"])
def test_a_field_added_on_the_way_breaks_it(added: bytes) -> None:
    signature = SIGNER.sign(HEAD, BODY, NOW)
    assert not holds(signature + added + HEAD + b"\r\n" + BODY)
    assert not holds(signature + HEAD + added + b"\r\n" + BODY)


def test_every_changed_octet_of_a_signed_field_or_the_body_breaks_it() -> None:
    signature = SIGNER.sign(HEAD, BODY, NOW)
    for text, is_head in ((HEAD, True), (BODY, False)):
        for place, octet in enumerate(text):
            if not chr(octet).isalnum():
                continue  # white space may be relaxed, and a name's colon makes another field of it
            other = bytes([octet ^ 1]) if chr(octet ^ 1).isalnum() else b"Z"
            changed = text[:place] + other + text[place + 1 :]
            head, body = (changed, BODY) if is_head else (HEAD, changed)
            if canonical_name_only(text, place, is_head=is_head):
                continue
            assert not verifies(signature + head + b"\r\n" + body, RSA_RECORD), place


def canonical_name_only(text: bytes, place: int, *, is_head: bool) -> bool:
    """A letter of a field's name: dropping the field is another test."""
    if not is_head:
        return False
    start = text.rfind(b"\r\n", 0, place) + 2 if b"\r\n" in text[:place] else 0
    return text[start : start + 1] != b" " and place < text.index(b":", start)


@pytest.mark.parametrize("name", [b"From", b"To", b"Subject", b"List-Unsubscribe", b"Feedback-ID"])
def test_a_field_taken_away_breaks_it(name: bytes) -> None:
    lines = HEAD.replace(b"\r\n ", b"\0").split(b"\r\n")
    left = [line for line in lines if not line.startswith(name + b":")]
    assert len(left) == len(lines) - 1
    head = b"\r\n".join(left).replace(b"\0", b"\r\n ")
    assert not verifies(SIGNER.sign(HEAD, BODY, NOW) + head + b"\r\n" + BODY, RSA_RECORD)


VALUE = st.lists(
    st.one_of(
        st.sampled_from([b" ", b"\t", b"  ", b"\r\n ", b"\r\n\t", b"=?UTF-8?B?5aSP?=", b":", b";"]),
        st.text("abcXYZ019<>@.-é漢", min_size=1, max_size=30).map(str.encode),
    ),
    max_size=12,
).map(lambda parts: b"x" + b"".join(parts) + b"x")
NAMES = st.sampled_from([b"Subject", b"X-Other", b"Sender", b"In-Reply-To", b"TO", b"List-Id"])
LINES = st.lists(
    st.one_of(st.sampled_from([b"", b" ", b"\t", b".", b"..", b" a  b\t"]), st.binary(max_size=40)),
    max_size=12,
).map(lambda lines: b"".join(line.translate(None, b"\r\n") + b"\r\n" for line in lines))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUE), max_size=6), LINES)
def test_odd_headers_and_bodies_verify(more: list[tuple[bytes, bytes]], body: bytes) -> None:
    head = HEAD + b"".join(name + b": " + value + b"\r\n" for name, value in more)
    assert verifies(signed(head, body), RSA_RECORD)


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_a_prepared_hash_gives_the_same_signature_where_the_body_is_its_own_relaxed_form(
    body: bytes,
) -> None:
    relaxed = canonical_body(body)
    assert is_canonical(relaxed)
    digest = hashlib.sha256(relaxed).digest()
    assert SIGNER.sign_prepared(HEAD, digest, NOW) == SIGNER.sign(HEAD, body, NOW)


def test_two_keys_sign_side_by_side() -> None:
    digest = hashlib.sha256(canonical_body(BODY)).digest()
    message = signatures([SIGNER, SECOND], HEAD, digest, NOW) + HEAD + b"\r\n" + BODY
    assert verifies(message, RSA_RECORD, 0)
    assert verifies(message, ED_RECORD, 1)
    assert not verifies(message, record_text("ed25519", public_text(generate_ed25519())), 1)


@pytest.mark.parametrize("head", [HEAD.replace(b"\r\nTo", b"\nTo"), HEAD + b"X: a\rb\r\n"])
def test_a_bare_line_end_in_the_head_is_refused(head: bytes) -> None:
    with pytest.raises(DkimError, match="bare-line-end"):
        SIGNER.sign(head, BODY, NOW)


@pytest.mark.parametrize("body", [b"a\nb\r\n", b"a\rb\r\n"])
def test_a_bare_line_end_in_the_body_is_refused(body: bytes) -> None:
    with pytest.raises(DkimError, match="bare-line-end"):
        SIGNER.sign(HEAD, body, NOW)


def test_a_head_without_from_and_names_that_no_name_server_holds_are_refused() -> None:
    with pytest.raises(DkimError, match="no-from"):
        SIGNER.sign(b"To: hanako@example.jp\r\n", BODY, NOW)
    for domain, selector in (("office", "h1"), ("Office.example", "h1"), ("office.example", "h 1")):
        with pytest.raises(DkimError):
            Signer(domain, selector, RSA)


def test_a_key_that_receivers_ignore_is_refused() -> None:
    with pytest.raises(BadKey, match="no-key"):
        private_from_pem("-----BEGIN PUBLIC KEY-----")
    again = private_from_pem(private_to_pem(RSA).decode())
    assert public_text(again) == public_text(RSA)
