"""Everybody's letter before anybody's is sent: what the quick road sees is what the slow one would see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hatobin.audience.people import Person
from hatobin.audience.queries import OpenPerson
from hatobin.campaigns.services.survey import MERGE_ALL, SAMPLE_LINK, Survey, size_of, survey
from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import Merger
from hatobin.delivery.printing import press_of
from hatobin.delivery.rules.last_byte import strangers_in
from hatobin.senders.frozen import FrozenSender
from hatobin.wire.address import parse_address

DATED = datetime(2026, 11, 25, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
OWN = frozenset({"news@office.example"})
SENDER = FrozenSender(
    display_name="広報課",
    address="news@office.example",
    reply_to="",
    organisation="さくら市役所",
    postal_address="さくら市1-1",
    contact="0120-000-000",
)
LETTER = CompiledLetter(
    kind="notice",
    language="ja",
    subject="お知らせ（{{ 氏名 }} 様）",
    preheader="",
    text="{{ 氏名 }} 様\n{% if 会員 == '1' %}会員の方へ{% endif %}\n連絡先: {{ 連絡先 }}\n",
    html=(
        "<p>{{ 氏名 }} 様</p>{% if 会員 == '1' %}<p>会員の方へ</p>{% endif %}"
        "<p>連絡先: {{ 連絡先 }}</p>"
    ),
    fallbacks={},
    field_names=("氏名", "会員", "連絡先"),
)


def person(number: int, **fields: str) -> OpenPerson:
    return OpenPerson(
        contact_id=number,
        revision=1,
        position=number,
        person=Person(f"reader{number}@example.jp", fields),
        suppressed=False,
    )


PEOPLE = [
    person(1, 氏名="山田 花子", 会員="1", 連絡先="課長 <taro@example.jp>"),
    person(2, 氏名="<鈴木> & 太郎", 会員="0", 連絡先="reader2@example.jp"),
    person(3, 氏名="", 会員="1", 連絡先="ｔａｒｏ＠example.jp"),
    person(4, 氏名="😀" * 200, 会員="", 連絡先="news@office.example"),
    person(5, 氏名="佐藤", 会員="1", 連絡先="hanako%40example.jp"),
]


def seen(letter: CompiledLetter = LETTER, people: list[OpenPerson] = PEOPLE) -> Survey:
    press = press_of(letter, SENDER, dated=DATED, feedback_id="check")
    return survey(press, people, expected=len(people), own=OWN)


@pytest.mark.parametrize("html", [LETTER.html, ""])
def test_it_is_what_merging_each_letter_would_show(html: str) -> None:
    letter = replace(LETTER, html=html)
    merged = [Merger(letter).merge(p.person.fields, unsubscribe_url=SAMPLE_LINK) for p in PEOPLE]
    strange: dict[str, list[int]] = {}
    for each, one in zip(PEOPLE, merged, strict=True):
        own = OWN | {parse_address(each.person.address).key_form}
        texts = (("subject", one.subject), ("text", one.text), ("html", one.html))
        for form in strangers_in(texts, own=own):
            strange.setdefault(form, []).append(each.position)
    found = seen(letter)
    assert (found.people, found.merged, found.failed.count) == (5, 5, 0)
    assert found.largest == max(map(size_of, merged))
    assert found.subject == merged[0].subject
    assert {form: who.positions for form, who in found.strange.items()} == strange
    assert "taro@example.jp" in strange
    assert {name: who.positions for name, who in found.empty.items()} == {"氏名": [3], "会員": [4]}
    assert found.gaps == [2, 3]


def test_a_letter_that_cannot_be_made_names_its_person_and_the_others_are_made() -> None:
    letter = replace(LETTER, text="{{ 会員 | round }}\n", html="")
    people = [person(1, 会員="12.6"), person(2, 会員="nan"), person(3, 会員="3")]
    found = seen(letter, people)
    assert (found.merged, found.failed.positions) == (2, [2])


def test_a_value_that_no_mail_can_carry_is_found_before_the_letter_leaves() -> None:
    """Merged it looks like any other; only composing it shows."""
    found = seen(people=[person(1, 氏名="\ud83d", 会員="1", 連絡先="")])
    assert (found.merged, found.failed.positions) == (0, [1])


def test_who_gets_none_is_only_counted_and_of_very_many_some_are_made() -> None:
    crowd = [replace(PEOPLE[0], suppressed=True), *PEOPLE[1:]]
    press = press_of(LETTER, SENDER, dated=DATED, feedback_id="check")
    found = survey(press, crowd, expected=MERGE_ALL * 2, own=OWN)
    assert (found.people, found.suppressed, found.sendable, found.merged) == (5, 1, 4, 2)
