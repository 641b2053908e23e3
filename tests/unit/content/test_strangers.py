"""The last-byte check of prints finds what reading the whole message back finds, address for address."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st
from tests.unit.content.test_press import is_liquid, letter_of, press_of
from tests.unit.wire.test_press import LINK

from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import MergeError
from hatobin.content.press import Printed
from hatobin.content.strangers import StrangerCheck
from hatobin.delivery.rules.last_byte import strange_addresses, strangers_in
from hatobin.wire.address import parse_address
from hatobin.wire.headers import ComposeError
from hatobin.wire.message_facts import read_facts

OURS = frozenset({"news@example.co.jp", "support@example.co.jp", "info@sakura.example.jp"})
TOKEN = "0190abcdef0190abcdef0190abcdef01"
ID_FORM = {f"{TOKEN}@example.co.jp": "message-id"}


def checked(
    letter: CompiledLetter, fields: dict[str, str], to: str = "hanako@example.jp", link: str = LINK
) -> tuple[Printed, dict[str, str]]:
    press = press_of(letter)
    check = StrangerCheck(press, expected=OURS, search=strangers_in)
    printed = press.print(
        fields,
        to=parse_address(to),
        message_id=f"<{TOKEN}@example.co.jp>",
        unsubscribe_url=link,
    )
    return printed, check.strange(printed)


def assert_as_read_back(
    letter: CompiledLetter, fields: dict[str, str], to: str = "hanako@example.jp", link: str = LINK
) -> dict[str, str]:
    printed, found = checked(letter, fields, to, link)
    slow = strange_addresses(read_facts(printed.message), printed.to, OURS)
    assert found == slow
    return found


_BITS = st.sampled_from(
    ["@", "＠", "﹫", "%40", "%2540", "%", "%4", "40", "25", "&#64;", "&#", "64;", "&", "#64;",
     "&commat;", "&comm", "at;", "＆", "％40", "hanako", "taro", "tar", "o", "hanako@example.jp",
     "taro@example.jp", "info@sakura.example.jp", "news@example.co.jp", "jiro@docomo.ne.jp",
     "..jiro.", "example.jp", "example", ".jp", ".", "j", "p", "例え.jp", "。", "jp", '"',
     '"a b"@example.jp', "/", "//", "?", "=", "mailto:", "<b>", "</b>", '<a href="', '">', "<",
     "</", ">", " ", "\n", "\t", "\u200b", "\u00ad", "\u3000", "、", "：", "連絡先は", "まで", "山田",
     "&nbsp;", "&amp;", "&#39;", "&period;", "%2E", "%22", "-", "_", "+", "é", "Ω", "×", "x" * 130,
     "い" * 130, "ａｂｃ", "ｊｐ", "'", "\\", "%E3%81%82", "%E3%81", "(", "hanako＠example.jp"]
)  # fmt: skip
_STATIC = st.lists(_BITS, min_size=1, max_size=5).map("".join)
_PLACE = st.sampled_from(
    ["{{ 氏名 }}", "{{ 会社 }}", "{{ 会員番号 }}", "{{ hatobin.unsubscribe_url }}", "{{ 氏名 | 敬称 }}"]
    * 3
    + ["{% if 会社 %}{{ 会社 }}@{% endif %}", "{{ タグ | split: ',' | join: '@' }}", "{{ 会社 | upcase }}"]
)  # fmt: skip
_SOURCE = st.lists(_STATIC | _PLACE, max_size=8).map("".join)
_VALUE = st.lists(_BITS, max_size=3).map("".join) | st.sampled_from(
    [
        "",
        "山田 花子",
        "0012",
        "A",
        "A&B",
        "A & B",
        "O'Brien",
        '"',
        "100% 絹",
        "％",
        "P&G商事",
        "20%引き",
        "<b>",
        "a&",
    ]
)
_VALUES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("氏名", "会社", "会員番号", "タグ"), _VALUE)
)
_TO = st.sampled_from(
    ["hanako@example.jp", "taro@example.jp", "Hanako@example.jp", "花子@example.jp",
     "..jiro.@docomo.ne.jp", "a/b=c@x-y.example"]
)  # fmt: skip


@given(_SOURCE, _SOURCE, st.just("") | _SOURCE, _VALUES, _TO)
@settings(max_examples=1500, deadline=None)
@example("x", "@{{ 会社 }}", "", {"会社": "example.jp"}, "taro@example.jp")
@example("x", "taro@exam{{ 会社 }}", "", {"会社": "ple.jp"}, "hanako@example.jp")
@example("x", "taro@exam", "hana<b>{{ 氏名 }}</b>@example.jp", {"氏名": "ko"}, "taro@example.jp")
@example(
    "x",
    "x",
    'ta<a href="{{ 氏名 }}">ro</a>@example.jp',
    {"氏名": "a@b.example"},
    "hanako@example.jp",
)
@example("50%{{ 氏名 }}", "x", "", {"氏名": "40example.jp"}, "hanako@example.jp")
@example("x", '"{{ 氏名 }} b"@example.jp', "", {"氏名": "a"}, "hanako@example.jp")
@example("x", "taro%{{ 氏名 }}", "", {"氏名": "40example.jp"}, "hanako@example.jp")
@example("x", "taro&#6{{ 氏名 }};example.jp", "", {"氏名": "4"}, "hanako@example.jp")
@example("x", "taro%2E%40x", "a&amp;b@example.jp {{ 氏名 }}", {"氏名": "'"}, "hanako@example.jp")
def test_it_finds_what_reading_the_message_back_finds(
    subject: str, text: str, html: str, fields: dict[str, str], to: str
) -> None:
    assume(is_liquid(subject, text, html))
    letter = letter_of(subject, text, html)
    note(repr((letter, fields, to)))
    try:
        press_of(letter).print(
            fields, to=parse_address(to), message_id=f"<{TOKEN}@x.jp>", unsubscribe_url=LINK
        )
    except (MergeError, ComposeError):
        assume(False)
    assert_as_read_back(letter, fields, to)


@given(_SOURCE, _VALUES)
@settings(max_examples=500, deadline=None)
def test_the_text_around_a_place_is_the_same_question_in_both_parts(
    source: str, fields: dict[str, str]
) -> None:
    assume(is_liquid("x", source, source))
    letter = letter_of(text=source + "\n", html=f"<p>{source}</p>\n")
    note(repr((letter, fields)))
    try:
        press_of(letter).print(
            fields, to=parse_address("a@x.jp"), message_id="<a@x.jp>", unsubscribe_url=LINK
        )
    except (MergeError, ComposeError):
        assume(False)
    assert_as_read_back(letter, fields)


LETTER = letter_of(
    subject="{{ 氏名 }}様へ",
    text="{{ 氏名 }} 様\nご登録: {{ 会社 }}\nお問い合わせ：info@sakura.example.jp\n\n停止\n"
    "{{ hatobin.unsubscribe_url }}\n",
    html="<p>{{ 氏名 }} 様</p><p>ご登録: {{ 会社 }}</p><p>お問い合わせ：info@sakura.example.jp<br>今後</p>"
    '<p><a href="{{ hatobin.unsubscribe_url }}">停止</a></p>\n',
)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"氏名": "山田 花子", "会社": "hanako@example.jp"}, {}),
        ({"氏名": "山田 花子", "会社": "taro@example.jp"}, {"taro@example.jp": "text"}),
        ({"氏名": "taro＠example.jp"}, {"taro@example.jp": "subject"}),
        ({"氏名": "A&B 'C'"}, {}),
        ({"氏名": "taro%40example.jp"}, {"taro@example.jp": "subject"}),
    ],
)
def test_somebody_elses_address_is_found_and_ones_own_is_not(
    fields: dict[str, str], found: dict[str, str]
) -> None:
    assert assert_as_read_back(LETTER, fields) == found | ID_FORM


@pytest.mark.parametrize(
    "link",
    [LINK, "https://a.example/u/taro@example.jp", "https://a.example/?a=taro%40example.jp&b=1"],
)
def test_the_unsubscribe_link_is_looked_at_too(link: str) -> None:
    assert_as_read_back(LETTER, {"氏名": "山田"}, link=link)


def test_an_address_that_stands_in_every_letter_is_told_except_to_its_owner() -> None:
    letter = replace(LETTER, text=LETTER.text + "担当: taro@example.jp\n")
    assert assert_as_read_back(letter, {}) == {"taro@example.jp": "text"} | ID_FORM
    assert assert_as_read_back(letter, {}, to="taro@example.jp") == ID_FORM


class CountingSearch:
    """The delivery room's search, and the texts it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, texts: Iterable[tuple[str, str]], *, own: Collection[str]) -> dict[str, str]:
        given = list(texts)
        self.seen += [text for _place, text in given]
        return strangers_in(given, own=own)


@pytest.mark.parametrize(
    ("company", "longest"),
    [
        ("㈱髙﨑", 0),
        ("hanako@example.jp", 200),
        ("taro@example.jp", 200),
        ("O'Brien & 'Sons', 100% 絹", 200),
        ("@", 2_000),
    ],
)
def test_only_what_may_hold_an_address_is_searched_again(company: str, longest: int) -> None:
    search = CountingSearch()
    letter = replace(LETTER, text="本文です。" * 50 + "\n" + LETTER.text)
    press = press_of(letter)
    check = StrangerCheck(press, expected=OURS, search=search)
    for name in ("佐藤 次郎", company):  # what never changes is searched with the first
        search.seen.clear()
        printed = press.print(
            {"氏名": "山田 花子", "会社": name},
            to=parse_address("hanako@example.jp"),
            message_id=f"<{TOKEN}@example.co.jp>",
            unsubscribe_url=LINK,
        )
        assert check.strange(printed) == strange_addresses(
            read_facts(printed.message), printed.to, OURS
        )
    assert max(map(len, search.seen), default=0) <= longest
