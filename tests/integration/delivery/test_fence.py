"""A sender that does not know whether its mark was written never undoes the mark of another one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from inspect import isawaitable

import pytest
from tests.integration.delivery.stage import make_office, rows, slip_of

from hatobin.delivery.models import Delivery, Dispatch, Lot
from hatobin.delivery.rules.decide import Outcome
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.ledger import Ledger, Slip, Verdict
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

ALICE, BOB = 71, 72  # two senders
ACCEPTED = Outcome(state=DeliveryState.ACCEPTED, code=250, status="2.0.0", words="ok")


@pytest.fixture
def slip(sink: SinkThread) -> Slip:
    """What both senders know of one letter; Alice's lot."""
    dispatch = make_office(sink, [("hanako@example.jp", {"氏名": "山田花子"})]).release()
    Dispatch.objects.of(dispatch.workspace_id).update(state="sending")
    Lot.objects.of(dispatch.workspace_id).update(node=ALICE)
    return slip_of(rows(dispatch)[0], ALICE)


def in_turn(*steps: Callable[[Ledger], Awaitable[object] | None]) -> list[object]:
    """Each step with a ledger of its own; what the steps answered."""

    async def work() -> list[object]:
        answers = []
        for step in steps:
            ledger = Ledger()
            running = asyncio.create_task(ledger.run())
            answer = step(ledger)
            answers.append(await answer if isawaitable(answer) else answer)
            await ledger.flush()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await ledger.close()
        return answers

    return asyncio.run(work())


async def does_not_know(ledger: Ledger, slip: Slip) -> None:
    """The database went away while the mark was on its way; now it is back."""
    ledger.unknown(slip)


def row_of(slip: Slip) -> Delivery:
    return Delivery.objects.across_workspaces().get(pk=slip.id)


def test_its_mark_was_never_written_and_another_has_marked_the_letter_since(slip: Slip) -> None:
    bobs = replace(slip, node=BOB)
    Lot.objects.across_workspaces().update(node=BOB)  # Alice was taken for dead
    answers = in_turn(
        lambda bob: bob.mark(bobs),
        lambda alice: does_not_know(alice, slip),
    )
    assert answers[0] is Verdict.GO
    assert row_of(slip).state == "dot-sent", "the letter is on its way, and Bob alone may say more"
    in_turn(lambda bob: bob.record(bobs, ACCEPTED))
    assert row_of(slip).state == "accepted"
    assert row_of(slip).attempts == 1


def test_its_mark_was_written_and_the_letter_waits_again(slip: Slip) -> None:
    in_turn(lambda alice: alice.mark(replace(slip)), lambda alice: does_not_know(alice, slip))
    assert (row_of(slip).state, row_of(slip).attempts) == ("waiting", 0)
    assert Lot.objects.across_workspaces().filter(node=None).count() == 1


def test_its_mark_was_written_and_it_was_taken_for_dead(slip: Slip) -> None:
    in_turn(lambda alice: alice.mark(replace(slip)))
    Delivery.objects.across_workspaces().update(state="in-doubt", attempts=1)
    in_turn(lambda alice: does_not_know(alice, slip))
    assert (row_of(slip).state, row_of(slip).attempts) == ("waiting", 0), (
        "it certainly did not leave"
    )


def test_its_mark_was_never_written_and_the_letter_waits_on(slip: Slip) -> None:
    in_turn(lambda alice: does_not_know(alice, slip))
    assert (row_of(slip).state, row_of(slip).attempts) == ("waiting", 0)
