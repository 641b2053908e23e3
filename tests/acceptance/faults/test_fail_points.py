"""kill -9 right before and right after each durable step of a sender: nothing is lost, nothing comes twice
but what was said to be in doubt.

The sender is the product's own. What a server really took is read from the sink's journal, and held against
the ledger by an oracle that knows nothing of the product.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from hatobin.delivery.models import Dispatch
from hatobin.delivery.runner import send_until_settled
from hatobin.delivery.services.direct_roads import outside_of
from hatobin.delivery.services.in_doubt import resend
from hatobin.delivery.statements import statement
from hatobin.intake.sink import Hang, Rule, SinkThread, read_journal
from tests.acceptance.faults import stories
from tests.acceptance.faults.fail_points import (
    NOT_ABOUT_LETTERS,
    STEPS,
    Step,
    distinct,
    writing_services,
    writing_statements,
)
from tests.acceptance.faults.stories import Story, ledger
from tests.doubles.database_tap import DatabaseTap
from tests.doubles.names import FakeDns
from tests.doubles.nursery import Nursery
from tests.doubles.oracle import check_promises, compare
from tests.integration.delivery.stage import (
    checked,
    copies,
    crowd,
    ids_of,
    make_office,
    send,
    until,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_table_names_every_statement_by_which_a_sender_changes_something() -> None:
    told = {name for step in STEPS.values() for name in step.statements}
    assert writing_statements() - NOT_ABOUT_LETTERS == told
    assert writing_services() == {"halt"}
    every = sorted(writing_statements())
    for name in told:
        assert [each for each in every if distinct(name) in statement(each)] == [name]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", STEPS)
def test_a_sender_killed_at_a_durable_step(
    sink: SinkThread, nursery: Nursery, tmp_path: Path, name: str, after: bool
) -> None:
    step = STEPS[name]
    story = getattr(stories, step.story)(sink, nursery, tmp_path / "sender.log")
    kill_at(step, story, nursery, tmp_path, sink.port, after=after)
    if "finish" in step.statements:
        nursery.sender(tmp_path / "sender.log")
        until(lambda: stories.is_over(story), "the end of the dispatch")
    finish(story, sink)
    in_doubt = [row for row in ledger(story) if row.state == "in-doubt"]
    assert len(in_doubt) in step.doubt[after]
    assert {row.reason for row in in_doubt} <= {"sender-died"}
    if step.seen[after] is not None and in_doubt:
        arrived = ids_of(in_doubt) & set(copies(sink.envelopes))
        assert (arrived == ids_of(in_doubt)) is step.seen[after]
    check(story, tmp_path, doubt=len(in_doubt))
    send_again(story, tmp_path)


@pytest.mark.parametrize(
    ("stage", "keep", "most"),
    [
        ("connect", False, 0),
        ("ehlo", False, 0),
        ("mail", False, 0),
        ("rcpt", False, 0),
        ("data", False, 0),
        ("body", False, 3),
        ("dot", False, 3),
        ("dot", True, 3),
    ],
)
def test_a_sender_killed_at_a_step_of_the_conversation(
    sink: SinkThread, nursery: Nursery, tmp_path: Path, stage: str, keep: bool, most: int
) -> None:
    sink.misbehave(Rule(stage=stage, action=Hang(keep=keep)))  # type: ignore[arg-type]
    office = make_office(sink, crowd(stories.PEOPLE), connections=3)
    story = Story(office=office, dispatch=office.release())
    child = nursery.sender(tmp_path / "sender.log")
    # Before the first answer a lane opens no second connection where it was never answered.
    wanted = 3 if stage == "dot" else 1
    until(lambda: sink.counters.faults >= wanted, f"{wanted} connections at {stage}")
    child.freeze()
    open_at_the_crash = child.connections()
    child.kill()
    sink.misbehave()
    finish(story, sink)
    in_doubt = [row for row in ledger(story) if row.state == "in-doubt"]
    assert len(in_doubt) <= min(most, open_at_the_crash)
    if stage == "dot":
        assert len(in_doubt) == 3
    check(story, tmp_path, doubt=open_at_the_crash)
    send_again(story, tmp_path)


def kill_at(
    step: Step, story: Story, nursery: Nursery, folder: Path, port: int, *, after: bool
) -> None:
    """A sender comes to the step, is held there, and killed."""
    values = connection.settings_dict
    with DatabaseTap(values["HOST"], int(values["PORT"]), step.moment(after=after)) as tap:
        child = nursery.sender(folder / "sender.log", host=tap.folder, zone=story.zone, port=port)
        story.meanwhile(child)
        came = tap.held.wait(30)
        child.kill()
        tap.let_go()
        assert came, "the sender never came to this step: " + told(folder / "sender.log")


def told(log: Path) -> str:
    return log.read_text(encoding="utf-8")


def finish(story: Story, sink: SinkThread) -> None:
    """A second sender does the rest."""
    sink.misbehave()
    stories.make_due(story)
    for dispatch in story.dispatches:
        outside = None
        if story.right is not None:
            outside = outside_of(FakeDns(story.right), port=sink.port, allow_loopback=True)
        send_all(dispatch, outside)
    states = Counter(row.state for row in ledger(story))
    assert set(states) <= {story.end, "in-doubt"}, states


def send_all(dispatch: Dispatch, outside: object = None) -> None:
    found = send_until_settled(dispatch.pk, timedelta(seconds=20), outside=outside)  # type: ignore[arg-type]
    assert not checked(found).waiting


def check(story: Story, folder: Path, *, doubt: int, ever: frozenset[str] = frozenset()) -> None:
    """The oracle's word. It reads the journal first: the ledger may only know more."""
    journal = read_journal(folder / "journal.jsonl")
    states = {next(iter(ids_of([row]))): row.state for row in ledger(story)}
    verdict = compare(journal, states, ever_in_doubt=ever)
    check_promises(verdict, in_doubt_at_most=doubt)
    if not ever:
        assert not verdict.extra_copies, "nobody has chosen to send anything again"


def send_again(story: Story, folder: Path) -> None:
    """Where a person chooses so, everybody has it; what came twice was in doubt, and is the same letter."""
    named = frozenset(ids_of([row for row in ledger(story) if row.state == "in-doubt"]))
    if not named:
        return
    for dispatch in story.dispatches:
        resend(story.office.alice, dispatch.pk)
        send(dispatch)
    assert {row.state for row in ledger(story)} == {"accepted"}
    check(story, folder, doubt=len(named), ever=named)
