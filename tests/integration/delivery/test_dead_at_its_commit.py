"""A sender dies while its last step is still being committed: its letters are found all the same (promise P2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from tests.integration.delivery.stage import crowd, database_url, make_office, rows, send, until

from hatobin.delivery.models import Attempt, Delivery, Dispatch, Lot
from hatobin.delivery.runner.database import Line
from hatobin.delivery.runner.ledger import Slip, step_values
from hatobin.delivery.runner.node import Node
from hatobin.delivery.statements import statement
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

DEAD = 424_243


def leased(dispatch: Dispatch) -> Slip:
    """The first letter of a dispatch, whose lot the dead sender holds."""
    Dispatch.objects.of(dispatch.workspace_id).update(state="sending")
    Lot.objects.of(dispatch.workspace_id).update(node=DEAD)
    lot = Lot.objects.of(dispatch.workspace_id).get()
    first = rows(dispatch)[0]
    return Slip(
        id=first.pk,
        claim=first.claim,
        lot=lot.pk,
        node=DEAD,
        dispatch_id=dispatch.pk,
        egress_id=lot.egress_id,
        site=lot.site,
    )


@contextmanager
def last_step(slip: Slip) -> Iterator[psycopg.Connection]:
    """The statement has run, and is not committed yet."""
    with psycopg.connect(database_url()) as session:
        session.execute(statement("step").encode(), step_values([], [(slip, None)], []))
        yield session


async def _recover() -> None:
    line = Line()
    await Node(line).recover(DEAD)
    await line.close()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_a_mark_that_is_committed_while_its_sender_is_recovered_is_in_doubt(
    sink: SinkThread,
) -> None:
    dispatch = make_office(sink, crowd(3)).release()
    slip = leased(dispatch)
    with ThreadPoolExecutor() as pool, last_step(slip) as session:
        recovering = pool.submit(asyncio.run, _recover())
        until(waits_for_a_lock, "the recovery to meet the step")
        session.commit()
        recovering.result(20)
    first = rows(dispatch)[0]
    assert (first.state, first.reason) == ("in-doubt", "sender-died")
    assert Lot.objects.of(dispatch.workspace_id).get().node is None
    found = send(dispatch)
    assert (found.accepted, found.in_doubt, found.waiting) == (2, 1, 0)


def test_a_marked_letter_without_any_lot_is_named_when_its_dispatch_ends(sink: SinkThread) -> None:
    dispatch = make_office(sink, crowd(1)).release()
    Dispatch.objects.of(dispatch.workspace_id).update(state="sending")
    Delivery.objects.of(dispatch.workspace_id).update(state="dot-sent")
    Lot.objects.of(dispatch.workspace_id).delete()
    found = send(dispatch, wait=5)
    assert (found.in_doubt, found.waiting) == (1, 0)
    tried = Attempt.objects.of(dispatch.workspace_id).get()
    assert (tried.state, tried.reason) == ("in-doubt", "sender-died")
