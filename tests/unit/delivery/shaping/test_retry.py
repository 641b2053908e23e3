"""When a letter that was put off comes back, and when it is given up."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from hatobin.delivery.rules.shaping import RetrySchedule, retry_in
from hatobin.delivery.rules.shaping.retry import STANDARD
from hatobin.delivery.rules.shaping.values import NotReadable

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_standard_waits_and_then_every_four_hours_not_all_at_once() -> None:
    rng = random.Random(810)
    waits = [retry_in(attempt, rng) / MINUTE for attempt in range(1, 12)]
    assert waits[:6] == [5, 7, 8, 25, 75, 120]
    assert all(216 <= wait <= 264 for wait in waits[6:])
    assert len(set(waits[6:])) == 5


def test_a_campaign_may_have_its_own() -> None:
    schedule = RetrySchedule.from_text("1 min, 30 s, 2 h, then 1 d")
    rng = random.Random(810)
    assert [retry_in(n, rng, schedule) / MINUTE for n in (1, 2, 3)] == [1, 0.5, 120]
    assert 0.9 <= retry_in(4, rng, schedule) / timedelta(days=1) <= 1.1
    assert RetrySchedule.from_text("10 min").then == 600


def test_a_schedule_is_written_as_it_is_read() -> None:
    assert str(STANDARD) == "5 min, 7 min, 8 min, 25 min, 75 min, 2 h, then 4 h"
    assert RetrySchedule.from_text(str(STANDARD)) == STANDARD


@pytest.mark.parametrize(
    "text", ["", "then 4 h", "5", "5 min, then", "5 min; 7 min", "0 min", "90 d"]
)
def test_a_schedule_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(NotReadable):
        RetrySchedule.from_text(text)


def test_a_reply_rule_may_ask_for_more_time_never_for_less() -> None:
    rng = random.Random(810)
    assert retry_in(1, rng, at_least=1800) == 30 * MINUTE
    assert retry_in(1, rng, at_least=60) == 5 * MINUTE
