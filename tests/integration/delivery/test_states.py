"""The table of states: STATES.md shows it, and the real statements make these moves and no others."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.integration.delivery.stage import Office, make_office, slip_of

import hatobin.delivery
from hatobin.accounts.rules import Actor
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.delivery.models import Delivery, Dispatch, EmergencyStop, Lot
from hatobin.delivery.rules.decide import Outcome
from hatobin.delivery.rules.states import (
    DELIVERY_MOVES,
    DISPATCH_MOVES,
    OPEN,
    DeliveryState,
    DispatchState,
    Move,
)
from hatobin.delivery.runner.ledger import step_values
from hatobin.delivery.runner.node import LOCK
from hatobin.delivery.services import control, emergency, in_doubt, letters
from hatobin.delivery.services.lots import queue
from hatobin.delivery.statements import statement
from hatobin.delivery.tokens import link_token
from hatobin.feedback.services.unsubscribe import unsubscribe
from hatobin.intake.sink import SinkThread
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.suppression.services import suppress

ROOM = Path(hatobin.delivery.__file__).parent
TEXT = (ROOM / "STATES.md").read_text(encoding="utf-8")
DEAD = 424_242  # a node that nobody holds
Walk = Callable[[Office, Delivery], object]


def table(head: str) -> list[list[str]]:
    """The rows of every table whose first line is ``head``."""
    found = []
    for block in TEXT.split("\n\n"):
        lines = block.strip().splitlines()
        if lines and lines[0] == head:
            found += [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    return found


def test_the_page_names_every_move_and_no_other() -> None:
    shown = {tuple(cell.strip("`") for cell in row) for row in table("| from | to | by |")}
    assert shown == {tuple(move) for move in (*DELIVERY_MOVES, *DISPATCH_MOVES)}


def test_the_page_names_every_state_with_a_sentence() -> None:
    of_letters = {row[0].strip("`"): row[1] for row in table("| state | means | left the house? |")}
    of_dispatches = {row[0].strip("`"): row[1] for row in table("| state | means |")}
    assert of_letters.keys() == set(DeliveryState.values)
    assert of_dispatches.keys() == set(DispatchState.values)
    assert all([*of_letters.values(), *of_dispatches.values()])


def test_the_page_says_of_everybody_who_moves_where_it_is_done() -> None:
    rows = table("| who | where | what guards the move |")
    movers = {who for move in (*DELIVERY_MOVES, *DISPATCH_MOVES) for who in move.by.split(", ")}
    assert {row[0] for row in rows} == movers
    for name in re.findall(r"`((?:sql|services|\.\.)/[^`]+)`", TEXT):
        assert (ROOM / name).resolve().is_file(), name


# The walk: every actor meets every pair of states; what it changes must be in the table, under its name.


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink, [("hanako@example.jp", {"氏名": "山田花子"})])


def run(*steps: tuple[str, dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        for name, values in steps:
            cursor.execute(statement(name), values)


def by_sql(name: str, **more: Any) -> Walk:
    return lambda _office, row: run((name, {"dispatch": row.dispatch_id, "only": None, **more}))


def step(row: Delivery, *, marks: bool = False, told: Outcome | None = None) -> None:
    """The sender's own statement, with the sender's own values."""
    ours = slip_of(row, DEAD, marked=row.state == "dot-sent")
    spoken = [(ours, told, None)] if told else []
    run(("step", step_values(spoken, [(ours, None)] if marks else [], [])))


def mark(_office: Office, row: Delivery) -> None:
    step(row, marks=True)


def settle(_office: Office, row: Delivery) -> None:
    run(
        ("settle", {"dispatches": [row.dispatch_id], "ids": [row.pk], "claims": [row.claim]}),
    )


def settle_suppressed(office: Office, row: Delivery) -> None:
    suppress(
        office.workspace.pk, ["hanako@example.jp"], reason=SuppressionReason.MANUAL, source="x"
    )
    mark(office, row)
    settle(office, row)
    Suppression.objects.of(office.workspace.pk).delete()


def record(state: str) -> Walk:
    retry = timedelta(minutes=1) if state == "waiting" else None
    told = Outcome(state=DeliveryState(state), retry_in=retry)
    return lambda _office, row: step(row, told=told)


def orphans(_office: Office, row: Delivery) -> None:
    Lot.objects.across_workspaces().delete()
    run(("orphans", {"dispatches": [row.dispatch_id]}))


def finish(_office: Office, row: Delivery) -> None:
    Lot.objects.across_workspaces().delete()
    run(("finish", {"dispatches": [row.dispatch_id]}))


def by_person(act: Callable[..., object]) -> Walk:
    def walk(office: Office, row: Delivery) -> None:
        with contextlib.suppress(Conflict):
            act(office.alice, row.dispatch_id)

    return walk


def by_letter(act: Callable[[Actor, int], object], attempts: int = 0) -> Walk:
    def walk(office: Office, row: Delivery) -> None:
        Delivery.objects.of(row.workspace_id).filter(pk=row.pk).update(attempts=attempts)
        with contextlib.suppress(Conflict):
            act(office.alice, row.pk)

    return walk


def halt(code: str) -> Walk:
    return lambda _office, row: control.halt(row.dispatch_id, code, {})


def one_click(_office: Office, row: Delivery) -> None:
    unsubscribe(link_token(row.pk), channel="one-click")
    Suppression.objects.of(row.workspace_id).delete()


def emergency_stop(office: Office, _row: Delivery) -> None:
    emergency.stop(office.alice)
    EmergencyStop.objects.of(office.workspace.pk).delete()


def lift(office: Office, row: Delivery) -> None:
    """Of a stop that took hold of it, if it is in a state that a stop leaves."""
    dispatches = Dispatch.objects.of(office.workspace.pk).filter(pk=row.dispatch_id)
    dispatches.update(stop_code="emergency", stop_detail={"since": clock.now().isoformat()})
    EmergencyStop.objects.create(workspace=office.workspace, stopped_by="x", at=clock.now())
    emergency.lift(office.alice)


def under_a_stop(walk: Walk) -> Walk:
    """The same while an emergency stop stands."""

    def walked(office: Office, row: Delivery) -> None:
        EmergencyStop.objects.create(workspace=office.workspace, stopped_by="x", at=clock.now())
        walk(office, row)
        EmergencyStop.objects.of(office.workspace.pk).delete()

    return walked


OUTCOMES = ("accepted", "bounced", "expired", "cancelled", "waiting", "in-doubt")
WALKS: list[tuple[str, Walk]] = [
    ("begin", by_sql("begin")),
    ("begin", under_a_stop(by_sql("begin"))),
    ("record", under_a_stop(record("waiting"))),
    ("lift", lift),
    ("mark", mark),
    ("settle", settle),
    ("settle", settle_suppressed),
    *(("record", record(state)) for state in OUTCOMES),
    ("recover", by_sql("recover", lock=LOCK, node=DEAD)),
    ("expire", by_sql("expire")),
    ("finish", finish),
    ("orphans", orphans),
    ("stop", by_sql("cancel_stopped")),
    ("call back", by_person(control.call_back)),
    ("pause", by_person(control.pause)),
    ("resume", by_person(control.resume)),
    ("stop", by_person(control.stop)),
    ("emergency stop", emergency_stop),
    ("halt", halt("last-byte")),
    ("halt", halt("cannot-open")),
    ("resend", by_person(in_doubt.resend)),
    ("give up", by_letter(letters.give_up)),
    ("give up", by_letter(letters.give_up, attempts=1)),
    ("nobody", by_letter(letters.hold)),
    ("nobody", by_letter(letters.let_go)),
    ("nobody", by_letter(letters.retry)),
    ("unsubscribe", one_click),
]
# ``record`` reopens in the same transaction; STATES.md gives that move a name of its own.
ALIASES = {"record": {"record", "reopen"}, "mark": {"mark"}, "settle": {"settle", "mark"}}


def scenes(office: Office, *, late: bool) -> Iterator[Delivery]:
    """A row in every state, in a dispatch in every state that can have it."""
    dispatch = office.release()
    row = Delivery.objects.of(office.workspace.pk).get(dispatch=dispatch)
    now = clock.now()
    for state, whole in product(DeliveryState.values, DispatchState.values):
        if not meets(state, whole):
            continue
        row.state, row.claim = state, row.claim + 10
        row.next_attempt_at = now - timedelta(minutes=1)
        row.ended_at = None
        row.save()
        Dispatch.objects.of(office.workspace.pk).update(
            state=whole,
            hold_until=now - timedelta(minutes=1),
            expires_at=now + timedelta(minutes=-1 if late else 60),
            finished_at=None,
            stop_code="",
        )
        Lot.objects.across_workspaces().delete()
        queue(dispatch, [row])
        Lot.objects.across_workspaces().update(node=DEAD)
        yield row


def meets(state: str, whole: str) -> bool:
    """On hold nothing was marked yet; a finished dispatch has no open letter."""
    if whole == DispatchState.HELD:
        return state in {"waiting", "suppressed"}
    return whole != DispatchState.DONE or state not in OPEN


@pytest.mark.django_db
def test_the_real_statements_make_these_moves_and_no_others(office: Office) -> None:
    made: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for who, walk in WALKS:
        names = ALIASES.get(who, {who})
        for row in scenes(office, late=who == "expire"):
            whole = Dispatch.objects.of(office.workspace.pk).get(pk=row.dispatch_id)
            walk(office, row)
            after = Delivery.objects.of(office.workspace.pk).select_related("dispatch")
            now = after.get(pk=row.pk)
            for kind, before, end, moves in (
                ("letter", row.state, now.state, DELIVERY_MOVES),
                ("dispatch", whole.state, now.dispatch.state, DISPATCH_MOVES),
            ):
                if before != end:
                    allowed = movers(moves, before, end)
                    assert allowed & names, f"{kind}: {before} > {end} by {who}, not in the table"
                    made[(kind, before, end)] |= allowed & names
    check_nothing_is_only_on_paper(made)


def movers(moves: tuple[Move, ...], start: str, end: str) -> set[str]:
    return {who for move in moves if move[:2] == (start, end) for who in move.by.split(", ")}


def check_nothing_is_only_on_paper(made: dict[tuple[str, str, str], set[str]]) -> None:
    for kind, moves in (("letter", DELIVERY_MOVES), ("dispatch", DISPATCH_MOVES)):
        for move in moves:
            if move.start:  # a birth is the release's: test_release
                missing = set(move.by.split(", ")) - made[(kind, move.start, move.end)]
                assert not missing, f"{kind}: {move.start} > {move.end} is never made by {missing}"
