"""A lane's pace: connections that grow with success, a dead site left alone, leases, and the cost."""

from __future__ import annotations

import timeit
import tracemalloc
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.shaping.samples import OK, lane, reply, shaping

from hatobin.delivery.rules.shaping import LaneState
from hatobin.delivery.rules.shaping.why import Why


def opened(state: LaneState, now: float, most: int = 50) -> int:
    """As many connections as the lane lets one open."""
    before = state.open
    while state.open - before < most and state.may_open(now):
        state.on_opening(now)
        state.on_connected(now)
    return state.open - before


def accept(state: LaneState, count: int, now: float) -> None:
    for _turn in range(count):
        assert state.on_reply(OK, now) == ()


def fail(state: LaneState, now: float, count: int = 1) -> None:
    for _turn in range(count):
        state.on_opening(now)
        state.on_connection_failed(now, "refused")


def why(state: LaneState, now: float) -> str:
    found = state.why_slow(now)
    return found.code if found else ""


def test_a_lane_begins_with_five_connections_and_grows_by_one_for_each_full_round() -> None:
    state = lane()
    assert opened(state, 0) == 5
    accept(state, 4, 1)
    assert opened(state, 1) == 0
    accept(state, 1, 1)
    assert opened(state, 1) == 1
    accept(state, 6, 1)
    assert opened(state, 1) == 1


def test_it_never_opens_more_than_the_policy_allows() -> None:
    state = lane()
    for now in range(1000):
        opened(state, now)
        accept(state, 10, now)
    assert state.open == state.policy.connections == 10
    assert why(state, 2000) == "connections"


def test_success_that_needs_few_connections_earns_no_right_to_many() -> None:
    state = lane("[default]\nconnections = 100\n")
    state.on_opening(0)
    state.on_connected(0)
    accept(state, 10_000, 1)
    assert state.allowed == state.open + state.policy.slow_start


def test_no_reply_about_a_letter_narrows_the_window() -> None:
    state = lane()
    opened(state, 0)
    for text in ("550 5.1.1 unknown", "452 4.2.2 full", "554 5.7.1 no"):
        assert state.on_reply(reply(text), 1) == ()
    assert (state.allowed, state.next_send_at(1), state.why_slow(1)) == (5, 1, _at_width(5, 10))


def _at_width(connections: int, most: int) -> Why:
    return Why(code="warming-up", params={"connections": connections, "most": most})


def test_a_failed_connection_takes_one_away_and_a_letter_that_goes_well_forgives() -> None:
    state = lane()
    fail(state, 0)
    assert (state.allowed, why(state, 0)) == (4, "after-failures")
    accept(state, 1, 1)
    fail(state, 1)
    assert (state.allowed, state.suspended_until) == (3, None)


def test_a_dead_site_is_left_alone_longer_each_time_and_then_tried_with_one_connection() -> None:
    state, now, waits = lane(), 100.0, []
    for _outage in range(9):
        while state.suspended_until is None:
            fail(state, now)
        assert not state.take(now)
        assert not state.may_open(now)
        assert why(state, now) == "dead"
        waits.append(state.suspended_until - now)
        now = state.next_send_at(now)
        assert opened(state, now) == 1
        state.on_closed(now)
    assert waits == [5, 30, 60, 120, 300, 600, 1800, 1800, 1800]
    accept(state, 1, now)
    assert state.allowed == 5
    assert why(state, now) == ""


def test_one_outage_is_one_failure_however_many_connections_notice_it() -> None:
    state = lane("[default]\nconnections = 40\nslow_start = 40\n")
    opened(state, 0, 40)
    for turn in range(40):
        state.on_connection_failed(1 + turn / 100, "timeout", connected=True)
    assert state.suspended_until is not None
    assert state.suspended_until < 7
    assert (state.open, state.connected) == (0, 0)


def test_our_own_words_for_a_failure_never_pull_a_rule() -> None:
    state = lane(domain="gmail.com")
    state.on_opening(0)
    assert state.on_connection_failed(0, "421 4.7.28 unusual rate") == ()
    assert why(state, 0) == "after-failures"


def test_a_greeting_that_refuses_pulls_a_rule() -> None:
    state = lane(domain="gmail.com")
    state.on_opening(0)
    (hit,) = state.on_connection_failed(
        0, "greeting-refused", reply=reply("421 4.7.28 unusual rate")
    )
    assert hit.rule == "google-unusual-rate"
    assert (state.suspended_until, state.open) == (600, 0)


def test_the_rate_of_the_policy_is_kept_and_told() -> None:
    state = lane(domain="docomo.ne.jp")
    sent = sum(state.take(tick / 100) for tick in range(1001))
    assert 50 <= sent <= 50 + state.policy.burst
    found = state.why_slow(10)
    assert found == Why(code="rate", params={"per_second": 5})


def test_an_unlimited_lane_is_not_slow_by_its_rate_even_when_asked_about_a_moment_ago() -> None:
    """Whoever asks may have read the clock before the last letter was taken."""
    state = lane('[default]\nrate = "unlimited"\n')
    assert state.take(10.0)
    assert state.why_slow(9.99) is None


def test_without_a_lease_nothing_leaves_and_a_new_one_brings_its_share() -> None:
    state = lane(domain="docomo.ne.jp")
    state.lease(0, connections=1, share=0.5, until=10)
    assert opened(state, 0) == 1
    sent = sum(state.take(tick / 100) for tick in range(1001))
    assert 24 <= sent <= 26
    assert (state.next_send_at(10), state.may_open(10), state.room(10, 9)) == (inf, False, 0)
    assert why(state, 10) == "no-lease"
    state.lease(20, connections=2, share=1, until=30)
    assert state.next_send_at(20) == 20
    state.lease(21, connections=0, share=0, until=31)
    assert state.next_send_at(21) == inf


def test_what_a_rule_takes_is_taken_from_all_processes_together() -> None:
    own = "[[rule]]\nname = 'half'\nmatch = '^451 '\naction = 'slow'\nduration = '10 min'\nmeaning = 'x'\n"
    state = lane(own)
    assert state.most == 10
    state.on_reply(reply("451 slow"), 0)
    state.lease(0, connections=2, share=0.4, until=inf)
    assert (state.most, state.allowed) == (5, 2), "half of all, and of that the part that was given"


def test_one_connection_means_one_of_all_processes_and_more_come_back_by_themselves() -> None:
    state = lane(domain="gmail.com")
    state.on_connected(0)
    state.on_reply(reply("421 4.7.28 unusual rate"), 0)
    assert state.most == 1
    state.lease(0, connections=1, share=1, until=inf)
    grown = []
    for now in range(700, 2000, 10):
        state.on_reply(OK, now)
        grown.append(state.most)
    assert grown[0] < 5, "one by one"
    assert sorted(grown) == grown
    assert (state.most, state.allowed) == (5, 1), (
        "its part is one, but there is more for the others"
    )


def test_new_files_are_followed_without_forgetting() -> None:
    state = lane(domain="gmail.com")
    state.on_reply(reply("421 4.7.28 unusual rate"), 0)
    state.follow(
        shaping("[group.google]\nconnections = 1\nrate = '1/s'\n").for_lane("gmail.com"), 1
    )
    assert (state.suspended_until, state.allowed) == (600, 1)
    assert [state.take(600), state.take(600)] == [True, False]


def test_a_person_may_end_a_pause() -> None:
    state = lane(domain="gmail.com")
    state.on_reply(reply("421 4.7.28 unusual rate"), 0)
    state.resume(1)
    assert (state.take(1), state.allowed) == (True, 1)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["take", "ok", "4.7.28", "4.7.0", "many", "fail", "lease", "close", "550"]),
        st.floats(0, 400),
    ),
    max_size=120,
)
REPLIES = {
    "ok": OK,
    "4.7.28": reply("421 4.7.28 unusual rate"),
    "4.7.0": reply("421 4.7.0 try again later"),
    "many": reply("451 too many connections"),
    "550": reply("550 5.1.1 unknown"),
}


@given(events=EVENTS)
def test_whatever_happens_limits_hold_and_a_suspended_lane_sends_nothing(
    events: list[tuple[str, float]],
) -> None:
    state, now, sent = lane(domain="gmail.com"), 0.0, []
    for what, gap in events:
        now += gap
        paused = state.suspended_until
        if state.may_open(now) and what == "take":
            state.on_opening(now)
            state.on_connected(now)
        assert 0 <= state.open <= state.policy.connections
        assert 1 <= state.allowed <= state.policy.connections
        at = state.next_send_at(now)
        if state.take(now):
            assert at <= now
            assert paused is None or paused <= now
            sent.append(now)
        else:
            assert at > now
        _happen(state, what, now)
    rate, burst = 100, state.policy.burst
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= rate * (sent[last] - sent[first]) + burst + 1e-6


def _happen(state: LaneState, what: str, now: float) -> None:
    if what in REPLIES:
        state.on_reply(REPLIES[what], now)
    elif what == "fail":
        fail(state, now)
    elif what == "lease":
        state.lease(now, connections=2, share=0.4, until=now + 100)
    elif what == "close" and state.connected:
        state.on_closed(now)


@pytest.mark.parametrize(("domain", "kind"), [("example.jp", "direct"), ("x.jp", "smtp-relay")])
def test_the_usual_case_costs_less_than_two_microseconds(domain: str, kind: str) -> None:
    state = LaneState(shaping().for_lane(domain, egress_kind=kind))
    for call in (lambda: state.on_reply(OK, 1.0), lambda: state.next_send_at(1.0)):
        # The best of many short runs: other programs of the machine are not what is measured.
        assert min(timeit.repeat(call, number=1000, repeat=30)) / 1000 < 2e-6


def test_twenty_thousand_lanes_fit_into_fifty_megabytes_though_all_are_slowed() -> None:
    found, slow = shaping(), reply("451 too many messages from you")
    tracemalloc.start()
    try:
        lanes = [LaneState(found.for_lane(f"d{number}.jp")) for number in range(20_000)]
        for state in lanes:
            for turn in range(4):
                state.on_reply(slow, turn)
        assert all(why(state, 5) == "slowed" for state in lanes[::1000])
        assert tracemalloc.get_traced_memory()[0] < 50e6
    finally:
        tracemalloc.stop()
