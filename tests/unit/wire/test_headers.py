"""Header fields: what survives, and what never gets in."""

from __future__ import annotations

import email.header
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire import headers
from hatobin.wire.address import parse_address
from hatobin.wire.headers import ComposeError, HeaderInjection

ALICE = parse_address("alice@example.jp")


def read(value: bytes) -> str:
    unfolded = value.decode("ascii").replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(unfolded)))


def words(value: bytes) -> list[bytes]:
    return re.findall(rb"=\?[^?]+\?B\?[^?]*\?=", value)


@pytest.mark.parametrize(
    "text",
    [
        "Plain",
        "お知らせ",
        "【重要】年末年始の営業時間と配送についてのお知らせ（株式会社はと便　カスタマーサポート）",
        "①㈱髙﨑 ﾊﾝｶｸ 〜～ 様",
        "🕊️👨‍👩‍👧‍👦🇯🇵👍🏽" * 12,
        "が" * 80,  # a letter and a combining mark
        "A subject of many plain words that is so long that it has to be folded somewhere, twice "
        * 2,
        "https://example.jp/" + "x" * 200,
        "two  spaces",
        " leading and trailing ",
        "=?UTF-8?B?44GC?= is how it looks",
        "",
    ],
)
def test_any_subject_comes_back_as_it_was(text: str) -> None:
    value = headers.encode_unstructured(text, offset=len("Subject: "))
    assert read(value) == text
    lines = (b"Subject: " + value).split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert all(len(word) <= 75 for word in words(value))


def test_no_encoded_word_splits_a_character_or_a_family() -> None:
    family = "👨‍👩‍👧‍👦"
    value = headers.encode_unstructured("題" + family * 10, offset=9)
    parts = [
        str(email.header.make_header(email.header.decode_header(w.decode()))) for w in words(value)
    ]
    assert len(parts) > 3
    assert all(part.removeprefix("題").replace(family, "") == "" for part in parts)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300))
def test_every_text_without_controls_survives_the_header(text: str) -> None:
    value = headers.encode_unstructured(text, offset=9)
    assert read(value) == text
    assert all(len(line) <= 78 for line in (b"Subject: " + value).split(b"\r\n"))


@pytest.mark.parametrize(
    "bad", ["\r", "\n", "\r\n", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"]
)
def test_a_control_character_is_refused_in_every_kind_of_value(bad: str) -> None:
    text = f"Hello{bad}Bcc: charlie@example.jp"
    for write in (
        lambda: headers.refuse_control(text),
        lambda: headers.encode_unstructured(text),
        lambda: headers.encode_address(text, ALICE),
        lambda: headers.fold_structured(text),
    ):
        with pytest.raises(HeaderInjection) as caught:
            write()
        assert caught.value.code == "control-character"
        assert "charlie" not in str(caught.value)


@pytest.mark.parametrize(
    ("display", "value"),
    [
        ("", b"alice@example.jp"),
        ("Alice", b"Alice <alice@example.jp>"),
        ("Alice Liddell", b"Alice Liddell <alice@example.jp>"),
        ("Liddell, Alice", b'"Liddell, Alice" <alice@example.jp>'),
        ('A "B" \\ C', rb'"A \"B\" \\ C" <alice@example.jp>'),
        ("alice@work", b'"alice@work" <alice@example.jp>'),
        ("山田 花子", b"=?UTF-8?B?5bGx55SwIOiKseWtkA==?= <alice@example.jp>"),
    ],
)
def test_a_display_name_is_written_as_its_letters_need(display: str, value: bytes) -> None:
    assert headers.encode_address(display, ALICE) == value


def test_a_display_name_cannot_smuggle_in_a_second_address() -> None:
    value = headers.encode_address("Bob <bob@example.jp>, Alice", ALICE).decode()
    assert email.utils.getaddresses([value]) == [("Bob <bob@example.jp>, Alice", ALICE.email)]


def test_a_long_japanese_name_is_folded_before_the_address() -> None:
    value = headers.encode_address(
        "株式会社はと便カスタマーサポートセンター配信担当", ALICE, offset=6
    )
    assert value.endswith(b"\r\n <alice@example.jp>") or max(map(len, value.split(b"\r\n"))) <= 78
    assert (
        read(value.rpartition(b"<")[0].strip())
        == "株式会社はと便カスタマーサポートセンター配信担当"
    )


def test_a_carrier_address_is_quoted_and_an_international_one_is_utf8() -> None:
    assert headers.encode_address("", parse_address("a..b@docomo.ne.jp")) == b'"a..b"@docomo.ne.jp'
    assert (
        headers.encode_address("", parse_address("花子@example.jp")) == "花子@example.jp".encode()
    )


def test_structured_values_fold_only_at_spaces() -> None:
    long = "x" * 300
    assert headers.fold_structured(long, offset=20) == long.encode()
    folded = headers.fold_structured("a" * 50 + " " + "b" * 50, offset=20)
    assert folded == b"a" * 50 + b"\r\n " + b"b" * 50


def test_a_line_over_the_limit_and_a_strange_name_are_refused() -> None:
    with pytest.raises(ComposeError, match="line-too-long"):
        headers.header("X-Long", b"x" * 1000)
    with pytest.raises(HeaderInjection, match="bad-header-name"):
        headers.header("X Bad: y\r\nBcc", b"x")


def test_a_date_knows_its_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 24, 14, 5, tzinfo=tokyo)
    assert headers.date_header(moment) == b"Tue, 24 Nov 2026 14:05:00 +0900"
    assert headers.date_header(moment.astimezone(UTC)) == b"Tue, 24 Nov 2026 05:05:00 +0000"
    with pytest.raises(ComposeError, match="naive-date"):
        headers.date_header(moment.replace(tzinfo=None))


def test_a_message_id_holds_a_token_and_a_domain_and_nothing_else() -> None:
    assert headers.message_id("a1-b2", "example.jp") == "<a1-b2@example.jp>"
    for token, domain in [
        ("a b", "example.jp"),
        ("a>\r\nBcc:", "example.jp"),
        ("a", ""),
        ("a", "é.jp"),
    ]:
        with pytest.raises(ComposeError, match="bad-message-id"):
            headers.message_id(token, domain)
