"""Compose once: what the press prints is what merging and composing one by one says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, example, given, note, settings
from hypothesis import strategies as st
from markupsafe import escape
from tests.unit.content.test_compile import compiled
from tests.unit.wire.test_press import (
    ALICE,
    LINK,
    MESSAGE_ID,
    TEXTS,
    assert_nothing_on_the_road_changes,
    assert_same,
    by_the_standard_library,
    ended,
)

from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import MergeError, Merger
from hatobin.content.press import Press, Printed, compile_press
from hatobin.content.run import escaped
from hatobin.wire.address import parse_address
from hatobin.wire.headers import ComposeError
from hatobin.wire.message_facts import read_facts
from hatobin.wire.mime import Letter, compose

SENDER = parse_address("news@example.co.jp")
SUPPORT = parse_address("support@example.co.jp")
DATED = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
FEEDBACK = "campaign1:1:mass:hatobin"
ALICES = {"氏名": "山田 花子", "会社": "㈱髙﨑", "会員番号": "0012", "タグ": "赤,青"}


def press_of(letter: CompiledLetter) -> Press:
    return compile_press(
        letter,
        from_display="株式会社はと便",
        from_address=SENDER,
        reply_to=SUPPORT,
        date=DATED,
        feedback_id=FEEDBACK,
    )


def printed(letter: CompiledLetter, fields: dict[str, str]) -> Printed:
    return press_of(letter).print(fields, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)


def one_by_one(letter: CompiledLetter, fields: dict[str, str]) -> bytes:
    """The slow road: merged whole, composed whole."""
    merged = Merger(letter).merge(fields, unsubscribe_url=LINK)
    return compose(
        Letter(
            from_display="株式会社はと便",
            from_address=SENDER,
            reply_to=SUPPORT,
            to=ALICE,
            subject=merged.subject,
            text=merged.text,
            html=merged.html or None,
            date=DATED,
            message_id=MESSAGE_ID,
            unsubscribe_url=LINK,
            feedback_id=FEEDBACK,
            language=letter.language,
        )
    )


def letter_of(
    subject: str = "お知らせ", text: str = "x\n", html: str = "", **more: Any
) -> CompiledLetter:
    return CompiledLetter(
        kind="notice",
        language="ja",
        subject=subject,
        preheader="",
        text=text,
        html=html,
        fallbacks=more.pop("fallbacks", {}),
        field_names=("氏名", "会社", "会員番号", "タグ", *more.pop("names", ())),
    )


def assert_like_one_by_one(letter: CompiledLetter, fields: dict[str, str]) -> Printed | None:
    slow = outcome(one_by_one, letter, fields)
    if not isinstance(slow, bytes):
        assert outcome(printed, letter, fields) == slow
        return None
    made = printed(letter, fields)
    assert_nothing_on_the_road_changes(made.body)
    ours, theirs = read_facts(made.message), read_facts(slow)
    assert ended(ours.text) == ended(theirs.text)
    assert ended(ours.html) == ended(theirs.html)
    assert fields_of(made.message) == fields_of(slow)
    merged = Merger(letter).merge(fields, unsubscribe_url=LINK)
    assert made.subject == merged.subject
    reference = by_the_standard_library(merged.subject, merged.text, merged.html or None)
    assert_same(made.message, reference)
    return made


def outcome(make: Callable[..., Any], *given: Any) -> Any:
    """What is made, or the kind and code of the refusal."""
    try:
        return make(*given)
    except (MergeError, ComposeError) as error:
        return type(error), error.code


def fields_of(message: bytes) -> list[bytes]:
    """The raw header fields but those that say how the body is encoded."""
    head = message.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b"\r\n\t")
    return [
        field for field in head.split(b"\r\n") if not field.startswith((b"Content-T", b"\tbound"))
    ]


_PLACES = st.sampled_from(
    """
    {{ 氏名 }}
    {{ 会社 }}
    {{ 会員番号 }}
    {{ hatobin.unsubscribe_url }}
    {{ ['氏名'] }}
    {{- 氏名 -}}
    {{ 氏名 | 敬称 }}
    {{ 氏名 | 敬称: "殿" }}
    {{ 会社 | default: "お客様" }}
    {{ 会社 | default: 氏名 | append: タグ }}
    {{ 会員番号 | plus: 1 }}
    {{ 会員番号 | divided_by: 0 }}
    {{ 会員番号 | size }}
    {{ 氏名 | append: "<b>" | upcase }}
    {{ 氏名 | append: 会社 }}
    {{ 氏名 | url_encode }}
    {{ 氏名 | web_address }}
    {{ 氏名 | slice: 0, 2 }}
    {{ 氏名 | date: '%Y' }}
    {{ 氏名 | split: '' | last }}
    {{ タグ | split: ',' }}
    {{ タグ | split: ',' | join: '<br>' }}
    {{ '固定<' }}
    {{ 氏名.size }}
    {{ 知らない }}
    {% break %}
    {% comment %}x{% endcomment %}
    {% if 会社 %}{{ 会社 }}御中{% else %}個人{% endif %}
    {%- if 氏名 contains '山' -%} 山 {%- endif -%}
    {% if 知らない %}a{% else %}b{% endif %}
    {% if hatobin.unsubscribe_url %}a{{ hatobin.unsubscribe_url }}{% endif %}
    {% if 会社 %}{% if 氏名 == '山' and 会員番号 %}A{% elsif タグ %}{{ 知らない }}{% endif %}{% endif %}
    {% if 会社 %}{% for t in タグ %}{{ t }}{% endfor %}{% endif %}
    {% if 会社.size > 2 %}長い{% endif %}
    {% if 会員番号 > 3 %}大{% endif %}
    {% if 会社 == blank or タグ == empty %}空{% endif %}
    {% if partial %}p{% endif %}
    {% if 会社 %}{% break %}{% endif %}
    {% unless 会社 == '' %} {% endunless %}
    {% unless 会社 %}なし{% elsif 会社 == '㈱' %}かぶ{% else %}{{ 会社 }}{% endunless %}
    {% case 会員番号 %}{% when '1' %}一{% when '2', '3' %}二{{ 氏名 }}{% else %}他{% endcase %}
    {% case 会員番号 %}{% else %}先{% when '1', '1' %}一{% when 会員番号 %}同{% else %}他{% endcase %}
    {% for t in タグ %}{{ t }}・{{ forloop.index }}{% endfor %}
    {% for t in タグ limit: 1 %}{{ t }}{% endfor %}{% for t in タグ offset: continue %}[{{ t }}]{% endfor %}
    """.strip().splitlines()
).map(str.strip)
_WORDS = st.sampled_from(
    ["本文です。", "\n", "plain words ", "<p>", "</p>\n", "x" * 40, "これは長い文章です。" * 12, " ", "\r", "\r\n", "."]
)  # fmt: skip
_SOURCES = st.lists(_PLACES | _WORDS | _WORDS | TEXTS, max_size=9).map("".join)
_FIELDS = st.fixed_dictionaries(
    {}, optional={name: TEXTS | st.text(max_size=30) for name in ALICES}
)


def is_liquid(*sources: str) -> bool:
    try:
        Merger(letter_of(*sources))
    except Exception:
        return False
    return True


@given(_SOURCES, _SOURCES, st.just("") | _SOURCES, _FIELDS, _FIELDS)
@settings(max_examples=500, deadline=None)
@example("{{ 氏名 }}", "a{{ 氏名 }}\n", "<p>{{ 氏名 }}</p>\n", {"氏名": "A&B <'\">"}, {})
@example("x", "a\r{{ 氏名 }}\n", "", {}, {"氏名": "\n"})
@example("x", "a\n", "{% if 氏名 %}<p>x</p>{% endif %}", {}, {})
@example("x", "{{ 氏名 }}", "", {}, {})
def test_it_says_what_merging_and_composing_one_by_one_says(
    subject: str, text: str, html: str, fields: dict[str, str], fallbacks: dict[str, str]
) -> None:
    assume(is_liquid(subject, text, html))
    letter = letter_of(subject, text, html, fallbacks=fallbacks)
    assert_like_one_by_one(letter, fields)


@given(_SOURCES, _SOURCES, st.lists(_FIELDS, min_size=2, max_size=6))
@settings(max_examples=200, deadline=None)
def test_nothing_of_one_print_is_left_in_the_next(
    subject: str, text: str, people: list[dict[str, str]]
) -> None:
    assume(is_liquid(subject, text, text))
    letter = letter_of(subject, text, text)
    note(repr((letter, people)))
    press = press_of(letter)

    def print_one(fields: dict[str, str]) -> bytes:
        made = press.print(fields, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)
        return made.message

    for fields in people + people:
        alone = outcome(lambda one: printed(letter, one).message, fields)
        assert outcome(print_one, fields) == alone


@pytest.mark.parametrize(
    "value", ["", "山" * 5_000, "a" * 5_000, "a b" * 2_000, "=." * 2_500, "\n." * 400, "🕊" * 999]
)
@pytest.mark.parametrize("words", ["こんにちは。" * 40, "Hello there. " * 40])
def test_values_of_every_size_in_a_whole_letter(value: str, words: str) -> None:
    text = f"{{{{ 会社 }}}}\n\n{words}{{{{ 会社 }}}}。\n{words}\n.{{{{ 会社 }}}}\n"
    made = assert_like_one_by_one(letter_of(text=text, html=text), {"会社": value})
    assert made is not None
    assert made.whole is None


def test_a_letter_as_people_write_it() -> None:
    letter = compiled(
        subject="{{ 氏名 | 敬称 }}へ、お知らせ",
        html="<p>{{ 会社 名 }}</p><p>{{ 氏名 }} 様</p><p>会員番号 {{ 会員番号 }}</p>",
    )
    fields = {"氏名": "山田 花子", "会社 名": "A & B 'C'", "会員番号": "0012"}
    made = assert_like_one_by_one(letter, fields)
    assert made is not None
    assert made.whole is None
    html = read_facts(made.message).html or ""
    assert "A &amp; B &#39;C&#39;" in html
    assert LINK in html
    assert_like_one_by_one(letter, {})
    assert_like_one_by_one(
        compiled(mode="plain", html="", text="{{ 氏名 }}様\n", subject="x"), fields
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"氏名": "a\nBcc: x@y.example"},
        {"氏名": "a\x85"},
        {"氏名": "a\x9f"},
        {"氏名": "\ud800"},
        {"氏名": "山\0田\x07\x1b\ufdd0"},
    ],
)
def test_it_refuses_what_the_slow_road_refuses(fields: dict[str, str]) -> None:
    assert_like_one_by_one(letter_of(subject="{{ 氏名 }}", text="{{ 氏名 }}\n"), fields)
    assert_like_one_by_one(letter_of(text="{{ 氏名 }}\n"), fields)


@pytest.mark.parametrize(
    "text",
    ["\ufdd0unsubscribe\ufdd1{{ 氏名 }}\n", "{{ self }}\n", "{{ partial }}\n", "a\r{{ 氏名 }}\n"],
)
def test_letters_that_cannot_be_taken_apart_take_the_slow_road(text: str) -> None:
    assert_like_one_by_one(letter_of(text=text, names=("self", "partial")), ALICES)


def test_a_letter_larger_than_allowed_is_refused_by_both() -> None:
    text = "{{ 会社 }}" * 99 + "\n"
    assert assert_like_one_by_one(letter_of(text=text), {"会社": "x" * 9_000})
    assert assert_like_one_by_one(letter_of(text=text), {"会社": "x" * 20_000}) is None


def test_a_retry_repeats_the_bytes_and_threads_do_not_mix() -> None:
    press = press_of(compiled())
    again = press_of(compiled())
    people = [{"氏名": f"山田 {number}"} for number in range(200)]

    def print_one(fields: dict[str, str]) -> Printed:
        return press.print(fields, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)

    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(print_one, people))
    for fields, made in zip(people, at_once, strict=True):
        repeated = again.print(fields, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)
        assert made.message == repeated.message
        assert fields["氏名"] in read_facts(made.message).text


@given(st.text())
def test_values_are_made_safe_as_the_engine_does(text: str) -> None:
    assert escaped(text) == str(escape(text))


def test_many_conditions_are_said_right_when_their_outcomes_are_too_many_to_keep() -> None:
    names = tuple(f"f{number}" for number in range(9))
    text = "".join(
        f"{{% if {name} == '1' %}}**{{{{ {name} }}}}{{{{ 氏名 }}}}{{% else %}}x{{% endif %}} line\n"
        for name in names
    )
    letter = letter_of(text=text + "end\n", html=f"<p>{text}</p>\n", names=names)
    press = press_of(letter)
    for number in range(0, 512, 3):
        fields = {name: str(number >> at & 1) for at, name in enumerate(names)} | ALICES
        made = press.print(fields, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)
        assert_nothing_on_the_road_changes(made.body)
        assert made.whole is None
        merged = Merger(letter).merge(fields, unsubscribe_url=LINK)
        facts = read_facts(made.message)
        assert (facts.text, facts.html) == (merged.text, merged.html)
