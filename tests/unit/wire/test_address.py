"""Which texts are one mail address, and which two are the same."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.address import (
    Address,
    AddressError,
    in_own_letters,
    parse_address,
    split_display,
)


def refusal(text: str) -> str:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Hanako.Yamada@Example.JP", "Hanako.Yamada@example.jp"),
        ("taro+news@example.co.jp", "taro+news@example.co.jp"),
        ("o'brien/x=y?z@example.jp", "o'brien/x=y?z@example.jp"),
        ("  hanako@example.jp\u3000\r\n", "hanako@example.jp"),
        ("\ufeff\u200bhanako@example.jp\u200b", "hanako@example.jp"),
        ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
        ("hanako﹫example.jp", "hanako@example.jp"),
        ("hanako@日本語.jp", "hanako@xn--wgv71a119e.jp"),
        ("hanako@日本語。jp", "hanako@xn--wgv71a119e.jp"),
        ("hanako@XN--WGV71A119E.jp", "hanako@xn--wgv71a119e.jp"),
        ("hanako@straße.de", "hanako@xn--strae-oqa.de"),
        ('"hanako"@example.jp', "hanako@example.jp"),
        ("x@r3---cdn.example.com", "x@r3---cdn.example.com"),
    ],
)
def test_an_address_as_people_write_it_is_taken(text: str, email: str) -> None:
    assert parse_address(text).email == email


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u3000\u200b", "empty"),
        ("hanako.example.jp", "no-at"),
        ("@example.jp", "bad-local"),
        ("hana ko@example.jp", "bad-local"),
        ("hana\u3000ko@example.jp", "bad-local"),
        ("hana@ko@example.jp", "bad-local"),
        ("hana(ko)@example.jp", "bad-local"),
        ('"hana ko"@example.jp', "bad-local"),
        ("hanako@", "bad-domain"),
        ("hanako@localhost", "bad-domain"),
        ("hanako@example.jp.", "bad-domain"),
        ("hanako@example..jp", "bad-domain"),
        ("hanako@-example.jp", "bad-domain"),
        ("hanako@exam_ple.jp", "bad-domain"),
        ("hanako@192.0.2.1", "bad-domain"),
        ("hanako@[192.0.2.1]", "bad-domain"),
        ("hanako@xn--zzzzzzzz.jp", "bad-domain"),
        ("hanako@例え☕.jp", "bad-domain"),
        (f"hanako@{'x' * 64}.jp", "bad-domain"),
        (f"{'x' * 65}@example.jp", "too-long"),
        (f"{'花' * 22}@example.jp", "too-long"),
        (f"hanako@{'example.' * 32}jp", "too-long"),
        ("x" * 100_000 + "@example.jp", "too-long"),
        ("hanako@example.jp\x00", "control-character"),
        ("hana\x1fko@example.jp", "control-character"),
        ("hana\tko@example.jp", "control-character"),
        ("hana\u0085ko@example.jp", "control-character"),
        ("hanako@example.jp\r\nBcc: taro", "control-character"),
        ("\u202ehanako@example.jp", "control-character"),
        ("hana\u200bko@example.jp", "control-character"),
        ("hana\ud800ko@example.jp", "control-character"),
        ("hanako@example.jp, taro@example.jp", "several-addresses"),
        ("hanako@example.jp、taro@example.jp", "several-addresses"),
        ("hanako@example.jp\ntaro@example.jp", "several-addresses"),
        ("hanako@example.jp;taro@example.jp", "several-addresses"),
        ("山田 花子 <hanako@example.jp>", "display-name"),
        ("mailto:hanako@example.jp", "display-name"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refusal(text) == code


@pytest.mark.parametrize("local", ["foo..bar", "foo.", ".foo", "a.b..c...d."])
@pytest.mark.parametrize(
    "domain",
    ["docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "i.softbank.jp", "t.vodafone.ne.jp",
     "disney.ne.jp", "ymobile.ne.jp", "di.pdx.ne.jp", "DOCOMO.NE.JP"],
)  # fmt: skip
def test_old_carrier_addresses_with_dots_anywhere_live_on_and_are_quoted_on_the_wire(
    local: str, domain: str
) -> None:
    address = parse_address(f"{local}@{domain}")
    assert address.email == f"{local}@{domain.lower()}"
    assert address.wire == f'"{local}"@{domain.lower()}'
    assert parse_address(address.wire) == parse_address(address.email) == address


@pytest.mark.parametrize(
    "text",
    ["foo..bar@example.jp", "foo.@gmail.com", ".foo@rakuten.jp", "foo..bar@notdocomo.ne.jp",
     "foo..bar@docomo.ne.jp.example.jp", "..@docomo.ne.jp", "fo o@docomo.ne.jp"],
)  # fmt: skip
def test_the_same_dots_elsewhere_are_a_typing_mistake(text: str) -> None:
    assert refusal(text) == "bad-local"


@pytest.mark.parametrize(
    "other",
    [
        "HANAKO@EXAMPLE.JP",
        "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
        " hanako@example.jp\u200b",
        '"hanako"@example.jp',
    ],
)
def test_spellings_of_one_address_share_their_key_form(other: str) -> None:
    assert parse_address(other).key_form == parse_address("hanako@example.jp").key_form


def test_two_people_do_not_share_a_key_form() -> None:
    texts = ["hanako@example.jp", "hana.ko@example.jp", "hanako+1@example.jp", "hanako@example.com"]
    assert len({parse_address(text).key_form for text in texts}) == len(texts)


def test_half_width_kana_in_a_local_part_is_the_same_person() -> None:
    one, other = parse_address("ﾊﾅｺ@example.jp"), parse_address("ハナコ@example.jp")
    assert one.email != other.email
    assert one.key_form == other.key_form
    assert one.needs_smtputf8


def test_only_a_local_part_outside_ascii_needs_smtputf8() -> None:
    assert parse_address("花子@example.jp").needs_smtputf8
    assert not parse_address("hanako@日本語.jp").needs_smtputf8


def test_an_error_does_not_repeat_the_address() -> None:
    with pytest.raises(AddressError) as caught:
        parse_address("hanako yamada@example.jp")
    assert "hanako" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("山田 花子 <a@example.jp>", "山田 花子", "a@example.jp"),
        ('"A, B" <a@b.jp>', "A, B", "a@b.jp"),
        (r'"A \"B\"" <a@b.jp>', 'A "B"', "a@b.jp"),
        ("山田花子＜a@example.jp＞", "山田花子", "a@example.jp"),
        ("<a@b.jp>", "", "a@b.jp"),
        ("a@b.jp", "", "a@b.jp"),
        ("mailto:a%2Bc@b.jp?subject=x", "", "a+c@b.jp"),
        ("花子 <mailto:a@b.jp>", "花子", "a@b.jp"),
        ("no address", "", "no address"),
    ],
)
def test_a_name_and_its_address_come_apart(text: str, name: str, address: str) -> None:
    assert split_display(text) == (name, address)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_an_address_that_reads_back_or_is_refused(text: str) -> None:
    with contextlib.suppress(AddressError):
        address = parse_address(text)
        assert parse_address(address.email) == address


@settings(deadline=None)
@given(
    st.text("abcXYZ019.!#$%&'*+-/=?^_`{|}~花é", min_size=1, max_size=20),
    st.sampled_from(["docomo.ne.jp", "example.jp", "日本語.jp"]),
)
def test_what_is_taken_can_be_read_again_from_all_its_forms(local: str, domain: str) -> None:
    try:
        address = parse_address(f"{local}@{domain}")
    except AddressError:
        return
    assert isinstance(address, Address)
    assert parse_address(address.email) == parse_address(address.wire) == address
    assert parse_address(address.key_form).key_form == address.key_form


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("hanako@xn--wgv71a119e.jp", "hanako@日本語.jp"),
        ("hanako@mail.xn--wgv71a119e.example", "hanako@mail.日本語.example"),
        ("hanako@example.jp", "hanako@example.jp"),
        ("xn--wgv71a119e@example.jp", "xn--wgv71a119e@example.jp"),
        ("hanako@xn--zzzzzzzz.jp", "hanako@xn--zzzzzzzz.jp"),
        ("hanako@xn--a.jp", "hanako@xn--a.jp"),
        ("", ""),
    ],
)
def test_people_read_a_domain_in_its_own_letters(address: str, shown: str) -> None:
    assert in_own_letters(address) == shown


@given(st.text(alphabet="ぁんアン漢字ßéabc-", min_size=1, max_size=20))
def test_what_people_read_is_the_same_address(label: str) -> None:
    with contextlib.suppress(AddressError):
        address = parse_address(f"hanako@{label}.jp")
        assert parse_address(in_own_letters(address.email)) == address
