"""What the guard says before a release: each rule with the case it lets pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatobin.content.analysis import Link
from hatobin.guard.facts import AudienceFacts, EmptyField, LetterFacts
from hatobin.guard.findings import Finding, from_error
from hatobin.guard.rules import RULES, judge

LETTER = LetterFacts(
    kind="notice",
    subject="12月のお知らせ",
    has_text=True,
    has_html=True,
    html_bytes=12_000,
    link_host="mail.sakura-city.example",
    link_secure=True,
)
PEOPLE = AudienceFacts(people=1000, sendable=1000, suppressed=0, road="away")


def codes(letter: LetterFacts = LETTER, people: AudienceFacts = PEOPLE) -> dict[str, str]:
    """Code to level."""
    return {finding.code: finding.level for finding in judge(letter, people)}


def test_an_ordinary_letter_to_an_ordinary_list_passes_in_silence() -> None:
    assert codes() == {}


def test_a_letter_to_nobody_is_refused() -> None:
    nobody = AudienceFacts(people=3, sendable=0, suppressed=3)
    assert codes(people=nobody) == {"nobody-to-mail": "refuse"}


def test_an_address_of_a_person_in_the_text_is_refused() -> None:
    assert codes(replace(LETTER, strangers=1)) == {"address-of-a-person": "refuse"}


def test_a_letter_that_shows_another_persons_address_is_refused_and_names_the_row() -> None:
    (found,) = judge(replace(LETTER, leaking=(30,)), PEOPLE)
    assert (found.code, found.level, found.positions) == ("address-of-another", "refuse", (30,))


def test_marks_of_other_programs_are_refused_and_values_nobody_looked_at_are_told() -> None:
    (found,) = judge(replace(LETTER, look_alikes=("氏名",)), PEOPLE)
    assert (found.code, found.level) == ("look-alike", "refuse")
    assert "{{ 氏名 }}" in found.advice
    assert codes(replace(LETTER, unseen=True)) == {"values-not-looked-at": "advise"}


def test_a_letter_that_cannot_be_made_for_one_person_is_refused_and_names_the_row() -> None:
    (found,) = judge(replace(LETTER, broken_people=1, broken_positions=(7,)), PEOPLE)
    assert (found.code, found.level, found.positions) == ("merge-failed", "refuse", (7,))


@pytest.mark.parametrize(("empty", "level"), [(1, "advise"), (500, "advise"), (501, "refuse")])
def test_empty_fields_are_told_and_for_most_of_a_list_refused(empty: int, level: str) -> None:
    field = EmptyField(name="氏名", count=empty, positions=(2, 5))
    (found,) = judge(LETTER, replace(PEOPLE, empty=(field,)))
    assert (found.code, found.level, found.positions) == ("empty-fields", level, (2, 5))
    assert "氏名" in found.text
    assert str(empty) in found.text


@pytest.mark.parametrize(
    ("problem", "code", "level"),
    [
        ("broken", "link-broken", "refuse"),
        ("other-target", "link-text-differs", "advise"),
        ("not-secure", "link-not-secure", "advise"),
    ],
)
def test_links_that_mislead_are_told(problem: str, code: str, level: str) -> None:
    link = Link(url="http://b.example/", text="a.example", problem=problem)  # type: ignore[arg-type]
    assert codes(replace(LETTER, links=(link, Link(url="https://a.example/", text="ok")))) == {
        code: level
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "hatobin.localhost"])
def test_an_unsubscribe_link_to_this_machine_is_refused_when_letters_leave_it(host: str) -> None:
    letter = replace(LETTER, link_host=host)
    assert codes(letter) == {"unsubscribe-unreachable": "refuse"}
    assert codes(letter, replace(PEOPLE, road="this-machine")) == {
        "unsubscribe-unreachable": "advise"
    }
    assert codes(letter, replace(PEOPLE, road="sandbox")) == {}


def test_an_unsubscribe_link_without_encryption_is_told() -> None:
    assert codes(replace(LETTER, link_secure=False)) == {"unsubscribe-not-secure": "advise"}


def test_unsigned_letters_to_the_recipients_own_servers_are_refused() -> None:
    letter = replace(LETTER, unsigned_domain="sakura-city.example")
    straight = replace(PEOPLE, straight="always")
    (found,) = judge(letter, straight)
    assert (found.code, found.level, found.where) == ("unsigned", "refuse", "domains")
    assert "sakura-city.example" in found.text
    assert codes(people=straight) == {}, "somebody signs"
    assert codes(letter, replace(PEOPLE, straight="fall-back")) == {"unsigned": "advise"}
    assert codes(letter) == {}, "a relay or mail service may sign"


@pytest.mark.parametrize(("size", "told"), [(102 * 1024, False), (102 * 1024 + 1, True)])
def test_a_letter_that_gmail_cuts_off_is_told(size: int, told: bool) -> None:
    assert ("too-large" in codes(replace(LETTER, html_bytes=size))) is told


@pytest.mark.parametrize("subject", ["【仮題】お知らせ", "テスト", "Draft: December", "XXX様"])
def test_draft_words_in_a_subject_are_told(subject: str) -> None:
    assert codes(replace(LETTER, subject=subject)) == {"subject-draft": "advise"}


def test_words_that_only_look_like_draft_words_pass() -> None:
    assert codes(replace(LETTER, subject="The latest news, drafted with care")) == {}


@pytest.mark.parametrize(("length", "told"), [(30, False), (31, True)])
def test_japanese_letters_of_a_subject_count_two(length: int, told: bool) -> None:
    assert ("subject-long" in codes(replace(LETTER, subject="あ" * length))) is told


@pytest.mark.parametrize(("before", "told"), [(None, False), (700, False), (600, True)])
def test_a_list_that_grew_overnight_is_told(before: int | None, told: bool) -> None:
    assert ("many-more" in codes(people=replace(PEOPLE, last_count=before))) is told


def test_what_refuses_comes_first_and_every_finding_says_what_to_do() -> None:
    worst = replace(LETTER, subject="テスト", has_text=False, strangers=2, link_secure=False)
    found = judge(worst, replace(PEOPLE, last_count=1))
    assert [f.level for f in found] == sorted((f.level for f in found), reverse=True)
    assert all(f.text and f.advice for f in found)


def test_every_rule_says_why_it_exists() -> None:
    assert all(rule.__doc__ for rule in RULES)


def test_an_error_becomes_a_finding_whose_percent_signs_survive() -> None:
    from hatobin.common.errors import Invalid

    found = from_error(Invalid("x", "%(n)s %% of it", params={"n": 100}, field="text"))
    assert isinstance(found, Finding)
    assert (found.text, found.level, found.where) == ("100 % of it", "refuse", "text")
