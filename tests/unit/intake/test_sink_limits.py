"""The arithmetic of limits, with a clock that is pushed."""

from __future__ import annotations

from tests.unit.intake.test_sink_rules import HandClock

from hatobin.intake.sink import ConnectionLimit, Greylist, RateLimit
from hatobin.intake.sink.limits import Limits

HERE = "127.0.0.1:25"


def passes(
    limits: Limits, client: str = "a", recipient: str = "x@d.jp", stage: str = "rcpt"
) -> bool:
    return limits.at(stage, client, HERE, [recipient]) is None


def test_a_window_slides() -> None:
    clock = HandClock()
    limits = Limits([RateLimit(messages=2, seconds=10)], clock)
    seen = []
    for passed in (0, 6, 9.9, 10, 12, 16):
        clock.now = 1000 + passed
        seen.append(passes(limits))
    assert seen == [True, True, False, True, False, True]


def test_refused_ones_do_not_count_but_may_be_held() -> None:
    clock = HandClock()
    limits = Limits([RateLimit(messages=1, seconds=1, hold=60)], clock)
    seen = []
    for passed in (0, 0.5, 2, 60, 60.6, 60.7, 121):
        clock.now = 1000 + passed
        seen.append(passes(limits))
    assert seen == [True, False, False, False, True, False, True]


def test_what_is_counted_together() -> None:
    for per, second_client, second_domain in (
        ("client", True, False),
        ("domain", False, True),
        ("client-and-domain", True, True),
    ):
        limits = Limits([RateLimit(messages=1, seconds=60, per=per)])  # type: ignore[arg-type]
        assert passes(limits, "a", "x@d.jp")
        assert not passes(limits, "a", "y@d.jp")
        assert passes(limits, "b", "x@d.jp") is second_client, per
        limits = Limits([RateLimit(messages=1, seconds=60, per=per)])  # type: ignore[arg-type]
        assert passes(limits, "a", "x@d.jp")
        assert passes(limits, "a", "x@e.jp") is second_domain, per


def test_one_that_a_second_limit_refuses_is_not_counted_by_the_first() -> None:
    narrow = RateLimit(messages=1, seconds=60, domain="d.jp")
    limits = Limits([RateLimit(messages=2, seconds=60), narrow])
    assert [passes(limits, recipient=f"x@{domain}.jp") for domain in "dddef"] == [
        True, False, False, True, False,
    ]  # fmt: skip


def test_a_limit_of_another_server_is_none_of_ours() -> None:
    limits = Limits([RateLimit(messages=1, seconds=60, server="127.0.0.2")])
    assert [passes(limits) for _ in range(3)] == [True] * 3


def test_connections_that_were_refused_do_not_count() -> None:
    limits = Limits([ConnectionLimit(at_once=1)])
    assert limits.enter("a", HERE) is None
    assert limits.enter("a", HERE) is not None
    assert limits.enter("b", HERE) is None
    limits.leave("a", HERE)
    assert limits.enter("a", HERE) is None


def test_greylisting_remembers_client_and_recipient() -> None:
    clock = HandClock()
    limits = Limits([Greylist(seconds=300)], clock)
    assert not passes(limits)
    clock.now += 299
    assert not passes(limits)
    clock.now += 1
    assert passes(limits)
    assert passes(limits)
    assert not passes(limits, client="b")
    assert not passes(limits, recipient="y@d.jp")
