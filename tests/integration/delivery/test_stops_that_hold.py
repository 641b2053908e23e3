"""What a mark allows is allowed for a moment only (promise P5): whatever comes between it and the dot."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.names import FakeDns
from tests.integration.delivery.stage import Office, checked
from tests.integration.delivery.test_direct_road import ZONE, office_of, people
from tests.integration.delivery.test_direct_road import sink as sink

from hatobin.delivery.egress.direct.dns import DnsAnswer, Kind
from hatobin.delivery.models import Dispatch
from hatobin.delivery.runner import send_until_settled
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.services.control import pause
from hatobin.delivery.services.direct_roads import outside_of
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


class PausingDns(FakeDns):
    """While the policy of one domain is looked up, somebody pauses the sending; the answer comes late."""

    def __init__(self, office: Office, domain: str) -> None:
        super().__init__(ZONE)
        self._office = office
        self._name = f"_mta-sts.{domain}"
        self.dispatch: Dispatch | None = None
        self.has_paused = False

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        if name == self._name and self.dispatch is not None:
            dispatch, self.dispatch = self.dispatch, None
            await in_thread(pause, self._office.alice, dispatch.pk)
            self.has_paused = True
            await asyncio.sleep(1.2)  # longer than a stop may take to hold
        return await super().ask(name, kind)


def test_a_policy_that_is_looked_up_behind_the_mark_does_not_outlast_a_stop(
    sink: SinkThread,
) -> None:
    office = office_of(sink, [*people(sakura=1), *people(momiji=1)])
    office.relay.connections = 1
    office.relay.save()
    dispatch = office.release()
    dns = PausingDns(office, "sakura.example")  # its letter is the second
    dns.dispatch = dispatch
    outside = outside_of(dns, port=sink.port, allow_loopback=True)
    found = checked(send_until_settled(dispatch.pk, timedelta(seconds=5), outside=outside))
    assert dns.has_paused, "the story happened"
    assert sink.counters.messages == 0, "no dot after the pause"
    assert (found.waiting, found.accepted, found.in_doubt) == (2, 0, 0)
