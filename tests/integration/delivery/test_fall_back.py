"""The way of sending that was named for when another does not work."""

from __future__ import annotations

import pytest
from tests.integration.delivery.stage import (
    check_promises,
    crowd,
    make_office,
    relay_that_is_down,
    send,
    states,
    troubled_since,
)

from hatobin.delivery.models import Lot
from hatobin.delivery.services.egress import save_direct
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", ["relay", "direct"])
def test_after_minutes_of_trouble_what_waits_goes_by_the_fall_back(
    sink: SinkThread, kind: str
) -> None:
    office = make_office(sink, crowd(7))
    second = office.relay
    if kind == "direct":
        source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
        second = save_direct(
            office.alice, name="直接", sources=[source], host="127.0.0.1", port=sink.port
        )
    first = office.relay = relay_that_is_down(office, second)
    dispatch = office.release()
    send(dispatch, wait=4)
    assert states(dispatch) == ["waiting"] * 7, "a short trouble is waited out"
    troubled_since(first, minutes=6)
    assert send(dispatch).accepted == 7
    check_promises(dispatch, sink)
    assert not Lot.objects.of(dispatch.workspace_id).exists()


def test_a_fall_back_that_does_not_work_either_gets_nothing(sink: SinkThread) -> None:
    office = make_office(sink, crowd(2))
    first = relay_that_is_down(office, office.relay)
    troubled_since(office.relay, minutes=1)
    troubled_since(first, minutes=6)
    office.relay = first
    dispatch = office.release()
    send(dispatch, wait=4)
    assert set(Lot.objects.of(dispatch.workspace_id).values_list("egress", flat=True)) == {first.pk}
