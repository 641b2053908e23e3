"""Straight to the servers of each domain: lanes of their own, each at its own pace, no one in another's way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.doubles.names import FakeDns, Zone
from tests.doubles.ports import free_port
from tests.integration.delivery.stage import (
    Office,
    People,
    check_promises,
    checked,
    due_now,
    make_office,
    rows,
    running_sender,
    states,
    until,
)

from hatobin.common import clock
from hatobin.delivery.models import Attempt, Dispatch, Egress, Lot, Route
from hatobin.delivery.queries import Sums, sums
from hatobin.delivery.runner import send_until_settled
from hatobin.delivery.runner.road import Roads
from hatobin.delivery.services.direct_roads import outside_of
from hatobin.delivery.services.egress_direct import save_direct
from hatobin.intake.sink import Answer, Rule, SinkOptions, SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

HERE, THERE, NOWHERE = "127.0.0.2", "127.0.0.3", "127.0.0.9"
SOURCE = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
ZONE: Zone = {
    "sakura.example": {"MX": ["10 mx1.sakura.example."]},
    "kaede.example": {"MX": ["10 mx.kaede.example."]},
    "momiji.example": {"MX": ["10 mx1.sakura.example."]},  # the same servers as sakura.example
    "gone.example": {"MX": ["10 mx.gone.example."]},
    "gmail.com": {"MX": ["10 mx.google.com."]},
    "mx1.sakura.example": {"A": [HERE]},
    "mx.kaede.example": {"A": [THERE]},
    "mx.gone.example": {"A": [NOWHERE]},
    "mx.google.com": {"A": [THERE]},
}


@pytest.fixture(params=["none"])
def sink(request: pytest.FixtureRequest) -> Iterator[SinkThread]:
    """One port on two addresses: the servers of all domains but the one that is down."""
    port = free_port(HERE, THERE)
    options = SinkOptions(hosts=(HERE, THERE), ports=(port,), tls=request.param)
    with SinkThread(options) as thread:
        yield thread


def office_of(sink: SinkThread, people: People, **values: object) -> Office:
    """An office that sends directly."""
    office = make_office(sink, people)
    road = save_direct(
        office.alice,
        name="直接",
        sources=[SOURCE],
        connections=4,
        **values,  # type: ignore[arg-type]
    )
    return replace(office, relay=road)


def send(
    dispatch: Dispatch, sink: SinkThread, zone: Mapping[str, dict[str, list[str]]] = ZONE
) -> Sums:
    outside = outside_of(FakeDns(zone), port=sink.port, allow_loopback=True)
    return checked(send_until_settled(dispatch.pk, timedelta(seconds=8), outside=outside))


def people(**count: int) -> People:
    """``people(sakura=3)``: so many at sakura.example."""
    return [
        (f"reader{n}@{name}.{'com' if name == 'gmail' else 'example'}", {"氏名": f"{name} {n}"})
        for name, number in count.items()
        for n in range(number)
    ]


def by_domain(dispatch: Dispatch) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows(dispatch):
        found.setdefault(row.domain, Counter())[row.state] += 1
    return found


def test_each_domain_gets_its_letters_at_its_own_servers(sink: SinkThread) -> None:
    office = office_of(sink, people(sakura=5, kaede=5, momiji=5))
    dispatch = office.release()
    assert send(dispatch, sink).accepted == 15
    check_promises(dispatch, sink)
    routes = {route.pk: route for route in Route.objects.all()}
    hosts = {
        (row.domain, routes[row.route or 0].host, routes[row.route or 0].address)
        for row in rows(dispatch)
    }
    assert hosts == {
        ("sakura.example", "mx1.sakura.example", HERE),
        ("momiji.example", "mx1.sakura.example", HERE),
        ("kaede.example", "mx.kaede.example", THERE),
    }
    assert not Lot.objects.of(dispatch.workspace_id).exists()


def test_domains_of_one_site_share_its_connections(sink: SinkThread) -> None:
    office = office_of(sink, people(sakura=30, momiji=30))
    assert send(office.release(), sink).accepted == 60
    assert sink.counters.most_at_once <= 4, "both domains together"


def test_a_destination_that_is_down_holds_nobody_else(sink: SinkThread) -> None:
    office = office_of(sink, people(gone=4, sakura=10, kaede=10))
    dispatch = office.release()
    send(dispatch, sink)
    assert by_domain(dispatch) == {
        "gone.example": {"waiting": 4},
        "sakura.example": {"accepted": 10},
        "kaede.example": {"accepted": 10},
    }
    tried = Attempt.objects.of(dispatch.workspace_id).filter(delivery__domain="gone.example")
    assert {(each.state, each.reason, each.code) for each in tried} == {
        ("waiting", "refused", None)
    }
    assert all(row.attempts == 0 for row in rows(dispatch)[:4]), "nobody said no to these letters"
    office.relay.refresh_from_db()
    assert office.relay.trouble_code == "", "the way of sending works"
    lot = Lot.objects.of(dispatch.workspace_id).order_by("-due_at").first()
    assert lot is not None
    assert (lot.site, lot.due_at > clock.now()) == ("gone.example", True)


def test_a_domain_without_servers_ends_its_letters_and_says_why(sink: SinkThread) -> None:
    zone = {**ZONE, "quiet.example": {"MX": ["0 ."]}}
    crowd = [
        *people(sakura=1),
        ("a@nowhere.example", {"氏名": "あ"}),
        ("b@quiet.example", {"氏名": "い"}),
    ]
    dispatch = office_of(sink, crowd).release()
    send(dispatch, sink, zone)
    assert [(row.state, row.reason) for row in rows(dispatch)] == [
        ("accepted", ""),
        ("bounced", "bad-address"),
        ("bounced", "bad-address"),
    ]


def test_a_name_service_that_is_away_lets_letters_wait(sink: SinkThread) -> None:
    dispatch = office_of(sink, people(sakura=2, kaede=2)).release()
    dns = FakeDns(ZONE)
    dns.down = {("kaede.example", "MX")}
    outside = outside_of(dns, port=sink.port, allow_loopback=True)
    send_until_settled(dispatch.pk, timedelta(seconds=5), outside=outside)
    assert states(dispatch) == ["accepted", "accepted", "waiting", "waiting"]


@pytest.mark.parametrize("sink", ["starttls"], indirect=True)  # Gmail's letters go encrypted only
def test_a_provider_that_asks_for_a_pause_gets_one_and_no_letter_fails(sink: SinkThread) -> None:
    slow = Answer(421, "4.7.28 Our system has detected an unusual rate of unsolicited mail")
    sink.misbehave(Rule(stage="rcpt", recipient="*@gmail.com", action=slow))
    dispatch = office_of(sink, people(gmail=5, sakura=5)).release()
    send(dispatch, sink)
    found = by_domain(dispatch)
    assert found["sakura.example"] == {"accepted": 5}
    assert found["gmail.com"] == {"waiting": 5}
    first = Lot.objects.of(dispatch.workspace_id).order_by("due_at").first()
    assert first is not None
    assert first.due_at - clock.now() > timedelta(minutes=4), "the rule's pause, not the usual one"
    sink.misbehave()
    due_now(dispatch)
    assert send(dispatch, sink).accepted == 10
    check_promises(dispatch, sink)


def test_all_letters_of_a_smart_host_go_there(sink: SinkThread) -> None:
    office = office_of(sink, people(sakura=3, gone=3), host=THERE, port=sink.port)
    dispatch = office.release()
    assert send(dispatch, sink).accepted == 6
    assert set(Route.objects.values_list("host", flat=True)) == {THERE}


def test_a_road_that_works_again_is_said_to(sink: SinkThread) -> None:
    office = office_of(sink, people(sakura=1))
    long_ago = clock.now() - timedelta(minutes=9)
    Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk).update(
        trouble_code="no-source", trouble_since=long_ago
    )
    dispatch = office.release()
    assert send(dispatch, sink).accepted == 1
    office.relay.refresh_from_db()
    assert (office.relay.trouble_code, office.relay.trouble_since) == ("", None)


@pytest.mark.parametrize("sink", ["none"], indirect=True)
def test_what_one_domain_demands_holds_on_servers_that_it_shares(sink: SinkThread) -> None:
    shared = ZONE["sakura.example"]
    zone = {**ZONE, "gmail.com": shared, "aoba.example": shared}  # to gmail.com encrypted only
    dispatch = office_of(sink, people(aoba=3, gmail=3)).release()
    send(dispatch, sink, zone)
    assert by_domain(dispatch) == {"aoba.example": {"accepted": 3}, "gmail.com": {"waiting": 3}}


def test_one_odd_way_of_sending_is_no_trouble_of_the_others(sink: SinkThread) -> None:
    office = office_of(sink, people(sakura=2))
    odd = make_office(sink, people(kaede=1), name="変わった市役所")
    odd = replace(odd, relay=replaced_by_an_odd_one(odd))
    waiting, well = odd.release(), office.release()
    with running_sender():
        until(lambda: sums(waiting.pk).waiting == 1 and trouble_of(odd) == "bad-setting", "a word")
        assert sums(well.pk).adds_up
    assert states(waiting) == ["waiting"]


def replaced_by_an_odd_one(office: Office) -> Egress:
    road = save_direct(office.alice, name="直接", sources=[SOURCE], host="127.0.0.1", port=9)
    Egress.objects.of(office.workspace.pk).filter(pk=road.pk).update(sources=[{"what": "is this"}])
    return road


def trouble_of(office: Office) -> str:
    return Egress.objects.of(office.workspace.pk).get(pk=office.relay.pk).trouble_code


def test_a_domain_with_limits_of_its_own_has_a_lane_of_its_own(sink: SinkThread) -> None:
    """Where others share its servers, the limits of whoever came last held for all of them."""
    shared = ZONE["sakura.example"]
    outside = outside_of(FakeDns({**ZONE, "docomo.ne.jp": shared}), port=sink.port)
    office = office_of(sink, people(sakura=1))
    row = dict(Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk).values().get())

    async def sites() -> list[tuple[str, int]]:
        road = await Roads(None, outside).open(row)
        assert road is not None
        names = ("docomo.ne.jp", "sakura.example", "momiji.example")
        found = [await road.site(name) for name in names]
        return [(each.name, each.policy.connections) for each in found]

    assert asyncio.run(sites()) == [
        ("mx1.sakura.example (docomo)", 2),
        ("mx1.sakura.example", 4),
        ("mx1.sakura.example", 4),
    ]


def test_what_is_asked_of_the_name_service_is_remembered() -> None:
    async def twice() -> int:
        dns = FakeDns(ZONE)
        resolver = outside_of(dns).resolver
        await resolver.ask("sakura.example", "MX")
        await resolver.ask("sakura.example", "MX")
        return dns.asked["sakura.example", "MX"]

    assert asyncio.run(twice()) == 1
