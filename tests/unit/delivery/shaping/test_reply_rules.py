"""What servers say and what the lane does then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.shaping.samples import OK, PAUSE, lane, reply, shaping

from hatobin.delivery.rules.shaping import Hit, LaneState, fate_of
from hatobin.wire.reply import Reply

RULE = "[[rule]]\nname = 'mine'\nmatch = '^4'\n"


def pulled(state: LaneState, text: str, now: float = 0) -> str:
    return " ".join(hit.rule for hit in state.on_reply(reply(text), now))


def rule_of(text: str, domain: str, hosts: tuple[str, ...] = (), kind: str = "direct") -> str:
    """The rule that counts a reply."""
    policy = shaping().for_lane(domain, mx_hosts=hosts, egress_kind=kind)
    subject = " ".join(str(reply(text)).split("\n"))
    return next((rule.name for rule in policy.rules[0] if rule.pattern.search(subject)), "")


@pytest.mark.parametrize(
    ("domain", "text", "rule"),
    [
        ("gmail.com", PAUSE, "google-unusual-rate"),
        ("gmail.com", "421 4.7.0 Try again later, closing connection.", "google-rate"),
        ("gmail.com", "421-4.7.0 Our system has detected an unusual rate of\r\n421 4.7.0 mail", "google-rate"),
        ("gmail.com", "450 4.2.1 The user you write to is getting mail too quickly", "google-mailbox-rate"),
        ("gmail.com", "550 5.1.1 The email account that you tried to reach does not exist", ""),
        ("yahoo.com", "421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", "yahoo-complaints"),
        ("yahoo.com", "421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred", "yahoo-throttle"),
        ("aol.com", "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred", "yahoo-throttle"),
        ("outlook.com", "421 RP-001 (SNT004) Unfortunately, some messages from 192.0.2.1 weren't sent", "microsoft-rp"),
        ("hotmail.com", "421 RP-003 The mail server IP has been blocked", "microsoft-rp"),
        ("outlook.jp", "451 4.7.650 The mail server has been temporarily rate limited", "microsoft-rate"),
        ("outlook.com", "451 4.7.500 Server busy. Please try again later", "microsoft-busy"),
        ("icloud.com", "451 4.7.1 too many messages, slow down", "apple-throttle"),
        ("yahoo.co.jp", "421 Service temporarily busy", "yahoo-japan-throttle"),
        ("docomo.ne.jp", "452 Too many recipients received this hour", "docomo-throttle"),
        ("docomo.ne.jp", "550 Unknown user hanako@docomo.ne.jp", "docomo-unknown-users"),
        ("ezweb.ne.jp", "421 service not available", "au-throttle"),
        ("i.softbank.jp", "450 try later", "softbank-throttle"),
        ("example.jp", "451 4.7.1 Greylisting in action, please come back later", "greylisting"),
        ("example.jp", "450 4.2.0 recipient is graylisted", "greylisting"),
        ("example.jp", "421 4.7.0 too many concurrent SMTP connections from 192.0.2.1", "too-many-connections"),
        ("example.jp", "451 4.7.1 rate limit exceeded", "rate-limited"),
        ("example.jp", "452 4.2.2 mailbox full", ""),
        ("example.jp", "451 4.3.0 temporary failure", ""),
    ],
)  # fmt: skip
def test_the_rule_for_what_servers_are_known_to_say(domain: str, text: str, rule: str) -> None:
    assert rule_of(text, domain) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("454 Throttling failure: Maximum sending rate exceeded.", "ses-rate"),
        ("454 4.7.0 Throttling failure: Daily message quota exceeded.", "ses-daily-quota"),
    ],
)
def test_a_relay_that_throttles(text: str, rule: str) -> None:
    hosts = ("email-smtp.us-east-1.amazonaws.com",)
    assert rule_of(text, "gmail.com", hosts, "smtp-relay") == rule


def test_gmails_stop_is_ten_minutes_then_one_connection_and_one_more_at_a_time() -> None:
    state, now = lane(domain="gmail.com"), 0.0
    (hit,) = state.on_reply(reply(PAUSE), now)
    assert hit.said == "421 4.7.28"
    assert (state.next_send_at(now), state.take(599.9), state.may_open(599.9)) == (
        600,
        False,
        False,
    )
    found = state.why_slow(1)
    assert found is not None
    assert found.code == "suspended"
    assert found.params == {"rule": "google-unusual-rate", "said": "421 4.7.28", "until": 600}
    widths = []
    for now in range(600, 1200):
        while state.may_open(now):
            state.on_opening(now)
            state.on_connected(now)
        state.on_reply(OK, now)
        widths.append(state.open)
    assert [widths.index(width) for width in (1, 2, 3, 4, 5)] == [0, 61, 121, 181, 241]
    assert state.why_slow(now + 60) is not None
    assert state.why_slow(now + 60).code == "connections"  # type: ignore[union-attr]


def test_a_trigger_waits_for_enough_within_its_time() -> None:
    state = lane(domain="gmail.com")
    text = "421 4.7.0 Try again later"
    assert [pulled(state, text, now) for now in (0, 1800, 3601)] == ["", "", ""]
    assert pulled(state, text, 3700) == "google-rate"
    assert pulled(state, text, 3701) == "", "counting begins anew"


def test_slow_halves_rate_and_connections_and_ends_step_by_step() -> None:
    own = RULE + "action = 'slow'\nduration = '10 min'\n[default]\nslow_start = 10\nrate = '64/s'\n"
    state = lane(own)
    pulled(state, "451 slow", 0)
    pulled(state, "451 what was under way when it said so", 5)
    assert (state.allowed, _per_second(state, 100)) == (5, 32)
    pulled(state, "451 slower", 100)
    assert (state.allowed, _per_second(state, 200)) == (2, 16)
    assert state.why_slow(200).params["part"] == 4  # type: ignore[union-attr]
    assert (_per_second(state, 701), _per_second(state, 1301)) == (32, 64)
    for now in range(1400, 3000, 40):
        pulled(state, "451 slower", now)
    assert (state.allowed, _per_second(state, 3000)) == (1, 1)


def test_a_set_rate_holds_for_its_time_and_the_slower_of_two_stays() -> None:
    fast = RULE + "action = 'set-rate'\nrate = '8/s'\nduration = '10 min'\n"
    slow = fast.replace("mine", "slow").replace("^4", "^421").replace("8/s", "2/s")
    state = lane(slow + fast)
    pulled(state, "421 x", 0)
    pulled(state, "451 x", 1)
    assert _per_second(state, 2) == 2
    assert state.why_slow(2).code == "rate-set"  # type: ignore[union-attr]
    assert _per_second(state, 700) == 100


def test_greylisting_does_not_slow_the_lane() -> None:
    state = lane()
    for now in range(100):
        (hit,) = state.on_reply(reply("451 4.7.1 Greylisted, come back later"), now)
        assert (hit.defers, hit.seconds) == (True, 300)
    assert (state.allowed, state.suspended_until, state.next_send_at(100)) == (5, None, 100)
    assert state.why_slow(100) is None


def test_a_hit_can_be_told_to_another_process_with_what_is_left_of_it() -> None:
    other = lane(domain="gmail.com")
    other.apply(Hit(rule="google-unusual-rate", actions=("suspend",), seconds=480), 1000)
    assert (other.suspended_until, other.take(1479)) == (1480, False)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    state = lane(domain="gmail.com")
    state.apply(Hit(rule="long", actions=("suspend",), seconds=3600), 0)
    state.on_reply(reply(PAUSE), 1)
    assert state.suspended_until == 3600


def test_a_workspaces_rule_acts_beside_the_shipped_one() -> None:
    own = "[[rule]]\nname = 'own'\nmatch = '^421 '\naction = 'suspend'\nduration = '1 h'\n"
    state = LaneState(shaping(workspace=own).for_lane("gmail.com"))
    assert pulled(state, PAUSE) == "google-unusual-rate own"
    assert (state.suspended_until, state.allowed) == (3600, 1)


@given(
    code=st.integers(400, 499),
    text=st.sampled_from(
        [
            "4.7.28 unusual rate",
            "4.7.0 rate",
            "[TSS04]",
            "RP-001",
            "greylist",
            "too many connections",
        ]
    ),
    domain=st.sampled_from(["gmail.com", "yahoo.com", "outlook.com", "docomo.ne.jp", "a.jp"]),
    times=st.integers(1, 10),
)
def test_no_rule_turns_a_refusal_for_now_into_a_failure(
    code: int, text: str, domain: str, times: int
) -> None:
    state = lane(domain=domain)
    for turn in range(times):
        answer = Reply(code, None, text)
        hits = state.on_reply(answer, turn)
        assert fate_of(answer, defer=any(hit.defers for hit in hits)) == "waits"


def test_a_rule_may_keep_a_letter_from_failing() -> None:
    blocked = reply("550 5.7.1 Service unavailable; client host blocked")
    assert (fate_of(blocked), fate_of(blocked, defer=True)) == ("final", "waits")
    assert fate_of(OK, defer=True) == "accepted"


def _per_second(state: LaneState, now: float) -> float:
    """How many leave in a second, after the burst."""
    while state.take(now):
        pass
    return sum(state.take(now + tick / 2000) for tick in range(1, 2001))
