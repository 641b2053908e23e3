"""A letter as bytes, read back by a parser that we did not write."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.address import parse_address
from hatobin.wire.dotstuff import refuse_bare_line_ends
from hatobin.wire.headers import ComposeError, HeaderInjection
from hatobin.wire.message_facts import read_facts
from hatobin.wire.mime import Letter, compose

LETTER = Letter(
    from_display="株式会社はと便",
    from_address=parse_address("news@example.co.jp"),
    reply_to=parse_address("support@example.co.jp"),
    to=parse_address("hanako@example.jp"),
    to_display="山田 花子 様",
    subject="①㈱髙﨑より、冬のお知らせ 🕊️",
    text="山田 花子 様\n\nこんにちは。\n.点で始まる行\n",
    html="<p>山田 花子 様</p>\n<p>こんにちは。</p>\n",
    date=datetime(2026, 11, 24, 5, 5, tzinfo=UTC),
    message_id="<0190-abc@example.co.jp>",
    unsubscribe_url="https://example.co.jp/u/" + "A1b2C3d4" * 20,
    feedback_id="campaign1:1:mass:hatobin",
    language="ja",
)


def lines_of(raw: bytes) -> list[bytes]:
    refuse_bare_line_ends(raw)
    return raw.split(b"\r\n")


def test_a_letter_reads_back_as_it_was_written() -> None:
    raw = compose(LETTER)
    facts = read_facts(raw)
    assert facts.to == facts.recipients == ("hanako@example.jp",)
    assert facts.sender == ("news@example.co.jp",)
    assert facts.subject == LETTER.subject
    assert facts.text == LETTER.text
    assert facts.html == LETTER.html
    assert facts.message_id == LETTER.message_id
    assert raw.isascii()
    assert max(map(len, lines_of(raw))) <= 998

    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed.defects == []
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["To"].addresses[0].display_name == "山田 花子 様"
    assert parsed["Reply-To"] == "support@example.co.jp"
    assert parsed["Feedback-ID"] == LETTER.feedback_id
    assert parsed["MIME-Version"] == "1.0"
    assert parsed["Content-Language"] == "ja"
    assert parsed["Auto-Submitted"] is parsed["Precedence"] is None


def test_the_one_click_link_stands_whole_on_one_line() -> None:
    raw = compose(LETTER)
    assert f"\r\nList-Unsubscribe: <{LETTER.unsubscribe_url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert read_facts(raw).list_unsubscribe == f"<{LETTER.unsubscribe_url}>"


@pytest.mark.parametrize(
    "url",
    ["mailto:x@example.jp", "javascript:alert(1)", "https://", "https://例え.jp/u", "https://a.jp/ b",
     "https://a.jp/>\r\nBcc: charlie@example.jp", 'https://a.jp/"', "https://a.jp/" + "x" * 1000],
)  # fmt: skip
def test_a_link_that_would_not_work_or_not_fit_is_refused(url: str) -> None:
    with pytest.raises(ComposeError):
        compose(replace(LETTER, unsubscribe_url=url))


def test_a_retry_gives_the_same_bytes_and_another_letter_another_boundary() -> None:
    assert compose(LETTER) == compose(replace(LETTER))
    other = compose(replace(LETTER, message_id="<0190-abd@example.co.jp>"))
    boundary = re.compile(rb'boundary="([^"]+)"')
    assert boundary.findall(compose(LETTER)) != boundary.findall(other)


def test_a_text_that_holds_the_boundary_gets_another_one() -> None:
    plain = replace(LETTER, text="x", html="<p>x</p>")
    found = re.search(rb'boundary="([^"]+)"', compose(plain))
    assert found
    tricky = replace(plain, text=f"x\n--{found[1].decode()}--\n")
    assert read_facts(compose(tricky)).text == tricky.text
    assert read_facts(compose(tricky)).html == "<p>x</p>\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain words.\n", b"7bit"),
        ("x" * 998 + "\n", b"7bit"),
        ("x" * 999 + "\n", b"quoted-printable"),
        ("Mostly plain words, with one é in them.\n", b"quoted-printable"),
        ("日本語の本文です。\n", b"base64"),
        ("escape \x1b[31m\n", b"quoted-printable"),
    ],
)
def test_a_text_part_takes_the_shortest_safe_encoding(text: str, encoding: bytes) -> None:
    raw = compose(replace(LETTER, text=text, html=None))
    assert b"Content-Transfer-Encoding: " + encoding + b"\r\n" in raw
    assert read_facts(raw).text == text
    assert read_facts(raw).html is None
    assert raw.endswith(b"\r\n")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_kind_become_crlf(ends: str) -> None:
    for body in ("one{0}two{0}", "いち{0}に{0}", "caf\u00e9 and a long tail of words{0}two{0}"):
        raw = compose(replace(LETTER, text=body.format(ends), html=body.format(ends)))
        assert read_facts(raw).text == body.format("\n")
        assert max(map(len, lines_of(raw))) <= 998


@pytest.mark.parametrize("field", ["subject", "from_display", "to_display", "feedback_id"])
@pytest.mark.parametrize("bad", ["\r\nBcc: charlie@example.jp", "\n", "\0", "\x0b"])
def test_no_value_can_add_a_header(field: str, bad: str) -> None:
    with pytest.raises(HeaderInjection):
        compose(replace(LETTER, **{field: f"x{bad}"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["Cc", "bcc", "To", "Resent-To", "resent-bcc", "From", "Subject", "Content-Type", "MIME-Version",
     "Disposition-Notification-To", "X-Bad\r\nBcc", "X Bad", "", "Bcc:"],
)  # fmt: skip
def test_extra_fields_cannot_name_a_person_or_repeat_ours(name: str) -> None:
    with pytest.raises(HeaderInjection):
        compose(replace(LETTER, extra=((name, "charlie@example.jp"),)))


def test_other_extra_fields_are_written() -> None:
    raw = compose(
        replace(LETTER, extra=(("X-Campaign", "冬"), ("List-ID", "<news.example.co.jp>")))
    )
    assert dict(read_facts(raw).headers)["X-Campaign"] == "冬"
    assert b"\r\nList-ID: <news.example.co.jp>\r\n" in raw


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"date": datetime(2026, 1, 1)}, "naive-date"),  # noqa: DTZ001
        ({"message_id": "abc@example.jp"}, "bad-message-id"),
        ({"message_id": "<abc@example.jp>\r\nBcc: x@y.jp"}, "bad-message-id"),
        ({"text": "a\0b"}, "nul"),
        ({"html": "a\0b"}, "nul"),
        ({"text": "a\ud800b"}, "surrogate"),
        ({"language": "ja\r\nBcc: x"}, "bad-language"),
    ],
)
def test_a_letter_that_cannot_be_written_says_why(change: dict[str, object], code: str) -> None:
    with pytest.raises(ComposeError) as caught:
        compose(replace(LETTER, **change))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_carrier_and_international_addresses_stand_in_to() -> None:
    carrier = replace(LETTER, to=parse_address("foo..bar@docomo.ne.jp"))
    assert b'<"foo..bar"@docomo.ne.jp>' in compose(carrier)
    (to,) = read_facts(compose(carrier)).recipients
    assert parse_address(to) == carrier.to
    international = replace(LETTER, to=parse_address("花子@例え.jp"), to_display="")
    assert read_facts(compose(international)).recipients == (international.to.email,)


# One grammar for all generated texts: what a person could type or paste.
_TYPED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=400)
_NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)


@settings(max_examples=150, deadline=None)
@given(subject=_NAMES, name=_NAMES, text=_TYPED, html=st.none() | _TYPED)
def test_whatever_was_written_arrives(subject: str, name: str, text: str, html: str | None) -> None:
    letter = replace(LETTER, subject=subject, to_display=name, text=text, html=html)
    raw = compose(letter)
    facts = read_facts(raw)
    assert facts.recipients == (LETTER.to.email,)
    assert facts.subject == subject
    assert facts.text.removesuffix("\n") == text.removesuffix("\n")
    if html is None:
        assert facts.html is None
    else:
        assert (facts.html or "").removesuffix("\n") == html.removesuffix("\n")
    assert all(len(line) <= 998 and b"\0" not in line for line in lines_of(raw))
