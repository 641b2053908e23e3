"""``/metrics``: for this machine or the token's holder, in the format, the database's numbers, nobody's name."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.delivery.stage import Office, crowd, make_office, send
from tests.integration.delivery.test_emergency import sending

from hatobin.common import clock
from hatobin.config import env
from hatobin.delivery.models import Delivery, LaneShare, Lot
from hatobin.delivery.queries.metrics import forget
from hatobin.delivery.rules.metrics import BY_NAME, FEW, METRICS, SITES
from hatobin.delivery.services import emergency
from hatobin.delivery.statements import statement
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operate" / "metrics.md"
TOKEN = "a-token-of-some-length"


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget()


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink, crowd(20))


def told() -> dict[tuple[str, tuple[str, ...]], float]:
    """(metric, its labels' values) > number, as a Prometheus reads them."""
    forget()
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (
            sample.name,
            tuple(sample.labels[each] for each in BY_NAME[sample.name].labels),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def lane(office: Office, site: str, *, node: int = 1, **values: object) -> None:
    now = clock.now()
    given = {
        "connections": 2, "most": 5, "open": 1, "waiting": 0, "in_hand": 1, "accepted": 100,
        "refused": 3, "per_minute": 10,
    } | values  # fmt: skip
    LaneShare.objects.create(
        node=node, egress=office.relay, site=site, until=now + timedelta(minutes=1),
        updated_at=now, **given,
    )  # fmt: skip


def test_every_metric_is_there_and_stands_on_the_page(office: Office) -> None:
    text = Client().get("/metrics").content.decode()
    names = re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE)
    assert names == [each.name for each in METRICS]
    rows = re.findall(
        r"^\| `(hatobin_\w+)` \| ([^|]*) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    shown = [(name, tuple(re.findall(r"`(\w+)`", labels)), said) for name, labels, said in rows]
    assert shown == [tuple(each) for each in METRICS]
    for rule in re.findall(r"hatobin_\w+", PAGE.read_text("utf-8")):
        assert rule in names, f"{rule} stands on the page and is told by nobody"


def test_letters_lots_and_dispatches_are_the_databases(office: Office) -> None:
    dispatch = sending(office)
    first = Delivery.objects.of(office.workspace.pk).order_by("pk")[0]
    Delivery.objects.of(office.workspace.pk).filter(pk=first.pk).update(state="in-doubt")
    office.release(hold=timedelta(minutes=5))
    Lot.objects.of(office.workspace.pk).filter(dispatch=dispatch).update(
        due_at=clock.now() - timedelta(minutes=2)
    )
    found = told()
    assert found["hatobin_letters", ("waiting",)] == 39
    assert found["hatobin_letters", ("in-doubt",)] == 1
    assert found["hatobin_letters_in_doubt", ()] == 1
    assert (found["hatobin_lots", ("due",)], found["hatobin_lots", ("still",)]) == (1, 1)
    assert found["hatobin_lot_letters", ("due",)] == 20
    assert 119 < found["hatobin_oldest_due_lot_seconds", ()] < 180
    assert found["hatobin_dispatches", ("sending",)] == found["hatobin_dispatches", ("held",)] == 1
    assert found["hatobin_database_bytes", ()] > 1_000_000
    assert found["hatobin_senders", ()] == 0
    emergency.stop(office.alice)
    after = told()
    assert after["hatobin_emergency_stops", ("workspace",)] == 1
    assert after["hatobin_emergency_stops", ("installation",)] == 0
    assert after["hatobin_dispatches", ("paused",)] == 1


def test_a_finished_dispatch_is_not_counted_any_more(office: Office) -> None:
    dispatch = sending(office)
    assert told()["hatobin_letters", ("waiting",)] == 20
    assert send(dispatch).accepted == 20
    with connection.cursor() as cursor:
        cursor.execute(statement("finish"), {"dispatches": [dispatch.pk]})
    assert told()["hatobin_letters", ("accepted",)] == 0


def test_counts_are_kept_for_a_while(office: Office) -> None:
    sending(office)
    told()
    Delivery.objects.of(office.workspace.pk).update(state="accepted")
    answer = Client().get("/metrics").content.decode()
    assert 'hatobin_letters{state="waiting"} 20.0' in answer, "a scrape does not count again"


def test_a_road_in_trouble_is_told_by_its_kind(office: Office) -> None:
    office.relay.trouble_code = "down"
    office.relay.save()
    assert told()["hatobin_roads_in_trouble", ("smtp-relay", "down")] == 1


def test_lanes_are_summed_over_senders_and_few_have_a_name(office: Office) -> None:
    road = str(office.relay.pk)
    lane(office, "big.example", node=1, per_minute=500)
    lane(office, "big.example", node=2, per_minute=500, why_code="suspended")
    lane(office, "tanaka-hanako.example", accepted=FEW - 5, refused=0, in_hand=0)
    for number in range(SITES + 10):
        lane(office, f"site{number:03}.example")
    found = told()
    assert found["hatobin_lane_accepted_per_minute", (road, "big.example")] == 1000
    assert found["hatobin_lane_granted_connections", (road, "big.example")] == 4
    assert found["hatobin_lane_limit_connections", (road, "big.example")] == 5
    named = {labels for name, labels in found if name == "hatobin_lane_open_connections"}
    assert len(named) == SITES + 1
    assert ("other", "other") in named
    assert (road, "tanaka-hanako.example") not in named, "one person's domain is nobody's business"
    assert found["hatobin_lanes", ()] == SITES + 12
    assert found["hatobin_lanes_slowed", ("suspended",)] == 1
    total = sum(v for (name, _l), v in found.items() if name == "hatobin_lane_accepted_letters")
    assert total == 200 + 100 * (SITES + 10) + FEW - 5, "nothing is left out of the sums"


def test_nobodys_address_or_name_is_in_it(office: Office) -> None:
    send(sending(office))
    lane(office, "big.example")
    text = Client().get("/metrics").content.decode()
    for word in ("@", "reader", "読者", office.workspace.name, office.relay.name):
        assert word not in text


def test_without_a_token_only_this_machine_is_told() -> None:
    assert Client().get("/metrics").status_code == 200
    for headers in (
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
    ):
        assert Client().get("/metrics", **headers).status_code == 404, headers  # type: ignore[arg-type]
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client().post("/metrics").status_code == 405


def test_with_a_token_it_is_needed_by_everybody_and_enough_for_anybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        settings, "HATOBIN", settings.HATOBIN.model_copy(update={"metrics_token": TOKEN})
    )
    refused = Client().get("/metrics")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    wrong = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}x"})
    assert wrong.status_code == 401
    far = Client(REMOTE_ADDR="192.0.2.7")
    answer = far.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")


def test_a_token_that_is_easily_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATOBIN_METRICS_TOKEN", "short")
    with pytest.raises(env.SettingsError, match="HATOBIN_METRICS_TOKEN"):
        env.load()
