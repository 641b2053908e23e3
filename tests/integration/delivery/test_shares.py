"""What each sender may use of a lane, dealt out by the database alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from tests.integration.delivery.stage import Office, make_office

from hatobin.delivery.statements import statement
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


def dealt(office: Office, node: int, most: int, *, using: int = 0) -> int:
    """A sender tells what it has open, and is told what it may have."""
    told: dict[str, Any] = {
        "egresses": office.relay.pk, "sites": "mx.example", "most": most, "open": using, "waiting": 9,
        "in_hand": 0, "accepted": 0, "refused": 0, "per_minute": 0, "replies": "", "whys": "",
        "params": "{}", "nexts": None, "hits": None, "hit_ages": None, "titles": "", "domains": "",
    }  # fmt: skip
    values = {name: [value] for name, value in told.items()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("lock_lanes"), {"egresses": values["egresses"]})
        cursor.execute(statement("lanes"), {"node": node, "seconds": 15.0, **values})
        row = dict(zip([each.name for each in cursor.description], cursor.fetchone(), strict=True))
    return int(row["connections"])


def test_two_share_and_who_comes_later_waits_for_its_part(office: Office) -> None:
    assert dealt(office, 1, 10) == 10
    assert dealt(office, 2, 10) == 0, "the first may still use all"
    assert dealt(office, 1, 10) == 5
    assert dealt(office, 2, 10) == 5
    assert dealt(office, 3, 10) == 0
    assert [dealt(office, node, 10) for node in (1, 2, 3)] == [4, 3, 3]


def test_what_is_still_open_counts(office: Office) -> None:
    dealt(office, 1, 10)
    dealt(office, 2, 10)
    assert dealt(office, 1, 10, using=8) == 5
    assert dealt(office, 2, 10) == 2


def test_a_rule_that_leaves_one_connection_leaves_one_to_all(office: Office) -> None:
    for node in (1, 2, 1, 2):
        dealt(office, node, 10)
    dealt(office, 1, 1)  # it was told so, the other has not heard of it yet
    assert dealt(office, 2, 1) == 0
    assert dealt(office, 1, 1) == 1
    assert dealt(office, 2, 1) == 0
    assert (dealt(office, 1, 2), dealt(office, 2, 1)) == (1, 1), "there is more again"
