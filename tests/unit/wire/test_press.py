"""Composed once, printed for many: what a print says, and what no road between us and the reader changes."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatobin.wire import headers
from hatobin.wire.address import parse_address
from hatobin.wire.dotstuff import stuff
from hatobin.wire.headers import ComposeError, HeaderInjection
from hatobin.wire.message_facts import MessageFacts, read_facts
from hatobin.wire.press import Fixed, Piece, Plate, quoted, tidy
from hatobin.wire.press.head import subject_field

ALICE = parse_address("alice@example.jp")
FIXED = Fixed(
    from_display="株式会社はと便",
    from_address=parse_address("news@example.co.jp"),
    reply_to=parse_address("support@example.co.jp"),
    date=datetime(2026, 11, 24, 5, 5, tzinfo=UTC),
    feedback_id="campaign1:1:mass:hatobin",
    language="ja",
)
MESSAGE_ID = "<0190-abc@example.co.jp>"
LINK = "https://example.co.jp/u/" + "A1b2C3d4" * 20

# Everything that changes folding, looks like syntax, or that a road may change.
_BITS = st.sampled_from(
    ["山田 花子", "㈱髙﨑", "🕊️👨‍👩‍👧", "שלום", "العربية", "=", "=3D", ".", "..", "\n.", "\r\n", "\n", "\n\n",
     " ", "  ", "\t", " \n", "From ", "\nFrom me", "a" * 75, "a" * 76, "あ" * 30, "x", "--=_0", "\u3000"]
)  # fmt: skip
TEXTS = (
    st.lists(_BITS | st.text(max_size=40), max_size=12)
    .map("".join)
    .filter(
        lambda text: (
            "\0" not in text and not re.search("[\ud800-\udfff]", text) and not text.endswith("\r")
        )
    )
)


def pieces_of(parts: list[str | int]) -> list[Piece]:
    return list(parts)


def printed(
    text: list[Piece],
    html: list[Piece] | None,
    values: list[str],
    subject: str = "お知らせ",
) -> bytes:
    plate = Plate(FIXED, text=text, html=html, subject=None)
    octets = [tidy(value, "plain") for value in values]
    head, body = plate.print(octets, to=ALICE, subject=subject, message_id=MESSAGE_ID, link=LINK)
    assert_nothing_on_the_road_changes(body)
    return head + b"\r\n" + body


def assert_nothing_on_the_road_changes(body: bytes) -> None:
    """7-bit, short lines, untouched by dot-stuffing, relaxed DKIM, mailbox files."""
    assert body.isascii()
    assert b"\0" not in body
    assert stuff(body) == (body or b"\r\n")  # also: every CR and LF is part of a CRLF
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert relaxed(body) == body
    assert not any(line.startswith(b"From ") for line in lines)
    assert not body or body.endswith(b"\r\n")


def relaxed(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4, word for word."""
    lines = [
        re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+\Z", b"", line)) for line in body.split(b"\r\n")
    ]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def filled(pieces: list[Piece], values: list[str]) -> str:
    text = "".join(piece if isinstance(piece, str) else values[piece] for piece in pieces)
    return re.sub(r"\r\n|\r|\n", "\n", text)


def by_the_standard_library(subject: str, text: str, html: str | None) -> bytes:
    """The slow reference: nothing of ours in it."""
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    message["From"] = "株式会社はと便 <news@example.co.jp>"
    message["Reply-To"] = "support@example.co.jp"
    message["To"] = "alice@example.jp"
    message["Subject"] = subject
    message["Message-ID"] = MESSAGE_ID
    message["List-Unsubscribe"] = f"<{LINK}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text, cte="base64")
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def assert_same(made: bytes, reference: bytes) -> MessageFacts:
    """A text that has no last line end may have got one, as in every composer."""
    ours, theirs = read_facts(made), read_facts(reference)
    assert ours.subject.split() == theirs.subject.split()  # the library cuts blanks at the ends
    for name in ("to", "recipients", "sender", "message_id"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.list_unsubscribe == f"<{LINK}>"  # the library itself breaks it
    assert ended(ours.text) == ended(theirs.text)
    assert ended(ours.html) == ended(theirs.html)
    assert email.message_from_bytes(made, policy=email.policy.default).defects == []
    return ours


def ended(text: str | None) -> str | None:
    return text if text is None or text.endswith("\n") else text + "\n"


@st.composite
def parts(draw: st.DrawFn) -> tuple[list[Piece], list[str]]:
    values = draw(st.lists(TEXTS, min_size=1, max_size=4))
    text = st.lists(TEXTS, min_size=1, max_size=3).map("".join)
    pieces = draw(st.lists(st.integers(0, len(values) - 1) | text, max_size=9))
    pieces += draw(st.sampled_from([[], ["\n"], ["終わり。\n"], ["end\n"], ["x\n\n"]]))
    return [p for p in pieces if p != "" and not (isinstance(p, str) and p.endswith("\r"))], values


@given(parts(), st.none() | st.lists(TEXTS | st.integers(0, 0), max_size=5))
@settings(max_examples=400, deadline=None)
@example(([0], [""]), None)
@example(([0, "\n"], ["."]), [0])
@example((["あ\n", 0, "\n\n"], [""]), None)
def test_a_print_says_what_the_standard_library_says(
    given_text: tuple[list[Piece], list[str]], html: list[Piece] | None
) -> None:
    text, values = given_text
    made = printed(text, html, values)
    markup = None if html is None else filled(html, values)
    reference = by_the_standard_library("お知らせ", filled(text, values), markup)
    assert_same(made, reference)


@pytest.mark.parametrize(
    "words", ["plain english words, ", "日本語の文章です。", "half 日本 and half, "]
)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 24, 25, 26, 56, 57, 58, 74, 75, 76, 77, 5_000])
@pytest.mark.parametrize("sign", ["a", "あ", ".", "=", " ", "🕊", "\n"])
def test_values_of_every_length_fold(words: str, size: int, sign: str) -> None:
    values = [sign * size]
    text: list[Piece] = [words * 9 + "\n", 0, "\n" + words * 5, 0, 0, " ", 0, words, 0, "end.\n"]
    made = read_facts(printed(text, text, values))
    assert made.text == made.html == filled(text, values)


def test_a_letter_that_cannot_differ_and_needs_nothing_stays_readable() -> None:
    made = printed(["Hello,\nthis is plain.\n"], None, [])
    assert made.endswith(b"Content-Transfer-Encoding: 7bit\r\n\r\nHello,\r\nthis is plain.\r\n")


@pytest.mark.parametrize("text", [".", "a  b", "a ", "\tx", "From here", "b" * 77, "--=_0"])
def test_what_a_road_would_change_is_not_left_readable(text: str) -> None:
    made = printed([f"Hello\n{text}\nbye\n"], ["<p>x</p>\n"], [])
    assert read_facts(made).text == f"Hello\n{text}\nbye\n"


@given(TEXTS)
@example("From ")
@example("a" * 76)
@example("=" * 26 + ".")
def test_quoted_values_stand_for_themselves_on_short_lines(text: str) -> None:
    raw = tidy(text, "plain")
    for encoded in (quoted.value(raw), quoted.static(raw)):
        assert not encoded or encoded.endswith(b"\r\n")
        assert_nothing_on_the_road_changes(encoded + b"end\r\n")  # empty lines may follow here
        message = email.message_from_bytes(
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded
        )
        assert message.get_payload(decode=True) == raw


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120) | TEXTS)
@example("山田 花子様、冬のお知らせをお届けします" * 4)
@example("か\u3099" * 30)
@example("あ=?UTF-8?B?44GC?=")
def test_a_subject_is_written_as_headers_write_it(subject: str) -> None:
    try:
        slow = headers.header("Subject", headers.encode_unstructured(subject, offset=9)).decode()
    except ComposeError:
        with pytest.raises(ComposeError):
            subject_field(subject)
        return
    assert subject_field(subject) == slow


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"message_id": "<a@b>\r\nBcc: x@y.example"}, "bad-message-id"),
        ({"message_id": "none"}, "bad-message-id"),
        ({"link": "https://a.example/\r\nBcc: x@y.example"}, "bad-unsubscribe-url"),
        ({"link": "javascript:x"}, "bad-unsubscribe-url"),
        ({"subject": "a\r\nBcc: x@y.example"}, "control-character"),
        ({"subject": "あ\x85"}, "control-character"),
        ({"link": "https://a.example/" + "x" * 1000}, "line-too-long"),
    ],
)
def test_what_would_add_a_header_is_refused(changes: dict[str, str], code: str) -> None:
    plate = Plate(FIXED, text=["x\n"], html=None, subject=None)
    right = {"subject": "x", "message_id": MESSAGE_ID, "link": LINK}
    assert plate.print([], to=ALICE, **right)
    with pytest.raises(ComposeError) as caught:
        plate.print([], to=ALICE, **(right | changes))
    assert caught.value.code == code


def test_what_mail_cannot_carry_is_refused() -> None:
    for text, code in (("a\0", "nul"), ("\ud800", "surrogate")):
        with pytest.raises(ComposeError) as caught:
            tidy(text, "plain")
        assert caught.value.code == code
    with pytest.raises(HeaderInjection):
        subject_field("a\nb")


def test_an_address_that_needs_utf8_stands_as_it_is() -> None:
    plate = Plate(FIXED, text=["x\n"], html=None, subject="x")
    to = parse_address("花子@example.jp")
    head, _body = plate.print([], to=to, subject="x", message_id=MESSAGE_ID, link=LINK)
    assert "\r\nTo: 花子@example.jp\r\n".encode() in head
