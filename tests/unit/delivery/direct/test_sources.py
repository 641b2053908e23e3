"""Sources are chosen by weight; one that fails where others work rests and comes back."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from hatobin.delivery.egress.direct.sources import Source, SourcePool
from hatobin.delivery.egress.errors import NoSource

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
RED = Source(name="red", ehlo="red.example.jp", ipv4="192.0.2.1", weight=3)
BLUE = Source(name="blue", ehlo="blue.example.jp", ipv4="192.0.2.2", ipv6="2001:db8::2", weight=1)
SITE, OTHER = "mx.example.jp", "mx.example.com"


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def chosen(pool: SourcePool, now: datetime, times: int = 4_000) -> Counter[str]:
    rng = random.Random(5321)
    return Counter(pool.choose(now, rng).name for _ in range(times))


def fail(pool: SourcePool, source: Source, times: int, now: datetime, site: str = SITE) -> None:
    for _ in range(times):
        pool.failed(source, site, now)


def test_weights_are_kept() -> None:
    counted = chosen(SourcePool([RED, BLUE]), NOW)
    assert counted["red"] / counted["blue"] == pytest.approx(3, rel=0.15)


def test_a_source_without_weight_is_never_chosen() -> None:
    spare = Source(name="spare", ehlo="spare.example.jp", weight=0)
    assert set(chosen(SourcePool([RED, spare]), NOW)) == {"red"}
    with pytest.raises(NoSource):
        SourcePool([spare]).choose(NOW, random.Random(1))


def test_a_source_that_fails_where_another_works_is_set_aside_and_comes_back() -> None:
    pool = SourcePool([RED, BLUE])
    fail(pool, RED, 4, NOW)
    pool.worked(BLUE, SITE, later(0.1))
    assert set(chosen(pool, later(0.1))) == {"red", "blue"}  # four may be chance
    fail(pool, RED, 1, later(0.2))
    assert set(chosen(pool, later(0.3))) == {"blue"}
    assert set(chosen(pool, later(1.3))) == {"red", "blue"}


def test_a_server_that_is_down_is_nobody_s_fault() -> None:
    pool = SourcePool([RED, BLUE])
    pool.worked(BLUE, SITE, later(-1))  # before it went down
    fail(pool, RED, 50, NOW)
    fail(pool, BLUE, 50, NOW)
    pool.worked(BLUE, OTHER, later(1))  # elsewhere says nothing about this site
    fail(pool, RED, 50, later(2))
    assert set(chosen(pool, later(3))) == {"red", "blue"}


def test_a_success_ends_the_row() -> None:
    pool = SourcePool([RED, BLUE])
    for minute in range(5):
        fail(pool, RED, 4, later(minute))
        pool.worked(RED, OTHER, later(minute))
        pool.worked(BLUE, SITE, later(minute))
    assert set(chosen(pool, later(6))) == {"red", "blue"}


def test_the_only_source_is_not_set_aside_for_failures() -> None:
    pool = SourcePool([RED])
    pool.worked(RED, SITE, NOW)
    fail(pool, RED, 100, NOW)
    assert set(chosen(pool, NOW)) == {"red"}


def test_rests_become_longer_until_it_works_again() -> None:
    pool = SourcePool([RED, BLUE])
    now, rests = NOW, []
    for _ in range(8):
        pool.cannot_bind(RED, now)
        until = pool.health(RED).resting_until
        assert until is not None
        rests.append((until - now).total_seconds() / 60)
        now = until
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    pool.worked(RED, SITE, now)
    pool.cannot_bind(RED, now)
    assert pool.health(RED).resting_until == now + timedelta(minutes=1)


def test_no_source_left_says_when_one_comes_back() -> None:
    pool = SourcePool([RED, BLUE])
    pool.cannot_bind(RED, NOW)
    pool.cannot_bind(BLUE, later(0.5))
    with pytest.raises(NoSource) as caught:
        pool.choose(later(0.6), random.Random(1))
    assert (caught.value.kind, caught.value.temporary) == ("no-source", True)
    assert caught.value.retry_at == later(1)
    with pytest.raises(NoSource) as caught:
        SourcePool([]).choose(NOW, random.Random(1))
    assert caught.value.retry_at is None


def test_a_clock_that_is_set_back_wakes_a_resting_source() -> None:
    pool = SourcePool([RED])
    pool.cannot_bind(RED, NOW)
    assert set(chosen(pool, later(-600))) == {"red"}


@pytest.mark.parametrize(
    ("source", "v4", "v6"),
    [
        (RED, "192.0.2.1", None),
        (BLUE, "192.0.2.2", "2001:db8::2"),
        (Source(name="any", ehlo="any.example.jp"), "", ""),
    ],
)
def test_a_source_binds_only_families_that_it_has(
    source: Source, v4: str | None, v6: str | None
) -> None:
    assert (source.local(v6=False), source.local(v6=True)) == (v4, v6)


@pytest.mark.parametrize(
    ("sources", "words"),
    [([RED, RED], "same name"), ([Source(name="x", ehlo="x.example", weight=-1)], "negative")],
)
def test_a_pool_that_makes_no_sense_is_refused(sources: list[Source], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SourcePool(sources)
