"""The way of sending that was named for when another does not work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.doubles.service import free_port
from tests.integration.delivery.stage import check_promises, crowd, make_office, send, states

from hatobin.common import clock
from hatobin.delivery.models import Egress, Lot
from hatobin.delivery.services.egress import save_direct, save_relay
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


def troubled_since(road: Egress, minutes: int) -> None:
    Egress.objects.of(road.workspace_id).filter(pk=road.pk).update(
        trouble_code="refused", trouble_since=clock.now() - timedelta(minutes=minutes)
    )


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
    first = save_relay(
        office.alice,
        name="止まっている中継",
        host="127.0.0.1",
        port=free_port(),
        tls="none",
        fallback_id=second.pk,
    )
    office.relay = first
    dispatch = office.release()
    send(dispatch, wait=4)
    assert states(dispatch) == ["waiting"] * 7, "a short trouble is waited out"
    troubled_since(first, minutes=6)
    assert send(dispatch).accepted == 7
    check_promises(dispatch, sink)
    assert not Lot.objects.of(dispatch.workspace_id).exists()


def test_a_fall_back_that_does_not_work_either_gets_nothing(sink: SinkThread) -> None:
    office = make_office(sink, crowd(2))
    first = save_relay(
        office.alice,
        name="止まっている中継",
        host="127.0.0.1",
        port=free_port(),
        tls="none",
        fallback_id=office.relay.pk,
    )
    troubled_since(office.relay, minutes=1)
    troubled_since(first, minutes=6)
    office.relay = first
    dispatch = office.release()
    send(dispatch, wait=4)
    assert set(Lot.objects.of(dispatch.workspace_id).values_list("egress", flat=True)) == {first.pk}
