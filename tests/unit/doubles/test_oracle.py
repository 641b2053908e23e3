"""The oracle finds what it is there to find: each broken promise, and none where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.doubles.oracle import Verdict, check_promises, compare


@dataclass(frozen=True)
class Copy:
    message_id: str
    rcpts: tuple[str, ...] = ("hanako@example.jp",)
    sha256: str = "aa"
    taken: bool = True


def test_all_is_well() -> None:
    journal = [Copy("a@x"), Copy("b@x"), Copy("b@x"), Copy("c@x", taken=False), Copy("e@x")]
    ledger = {"<a@x>": "accepted", "b@x": "accepted", "c@x": "bounced", "d@x": "in-doubt",
              "e@x": "in-doubt", "f@x": "cancelled"}  # fmt: skip
    verdict = compare(
        journal, ledger, ever_in_doubt=["<b@x>"], recipients={"a@x": "Hanako@example.jp"}
    )
    check_promises(verdict, in_doubt_at_most=3)
    assert verdict.extra_copies == {"b@x": 1}
    assert verdict.in_doubt == {"b@x", "d@x", "e@x"}


@pytest.mark.parametrize(
    ("journal", "state", "told"),
    [
        ([], "accepted", "lost: 1 (a@x)"),
        ([Copy("a@x", taken=False)], "accepted", "lost: 1"),
        ([Copy("a@x"), Copy("a@x")], "accepted", "copies that nobody said were in doubt: 1"),
        ([Copy("a@x")], "bounced", "taken, but the ledger says otherwise: 1"),
        ([Copy("a@x")], "waiting", "taken, but the ledger says otherwise: 1"),
        ([], "waiting", "not finished: 1"),
        ([Copy("a@x"), Copy("b@x")], "accepted", "in no ledger: 1 (b@x)"),
        ([Copy("a@x"), Copy("a@x", sha256="bb")], "in-doubt", "copies that differ: 1"),
        ([Copy("a@x", ("a@x", "b@x"))], "accepted", "more than one recipient: 1"),
        ([Copy("a@x", ("taro@example.jp",))], "accepted", "sent to somebody else: 1"),
    ],
)
def test_a_broken_promise_is_named(journal: list[Copy], state: str, told: str) -> None:
    verdict = compare(journal, {"a@x": state}, recipients={"a@x": "hanako@example.jp"})
    with pytest.raises(AssertionError) as failed:
        check_promises(verdict, in_doubt_at_most=1)
    assert told in str(failed.value)


def test_more_in_doubt_than_connections_is_too_many() -> None:
    verdict = compare([], {"a@x": "in-doubt", "b@x": "in-doubt"})
    check_promises(verdict, in_doubt_at_most=2)
    with pytest.raises(AssertionError, match="in doubt: 2, but at most 1"):
        check_promises(verdict, in_doubt_at_most=1)


def test_under_way_open_rows_are_no_fault() -> None:
    verdict: Verdict = compare([Copy("a@x")], {"a@x": "dot-sent", "b@x": "waiting"})
    check_promises(verdict, in_doubt_at_most=0, finished=False)
