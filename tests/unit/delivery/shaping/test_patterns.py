"""A pattern that could hang is refused; what is taken is fast on the worst text."""

from __future__ import annotations

import re
import time

import pytest
from tests.unit.delivery.shaping.samples import reply, shaping

from hatobin.delivery.rules.shaping.patterns import SUBJECT_MAX, read_pattern, subject_of
from hatobin.delivery.rules.shaping.values import NotReadable
from hatobin.wire.reply import Reply


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("^(a+)+$", "pattern-nested"),
        ("^(a|a)*b", "pattern-nested"),
        ("^(a?){1,50}b", "pattern-nested"),
        ("^((ab){2}c*)*d", "pattern-nested"),
        ("^.*a.*b.*c", "pattern-costly"),
        (".*a.*b", "pattern-costly-unanchored"),
        ("^(?=.*a)b", "pattern-construct"),
        (r"^(a)\1", "pattern-construct"),
        ("^4(", "pattern"),
        ("a*", "pattern-empty"),
        ("^4" + "x" * 400, "pattern-long"),
        ("", "pattern-missing"),
        (4, "pattern-missing"),
    ],
)
def test_a_pattern_that_may_hang_is_refused(pattern: object, code: str) -> None:
    with pytest.raises(NotReadable) as caught:
        read_pattern(pattern)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "pattern", ["^.*a.*b", ".*too many", "^(x{0,20}y{0,20})z{1,200}!", "(a|b|c).{0,200}d"]
)
def test_the_worst_text_for_a_pattern_that_is_taken_costs_little(pattern: str) -> None:
    found = read_pattern(pattern)
    for text in ("a" * SUBJECT_MAX, "xy" * 128, "ab" * 128, "too man" * 40):
        began = time.process_time()
        found.search(text[:SUBJECT_MAX])
        assert time.process_time() - began < 0.25


def test_every_shipped_rule_is_fast_on_the_texts_it_nearly_matches() -> None:
    texts = ["421 4.7.0 " + each * 60 for each in ("too many ", "rate ", "RP-00", "[TS", "a")]
    began = time.process_time()
    for rule in shaping().rules:
        for text in texts:
            rule.pattern.search(text[:SUBJECT_MAX])
    assert time.process_time() - began < 0.25


def test_only_the_beginning_of_a_reply_is_looked_at_and_on_one_line() -> None:
    assert subject_of(reply("421-4.7.28 one\r\n421 4.7.28 two")) == "421 4.7.28 one two"
    assert len(subject_of(Reply(421, None, "x" * 5000))) == SUBJECT_MAX


def test_the_case_of_letters_does_not_matter() -> None:
    assert read_pattern("^4.. GREYLIST").flags & re.IGNORECASE
