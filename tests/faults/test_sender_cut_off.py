"""A sender that lives, but lost the database session by which the others know that it does."""

from __future__ import annotations

import pytest
from tests.faults.lost_session import cut_off
from tests.integration.delivery.stage import (
    check_promises,
    crowd,
    make_office,
    reload,
    rows,
    running_sender,
    until,
)

from hatobin.delivery.models import Delivery, Lot, SenderNode
from hatobin.intake.sink import Delay, Rule, SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 60


def test_its_letters_are_taken_over_and_what_it_still_hears_counts(sink: SinkThread) -> None:
    sink.misbehave(
        Rule(stage="dot", recipient="reader0003@*", action=Delay(8.0)),
        Rule(stage="dot", action=Delay(0.1)),
    )
    office = make_office(sink, crowd(PEOPLE), connections=3)
    with running_sender(), running_sender():
        until(lambda: SenderNode.objects.count() == 2, "both senders")
        dispatch = office.release()
        third = until_marked(rows(dispatch)[3])
        assert cut_off(node_of(third)) == 1
        until(lambda: state(third) == "in-doubt", "the other sender to take over")
        until(lambda: state(third) == "accepted", "the late answer")
        until(lambda: reload(dispatch).state == "done", "the end", within=40)
    found = check_promises(dispatch, sink)
    assert (found.accepted, found.in_doubt) == (PEOPLE, 0)
    assert rows(dispatch)[3].attempts == 1


def until_marked(row: Delivery) -> Delivery:
    until(lambda: state(row) == "dot-sent", "the dot of the slow one")
    return Delivery.objects.of(row.workspace_id).get(pk=row.pk)


def node_of(row: Delivery) -> int:
    node = Lot.objects.of(row.workspace_id).get(ids__contains=[row.pk]).node
    assert node is not None
    return node


def state(row: Delivery) -> str:
    return Delivery.objects.of(row.workspace_id).get(pk=row.pk).state
