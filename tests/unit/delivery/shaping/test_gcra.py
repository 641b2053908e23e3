"""Never more than rate times window plus burst, at whatever moments one asks."""

from __future__ import annotations

from itertools import combinations
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.delivery.rules.shaping.gcra import Gcra

GAPS = st.lists(st.floats(0, 3, allow_nan=False), max_size=60)
RATES = st.floats(0.01, 50)


def taken(limiter: Gcra, moments: list[float]) -> list[float]:
    return [now for now in moments if limiter.take(now)]


def moments_of(gaps: list[float], start: float = 1000.0) -> list[float]:
    now, found = start, []
    for gap in gaps:
        now += gap
        found.append(now)
    return found


@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
def test_no_window_holds_more_than_its_rate_and_the_burst(
    rate: float, burst: int, gaps: list[float]
) -> None:
    sent = taken(Gcra(rate, burst), moments_of(gaps))
    for first, last in combinations(range(len(sent)), 2):
        window = sent[last] - sent[first]
        assert last - first + 1 <= rate * window + burst + 1e-6


@given(burst=st.integers(1, 5), steps=st.lists(st.tuples(st.floats(0, 2), RATES), max_size=60))
def test_a_rate_that_changes_never_gives_its_burst_twice(
    burst: int, steps: list[tuple[float, float]]
) -> None:
    limiter = Gcra(1.0, burst)
    now, rate, allowed, sent = 0.0, 1.0, float(burst), 0
    for gap, next_rate in steps:
        now, allowed = now + gap, allowed + gap * rate
        limiter.change(next_rate, burst, now)
        rate = next_rate
        while limiter.take(now):
            sent += 1
        assert sent <= allowed + 1e-6


@given(shares=st.lists(st.floats(0.05, 1), min_size=1, max_size=5))
def test_shares_of_one_rate_stay_within_it_together(shares: list[float]) -> None:
    whole = sum(shares)
    nodes = [Gcra(20 * share / whole) for share in shares]
    sent = sum(node.take(tick / 100) for tick in range(1001) for node in nodes)
    assert sent <= 20 * 10 + len(nodes)


@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
def test_at_the_moment_that_it_names_it_says_yes_and_not_before(
    rate: float, burst: int, gaps: list[float]
) -> None:
    limiter = Gcra(rate, burst)
    for now in moments_of(gaps):
        at = limiter.next_at(now)
        assert (at == now) == limiter.take(now)
        if at > now:
            assert limiter.next_at(at) == at


def test_a_busy_sender_gets_the_whole_rate_though_its_timer_is_late() -> None:
    limiter, now, sent = Gcra(100, 10), 0.0, 0
    while now < 60:
        now = max(limiter.next_at(now), now) + 0.003
        while limiter.take(now):
            sent += 1
    assert sent >= 0.99 * 6000


def test_room_is_what_can_be_taken_at_once() -> None:
    limiter = Gcra(10, 5)
    assert limiter.room(0.0, 100) == 5
    assert taken(limiter, [0.0] * 10) == [0.0] * 5
    assert (limiter.room(0.0, 100), limiter.room(0.25, 100), limiter.room(0.25, 1)) == (0, 2, 1)
    limiter.give_back()
    assert limiter.room(0.0, 100) == 1


def test_without_a_limit_all_may_leave() -> None:
    limiter = Gcra()
    assert all(limiter.take(1.0) for _turn in range(1000))
    assert (limiter.room(1.0, 7), limiter.next_at(1.0)) == (7, 1.0)
    limiter.change(1.0, 1, 2.0)
    assert [limiter.take(2.0), limiter.take(2.0), limiter.next_at(2.0)] == [True, False, 3.0]
    limiter.change(inf, 1, 2.0)
    assert limiter.take(2.0)


@pytest.mark.parametrize("rate", [0.1, 1 / 3, 7.0])
def test_after_a_rest_only_the_burst_is_there(rate: float) -> None:
    assert len(taken(Gcra(rate, 3), [1e6] * 50)) == 3
