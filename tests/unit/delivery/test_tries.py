"""How long a letter is tried and when again, as people type it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from hatobin.common.errors import Invalid
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.tries import Tries, as_typed, length_text

USUAL = timedelta(hours=48)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", None),
        ("  ", None),
        ("6 h", timedelta(hours=6)),
        ("90min", timedelta(minutes=90)),
        ("５分", timedelta(minutes=5)),
        ("1.5時間", timedelta(minutes=90)),
        ("7日間", timedelta(days=7)),
    ],
)
def test_how_long_is_read_in_either_language(text: str, length: timedelta | None) -> None:
    assert Tries.from_text(text, "").give_up_after == length


@pytest.mark.parametrize(
    ("text", "waits", "then"),
    [
        ("5 min, 10 min, then 1 h", (300, 600), 3600),
        ("5 min", (300,), 300),
        ("1 min, then every 2 hours", (60,), 7200),
        ("5分、10分、その後1時間ごと", (300, 600), 3600),
        ("５分。その後は１日おき", (300,), 86400),
    ],
)
def test_when_again_is_read_in_either_language(
    text: str, waits: tuple[float, ...], then: float
) -> None:
    assert Tries.from_text("", text).retry == RetrySchedule(waits, then)


@pytest.mark.parametrize(
    ("give_up_after", "retry", "code", "field"),
    [
        ("soon", "", "give-up-unreadable", "give_up_after"),
        ("-1 h", "", "give-up-unreadable", "give_up_after"),
        ("4 min", "", "give-up-range", "give_up_after"),
        ("8 d", "", "give-up-range", "give_up_after"),
        ("99 d", "", "give-up-range", "give_up_after"),
        ("", "now and then", "retry-unreadable", "retry"),
        ("", "then 1 h", "retry-unreadable", "retry"),
        ("", "5 min, then", "retry-unreadable", "retry"),
        ("", "30 s, then 1 h", "retry-range", "retry"),
        ("", "5 min, then 10 s", "retry-range", "retry"),
        ("", "5 min, then 8 d", "retry-range", "retry"),
        ("", "5 min, then 99 d", "retry-range", "retry"),
        ("", ", ".join(["5 min"] * 21), "retry-too-many", "retry"),
        ("", ", ".join(["5 min"] * 51), "retry-unreadable", "retry"),
    ],
)
def test_what_cannot_be_used_is_refused_and_names_its_field(
    give_up_after: str, retry: str, code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Tries.from_text(give_up_after, retry)
    assert (refused.value.code, refused.value.field) == (code, field)
    for language in ("ja", "en"):
        with override(language):
            assert refused.value.advice


def test_times_that_all_come_too_late_are_refused() -> None:
    for tries in (Tries.from_text("1 h", "1 h"), Tries.from_text("", "3 d")):
        with pytest.raises(Invalid) as refused:
            tries.lasting(USUAL)
        assert (refused.value.code, refused.value.field) == ("retry-too-late", "retry")
    assert Tries.from_text("1 h", "59 min").lasting(USUAL) == timedelta(hours=1)
    assert Tries.from_text("5 min", "").lasting(USUAL) == timedelta(minutes=5), "the usual schedule"
    assert Tries().lasting(USUAL) == USUAL


def test_a_change_of_one_leaves_the_other() -> None:
    both = Tries.from_text("6 h", "5 min, then 1 h")
    assert both.changed(None, None) == both
    assert both.changed("", None) == Tries(retry=both.retry)
    assert both.changed(None, "") == Tries(give_up_after=both.give_up_after)


_WAIT = st.integers(60, 604_800)


@given(
    waits=st.lists(_WAIT, min_size=1, max_size=20),
    then=_WAIT,
    language=st.sampled_from(["ja", "en"]),
)
def test_what_is_shown_can_be_typed_again(waits: list[int], then: int, language: str) -> None:
    schedule = RetrySchedule(tuple(map(float, waits)), float(then))
    assert len(str(schedule)) <= 400, "it has its place in the database"
    with override(language):
        assert Tries.from_text("", as_typed(schedule)).retry == schedule
    assert Tries.from_text("", str(schedule)).retry == schedule


@given(seconds=st.integers(300, 604_800))
def test_a_length_that_is_answered_can_be_sent_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert Tries.from_text(length_text(length), "").give_up_after == length
