"""Answers are kept as long as they hold, and asked for once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.doubles.clock import StandingClock
from tests.doubles.names import FakeDns

from hatobin.delivery.egress.direct.dns import DnsFailed
from hatobin.delivery.egress.direct.mx import find_destination
from hatobin.delivery.egress.direct.resolver import Resolver

ZONE = {"example.jp": {"A": ["192.0.2.1"], "MX": ["10 mx.example.jp."]}}


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


@pytest.mark.parametrize(
    ("ttl", "name", "kept"),
    [
        (300, "example.jp", 300),
        (0, "example.jp", 60),
        (1, "example.jp", 60),
        (2**32 - 1, "example.jp", 86_400),
        (300, "unknown.jp", 300),
        (0, "unknown.jp", 60),
        (86_400, "unknown.jp", 3_600),
    ],
)
def test_an_answer_is_kept_for_its_time_within_limits(ttl: int, name: str, kept: int) -> None:
    async def story() -> None:
        clock, dns = StandingClock(), FakeDns(ZONE, ttl=ttl)
        resolver = Resolver(dns, clock=clock)
        _, until = await resolver.ask(name, "A")
        assert (until - clock.now).total_seconds() == kept
        clock.forward(seconds=kept - 1)
        await resolver.ask(f"{name.upper()}.", "A")
        assert dns.asked[name, "A"] == 1
        clock.forward(seconds=1)
        await resolver.ask(name, "A")
        assert dns.asked[name, "A"] == 2

    run(story())


def test_a_failure_is_kept_for_a_minute() -> None:
    async def story() -> None:
        clock, dns = StandingClock(), FakeDns(ZONE)
        dns.down.add(("example.jp", "A"))
        resolver = Resolver(dns, clock=clock)
        for _ in range(3):
            with pytest.raises(DnsFailed):
                await resolver.ask("example.jp", "A")
        assert dns.asked["example.jp", "A"] == 1
        dns.down.clear()
        clock.forward(seconds=60)
        answer, _ = await resolver.ask("example.jp", "A")
        assert answer.records == ("192.0.2.1",)

    run(story())


def test_a_clock_that_is_set_back_prolongs_nothing() -> None:
    async def story() -> None:
        clock, dns = StandingClock(), FakeDns(ZONE)
        resolver = Resolver(dns, clock=clock)
        await resolver.ask("example.jp", "A")
        clock.forward(days=-30)
        await resolver.ask("example.jp", "A")
        assert dns.asked["example.jp", "A"] == 2

    run(story())


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    async def story() -> None:
        dns = FakeDns({f"{n}.jp": {"A": ["192.0.2.1"]} for n in range(4)})
        resolver = Resolver(dns, clock=StandingClock(), size=3)
        for name in ("0.jp", "1.jp", "2.jp", "0.jp", "3.jp", "0.jp", "1.jp"):
            await resolver.ask(name, "A")
        assert dns.asked["0.jp", "A"] == 1
        assert dns.asked["1.jp", "A"] == 2

    run(story())


def test_many_who_ask_at_once_share_one_question_and_may_leave() -> None:
    async def story() -> None:
        dns = FakeDns(ZONE)
        dns.hold = asyncio.Event()
        resolver = Resolver(dns, clock=StandingClock())
        tasks = [asyncio.create_task(resolver.ask("example.jp", "A")) for _ in range(50)]
        while not dns.asked:
            await asyncio.sleep(0)
        tasks[0].cancel()  # the one that began it
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[0]
        dns.hold.set()
        answers = await asyncio.gather(*tasks[1:])
        assert {answer.records for answer, _ in answers} == {("192.0.2.1",)}
        assert dns.asked["example.jp", "A"] == 1

    run(story())


def test_twenty_thousand_domains_do_not_ask_all_at_once() -> None:
    async def story() -> None:
        names = [f"{n}.jp" for n in range(20_000)]
        dns = FakeDns({name: {"MX": ["10 mx.jp."]} for name in names})
        dns.hold = asyncio.Event()
        resolver = Resolver(dns, clock=StandingClock())
        finding = asyncio.gather(*(find_destination(name, resolver) for name in names))
        while not dns.asked:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert sum(dns.asked.values()) == 64
        dns.hold.set()
        assert {found.site for found in await finding} == {"mx.jp"}

    run(story())


def test_a_destination_expires_with_the_answer_it_comes_from() -> None:
    async def story() -> None:
        clock = StandingClock()
        resolver = Resolver(FakeDns(ZONE, ttl=600), clock=clock)
        found = await find_destination("example.jp", resolver)
        assert (found.expires_at - clock.now).total_seconds() == 600

    run(story())
