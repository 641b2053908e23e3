"""What an answer means for a letter, and when it is tried again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from hatobin.delivery.rules.decide import (
    Outcome,
    Stage,
    decide,
    fill_words,
    is_about_the_road,
    kept_words,
)
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.rules.shaping.retry import retry_in
from hatobin.delivery.rules.states import DeliveryState
from hatobin.wire.reply import Reply, ReplyReader

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
RNG = random.Random(810)
HANAKO = "hanako@example.jp"


def reply(line: str) -> Reply:
    (found,) = ReplyReader().feed(f"{line}\r\n".encode())
    return found


def outcome(line: str, stage: Stage = "rcpt", attempts: int = 0, hours: float = 48) -> Outcome:
    return decide(
        reply(line),
        stage=stage,
        recipient=HANAKO,
        attempts=attempts,
        now=NOW,
        expires_at=NOW + timedelta(hours=hours),
        rng=RNG,
    )


def test_yes_is_accepted_with_the_servers_words() -> None:
    found = outcome("250 2.0.0 queued as 4711", "dot")
    assert (found.state, found.reason, found.retry_in) == (DeliveryState.ACCEPTED, "", None)
    assert (found.code, found.status, "4711" in found.words) == (250, "2.0.0", True)


def test_later_waits_longer_each_time_and_then_every_four_hours() -> None:
    minutes = [retry_in(attempt, RNG) / timedelta(minutes=1) for attempt in range(1, 10)]
    assert minutes[:6] == [5, 7, 8, 25, 75, 120]
    assert all(4 * 60 * 0.9 <= each <= 4 * 60 * 1.1 for each in minutes[6:])
    assert len(set(minutes[6:])) == 3, "not everybody comes back at the same moment"


def test_later_within_the_deadline_waits_and_right_before_it_comes_the_last_try() -> None:
    waits = outcome("451 4.3.0 later", attempts=2, hours=1)
    assert (waits.state, waits.retry_in) == (DeliveryState.WAITING, timedelta(minutes=8))
    last = outcome("451 4.3.0 later", attempts=4, hours=1)
    assert (last.state, last.retry_in) == (DeliveryState.WAITING, timedelta(seconds=3570))
    ends = outcome("451 4.3.0 later", attempts=5, hours=89 / 3600)
    assert (ends.state, ends.reason, ends.retry_in) == ("expired", "expired", None)
    assert (ends.code, ends.counted) == (451, True)


@pytest.mark.parametrize(
    ("line", "stage", "reason"),
    [
        ("550 5.1.1 unknown", "rcpt", Reason.NO_SUCH_USER),
        ("550 unknown", "rcpt", Reason.NO_SUCH_USER),
        ("550 unknown", "dot", Reason.REFUSED),
        ("550 5.1.8 bad sender", "rcpt", Reason.SENDER_REFUSED),
        ("550 go away", "mail", Reason.SENDER_REFUSED),
        ("552 5.2.2 full", "rcpt", Reason.MAILBOX_FULL),
        ("552 big", "dot", Reason.TOO_LARGE),
        ("553 bad", "rcpt", Reason.BAD_ADDRESS),
        ("550 5.1.3 bad", "rcpt", Reason.BAD_ADDRESS),
        ("550 5.2.1 disabled", "rcpt", Reason.MAILBOX_CLOSED),
        ("550 5.4.4 no route", "rcpt", Reason.NO_ROUTE),
        ("554 5.7.1 policy", "dot", Reason.POLICY),
        ("554 no", "data", Reason.REFUSED),
    ],
)
def test_no_is_final_and_has_a_reason(line: str, stage: Stage, reason: Reason) -> None:
    found = outcome(line, stage)
    assert (found.state, found.reason, found.retry_in) == (DeliveryState.BOUNCED, reason, None)


@pytest.mark.parametrize(
    ("line", "stage", "road"),
    [
        ("421 4.3.2 closing", "dot", True),
        ("530 5.7.0 sign in", "mail", True),
        ("530 5.7.0 sign in", "rcpt", False),
        ("451 4.3.0 later", "mail", False),
        ("550 5.7.1 no", "mail", False),
    ],
)
def test_an_answer_about_the_road_is_told_from_one_about_a_person(
    line: str, stage: Stage, road: bool
) -> None:
    assert is_about_the_road(reply(line), stage) is road


def test_the_address_is_taken_out_of_the_servers_words_and_put_back_for_who_may_see_it() -> None:
    kept = kept_words(f"<{HANAKO.upper()}>: no such user\0", HANAKO)
    assert kept == "<{recipient}>: no such user"
    assert fill_words(kept, HANAKO) == f"<{HANAKO}>: no such user"
    assert len(kept_words("x" * 10_000, HANAKO)) == 500


def test_the_name_before_the_at_is_taken_out_too_when_it_stands_alone() -> None:
    local_part = HANAKO.partition("@")[0]
    words = f"user {local_part} unknown, {local_part}s and x{local_part} are others"
    kept = kept_words(words, HANAKO)
    assert kept.startswith("user {local-part} unknown, ")
    assert kept.count("{local-part}") == 1
    assert fill_words(kept, HANAKO) == words
