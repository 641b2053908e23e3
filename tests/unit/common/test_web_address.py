"""The address that unsubscribe links begin with: whatever is taken can stand in a letter's header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.common.web_address import web_address
from hatobin.config.env import Settings, SettingsError, load
from hatobin.wire.mime import is_link


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  https://mail.example.jp/ \r\n", "https://mail.example.jp"),
        ("HTTPS://Mail.Example.JP:443", "https://mail.example.jp"),
        ("http://127.0.0.1:8010", "http://127.0.0.1:8010"),
        ("http://localhost:80", "http://localhost"),
        ("http://[0:0:0:0:0:0:0:1]:8010/", "http://[::1]:8010"),
        ("https://広報.さくら市.example", "https://xn--olsx0m.xn--y8jl1ny40p.example"),
        ("https://ｍａｉｌ．ｅｘａｍｐｌｅ．ｊｐ", "https://mail.example.jp"),
        ("https://xn--olsx0m.example", "https://xn--olsx0m.example"),
        ("https://mail.example.jp/配信", "https://mail.example.jp/%E9%85%8D%E4%BF%A1"),
        (
            "https://mail.example.jp/%E9%85%8D%E4%BF%A1/100%",
            "https://mail.example.jp/%E9%85%8D%E4%BF%A1/100%25",
        ),
        ("https://x.example/<b>", "https://x.example/%3Cb%3E"),
    ],
)
def test_an_address_is_brought_into_one_form_and_stays_in_it(typed: str, kept: str) -> None:
    assert web_address(typed) == kept
    assert web_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "mail.example.jp",
        "ftp://mail.example.jp",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://exa mple.jp",
        "https://mail.example.jp/a b",
        "https://mail.example.jp/配\u3000信",
        'https://x.example/<b>"x',
        "https://x.exa\tmple",
        "https://x.example/a\r\nBcc: evil@x.example",
        "https://x.example/\x00",
        "https://x.example/\u202egpj",
        "https://x.example/\u200b",
        "https://x.example:abc",
        "https://x.example:99999",
        "https://x.example:0",
        "https://u:p@x.example",
        "https://x.example/@x",
        "https://x.example/?",
        "https://x.example/a?b=c",
        "https://x.example/#",
        "https://x.example\\@y.example",
        "http://[::1",
        "http://[::1%25lo]",
        "http://[v1.x]",
        "http://999.1.1.1",
        "http://1.2",
        "https://-a.example",
        "https://a..example",
        "https://a_b.example",
        "https://" + "あ" * 60 + ".example",
        "https://x.example/" + "配" * 40,
    ],
)
def test_what_is_no_web_address_of_ours_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which one is nobody's business
        web_address(typed)


@given(
    st.tuples(
        st.sampled_from(["http://", "https://", "https://a.example", "http://[::1]:", ""]),
        st.text(max_size=40),
    ).map("".join)
)
def test_whatever_is_taken_can_stand_in_a_header(typed: str) -> None:
    try:
        kept = web_address(typed)
    except ValueError:
        return
    assert kept == "" or is_link(f"{kept}/u/token")
    assert web_address(kept) == kept


def test_the_operator_s_address_keeps_the_same_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(base_url="https://広報.example/").public_url == "https://xn--olsx0m.example"
    monkeypatch.setenv("HATOBIN_BASE_URL", "https://u:himitsu@x.example")
    with pytest.raises(SettingsError) as told:
        load()
    assert "HATOBIN_BASE_URL" in str(told.value)
    assert "himitsu" not in str(told.value)
