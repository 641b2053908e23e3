"""One person's letter: the person's values, fallbacks, 敬称, and nothing that breaks out of its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.content.test_compile import LINK, compiled

from hatobin.common.errors import Invalid
from hatobin.content.letters import LetterDraft, MergedLetter
from hatobin.content.merge import MergeError, Merger


def merged(values: dict[str, str], **changes: Any) -> MergedLetter:
    return Merger(compiled(**changes)).merge(values, unsubscribe_url=LINK)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("山田 太郎", "山田 太郎様"),
        ("山田様", "山田様"),
        ("さくら商店御中", "さくら商店御中"),
        ("佐藤先生", "佐藤先生"),
        ("田中 ", "田中様"),
        ("", ""),
    ],
)
def test_the_honorific_is_never_doubled_and_never_stands_alone(name: str, shown: str) -> None:
    letter = merged({"氏名": name}, subject='「{{ 氏名 | 敬称: "様" }}」')
    assert letter.subject == f"「{shown}」"


def test_another_honorific_may_be_chosen() -> None:
    assert merged({"氏名": "鈴木"}, subject='{{ 氏名 | 敬称: "殿" }}').subject == "鈴木殿"


def test_an_empty_field_takes_its_fallback_and_is_told_only_without_one() -> None:
    with_one = merged({"氏名": " "}, fallbacks={"氏名": "会員各位"})
    assert "会員各位 様" in with_one.text
    assert with_one.empty_fields == ()
    assert merged({}).empty_fields == ("氏名",)
    in_place = merged({}, subject='{{ 氏名 | default: "会員" }}', html="<p>x</p>")
    assert (in_place.subject, in_place.empty_fields) == ("会員", ())


def test_column_names_with_spaces_and_full_width_braces_are_understood() -> None:
    letter = merged(
        {"氏名": "山田", "会社 名": "㈱山田"}, subject="｛｛氏名｝｝ {{ 会社 名 }} {{　氏名　}}"
    )
    assert letter.subject == "山田 ㈱山田 山田"


def test_a_tag_that_an_editor_split_with_markup_still_works() -> None:
    html = "<p>{{ <b>氏</b>名&nbsp;}} 様</p>"
    assert "山田 様" in merged({"氏名": "山田"}, html=html).html


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 会員番号 }}", "A & B"]
)
def test_a_value_is_text_and_nothing_else(value: str) -> None:
    letter = merged({"氏名": value, "会員番号": "1234"})
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert "1234" not in letter.html
    assert value in letter.text


@pytest.mark.parametrize("value", ["a\nBcc: x@y.example", "a\rb", "a\u2028b", "a\x85b"])
def test_a_line_break_in_a_name_never_reaches_a_header(value: str) -> None:
    with pytest.raises(MergeError):
        merged({"氏名": value})


def test_invisible_characters_of_a_cell_are_left_out() -> None:
    assert merged({"氏名": "山\0田\x07\x1b"}).subject == "山田様"


@pytest.mark.parametrize(
    ("value", "href"),
    [
        ("https://a.example/?q=1&r=2", "https://a.example/?q=1&amp;r=2"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
    ],
)
def test_a_link_from_a_list_is_a_web_address_or_nothing(value: str, href: str) -> None:
    letter = merged({"氏名": "山田", "URL": value}, html='<p><a href="{{ URL }}">x</a></p>')
    assert f'<a href="{href}"' in letter.html


def test_a_value_inside_an_address_is_encoded() -> None:
    html = '<p><a href="https://a.example/?n={{ 氏名 }}">x</a></p>'
    assert 'href="https://a.example/?n=A%26b%3D1"' in merged({"氏名": "A&b=1"}, html=html).html


def test_the_unsubscribe_link_may_also_be_named_in_the_text() -> None:
    for name in ("配信停止URL", "unsubscribe_url"):
        letter = merged({}, mode="plain", html="", text=f"停止: {{{{ {name} }}}}", subject="x")
        assert letter.text.count(LINK) == 2


def test_conditions_work_and_a_loop_without_end_does_not() -> None:
    text = "{% if 会員番号 == '1' %}一番{% else %}ほか{% endif %}"
    assert merged({"会員番号": "1"}, mode="plain", html="", text=text, subject="x").text.startswith(
        "一番"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{{ (1..100000000) | join: 'a' | size }}",
        "{% for a in (1..1000000) %}{{ 氏名 }}{% endfor %}",
        "{% if 氏名 == (1..9) %}x{% endif %}",
    ],
)
def test_numbers_are_not_counted(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        merged({"氏名": "x"}, mode="plain", html="", text=text, subject="x")
    assert refused.value.code == "merge-range"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 氏名" + " | replace: 'x', 'xxxxxxxxxxxxxxxxxxxx'" * 8 + " }}",
        "{{ 会員番号" + " | times: 99999999" * 9 + " }}",
        "{{ 'nan' | round }}",
    ],
    ids=["replace", "numbers", "no number"],
)
def test_a_short_text_cannot_ask_for_much_work(text: str) -> None:
    values = {"氏名": "x" * 2000, "会員番号": "99999999"}
    with pytest.raises(MergeError):
        merged(values, mode="plain", html="", text=text, subject="x")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-24 12:30", "11月24日"),
        ("2026年11月24日", "2026年11月24日"),
        ("20261124123000", "20261124123000"),
        ("9" * 19, "9" * 19),
        ("now", "now"),
        ("未定", "未定"),
    ],
)
def test_a_date_takes_another_form_and_anything_else_stays(value: str, shown: str) -> None:
    text = "{{ 会員番号 | date: '%m月%d日' }}"
    letter = merged({"会員番号": value}, mode="plain", html="", text=text, subject="x")
    assert letter.text.startswith(shown)


@pytest.mark.parametrize(
    "text",
    [
        "{% if hatobin.unsubscribe_url contains 'example' %}a{% else %}b{% endif %}",
        "{{ hatobin.unsubscribe_url | upcase }}",
        "{{ hatobin['unsubscribe_url'] }}",
        "{{ 配信停止URL | size }}",
        "{% if [氏名].unsubscribe_url contains 'example' %}a{% endif %}",
    ],
)
def test_no_condition_and_no_filter_reads_the_unsubscribe_link(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        merged({}, mode="plain", html="", text=text, subject="x")
    assert refused.value.code in {"own-link-in-use", "unknown-merge-name"}


def test_no_letter_can_tell_the_link_of_a_preview_from_a_real_one() -> None:
    """Behind the refusal above: the link is put in only after the merge."""
    condition = "{% if hatobin.unsubscribe_url contains 'example' %}a{% else %}b{% endif %}"
    letter = replace(compiled(), text=condition)
    made = {
        Merger(letter).merge({}, unsubscribe_url=url).text
        for url in (LINK, "https://other.invalid/u/y")
    }
    assert made == {"b"}


def test_every_value_is_handed_on_for_the_last_byte_check() -> None:
    letter = merged({"氏名": "山田", "会員番号": "unused"})
    assert letter.values == ("山田",)


def test_a_draft_keeps_what_older_versions_did_not_know() -> None:
    known = LetterDraft(subject="x")
    assert LetterDraft.from_json({**known.to_json(), "later": 1}) == known
