"""The search that keeps one person's address out of another's letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.address import AddressError, find_addresses, hidden_in, parse_address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("メールはありません", []),
        ("@hanako へ", []),
        ("hanako@localhost", []),
        ("https://example.com/@hana.ko", []),
        ("連絡先はhanako@example.jpまで。", ["hanako@example.jp"]),
        ("連絡先：hanako@example.jp。", ["hanako@example.jp"]),
        ("（hanako@example.jp）", ["hanako@example.jp"]),
        ("...hanako@example.jp...", ["hanako@example.jp"]),
        ("'hanako@example.jp'", ["hanako@example.jp"]),
        ("<hanako@example.jp>,taro@example.jp", ["hanako@example.jp", "taro@example.jp"]),
        ("taro@example.jp taro@example.jp", ["taro@example.jp"]),
        ("花子＠ｅｘａｍｐｌｅ．ｊｐ", ["花子@example.jp"]),
        ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐです", ["hanako@example.jp"]),
        ("hanako@日本語.jpまで", ["hanako@日本語.jp"]),
        ("hanako@www.example.日本", ["hanako@www.example.日本"]),
        (
            "mailto:hanako%40example.jp?cc=taro%40example.jp",
            ["hanako@example.jp", "taro@example.jp"],
        ),
        ("https://x.jp/u?email=hanako%40example.jp&b=1", ["hanako@example.jp"]),
        ("https://x.jp/u?email=hanako@example.jp", ["hanako@example.jp"]),
        ("email=hanako@example.jp", ["hanako@example.jp"]),
        ("hanako&#64;example.jp", ["hanako@example.jp"]),
        ("o&#x27;brien@example.jp", ["o'brien@example.jp"]),
        ("@hana.ko@example.jp", ["hana.ko@example.jp"]),
        ("foo..bar@docomo.ne.jp", ["foo..bar@docomo.ne.jp"]),
        ('"foo."@ezweb.ne.jp', ["foo.@ezweb.ne.jp"]),
        (".foo.@ezweb.ne.jp", [".foo.@ezweb.ne.jp"]),
        ("éric@example.fr", ["éric@example.fr"]),
        ("name+tag@sub.example.co.jp-", ["name+tag@sub.example.co.jp"]),
    ],
)
def test_addresses_are_found_where_people_and_programs_write_them(
    text: str, found: list[str]
) -> None:
    assert find_addresses(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "総務/hanako@example.jp",
        "taro@example.jp/hanako@example.jp",
        "営業 -hanako@example.jp",
        "~hanako@example.jp",
        "#hanako@example.jp",
        "担当=hanako@example.jp",
        "a|hanako@example.jp",
        "内線12/営業+hanako@example.jp",
        "hanako@example.jp-naisen12",
        "総務/hanako@example.jp-tel",
        "hanako@\u200bexample.jp",
        "hana\u00adko@example.jp",
        "https://x.jp/?to=mailto%3Ahanako%2540example.jp",
    ],
)
def test_an_address_that_touches_other_words_is_seen_too(text: str) -> None:
    seen = find_addresses(text)
    every = [*seen, *(other for one in seen for other in hidden_in(one))]
    assert "hanako@example.jp" in every


@pytest.mark.parametrize("text", ["yamada-taro@example.jp", "name+tag@example.jp", "a_b.c@x.co.jp"])
def test_an_ordinary_address_hides_no_other(text: str) -> None:
    assert hidden_in(text) == []


@settings(deadline=None)
@given(
    st.text("abcXYZ019.+_-", min_size=1, max_size=20),
    st.sampled_from(["example.jp", "docomo.ne.jp", "mail.example.com"]),
    st.sampled_from(["", "様 ", "<", "お問い合わせ：", "（", "\n", "mailto:"]),
    st.sampled_from(["", " まで", ">", "）", "、", "\r\n", "です"]),
)
def test_an_ordinary_address_is_found_inside_any_sentence(
    local: str, domain: str, before: str, after: str
) -> None:
    try:
        address = parse_address(f"{local}@{domain}")
    except AddressError:
        return
    found = find_addresses(f"{before}{address.email}{after}")
    assert [parse_address(text).key_form for text in found] == [address.key_form]


def test_a_text_made_to_be_slow_is_read_to_its_end() -> None:
    assert find_addresses("a" * 300_000 + "@" + "b." * 100_000 + "jp")
    assert find_addresses("@a.b" * 50_000)
    assert find_addresses('"' * 100_000 + "@") == []
