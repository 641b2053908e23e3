"""Every process of a running service is killed while letters are on their way."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker
from tests.doubles.service import Service
from tests.faults.own_database import django_at, finished
from tests.integration.delivery.stage import (
    check_promises,
    checked,
    crowd,
    due_now,
    make_office,
    until,
)

from hatobin.config.postgres import running_cluster
from hatobin.delivery.models import Dispatch, SandboxLetter
from hatobin.delivery.queries import sums
from hatobin.delivery.services.egress import ensure_sandbox
from hatobin.intake.sink import Delay, Rule, SinkThread

pytestmark = pytest.mark.alone

PEOPLE, CONNECTIONS = 120, 4
SLOW = Rule(stage="dot", action=Delay(0.04))


def serve(folder: Path) -> Service:
    """With this run's master key, so that we can seal what it opens."""
    key = base64.b64encode(settings.HATOBIN.master_key_bytes()).decode()
    return Service(folder, HATOBIN_MASTER_KEY=key)


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("killed") / "data"
    with serve(folder) as running:
        cluster = running_cluster(folder)
        assert cluster is not None
        with django_db_blocker.unblock(), django_at(cluster):
            yield running


@pytest.mark.parametrize("name", ["web", "worker", "sender", "postgres"])
def test_a_process_is_killed_and_every_letter_finds_its_end(
    sink: SinkThread, service: Service, name: str
) -> None:
    sink.misbehave(SLOW)
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS, name=f"{name}市役所")
    dispatch = office.release()
    sink.wait_for(15)
    victim(service, name).send_signal(signal.SIGKILL)
    finished(dispatch)
    found = check_promises(dispatch, sink)
    assert found.accepted + found.in_doubt == PEOPLE
    assert found.in_doubt <= (CONNECTIONS if name == "sender" else 0)


def test_the_sandbox_is_killed_and_its_mailbox_has_what_was_accepted(
    sink: SinkThread, service: Service
) -> None:
    office = make_office(sink, crowd(PEOPLE), name="練習市役所")
    office.relay = ensure_sandbox(office.workspace.pk)
    dispatch = office.release()
    until(lambda: sums(dispatch.pk).accepted >= 10, "the first letters")
    service.child("sandbox").send_signal(signal.SIGKILL)
    finished_or_resting(dispatch)
    found = checked(sums(dispatch.pk))
    kept = SandboxLetter.objects.of(office.workspace.pk).count()
    assert found.accepted + found.in_doubt == PEOPLE
    assert found.in_doubt <= office.relay.connections
    assert found.accepted <= kept <= found.accepted + found.in_doubt
    assert not sink.envelopes, "nothing left by another road"


def finished_or_resting(dispatch: Dispatch) -> None:
    """A letter in whose middle the connection broke lets others go first, for a minute: not for us."""

    def over() -> bool:
        due_now(dispatch)
        return not sums(dispatch.pk).waiting

    until(over, "the rest", within=60)


def test_the_supervisor_is_killed_and_the_next_one_goes_on(
    sink: SinkThread, service: Service
) -> None:
    sink.misbehave(SLOW)
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
    dispatch = office.release()
    sink.wait_for(15)
    service.process.kill()  # the last story here: the next ones would find nobody at home
    service.process.wait()
    with serve(service.folder):
        finished(dispatch)
        found = check_promises(dispatch, sink)
        # Its sender had time to hear the answers that were still out.
        assert (found.accepted, found.in_doubt) == (PEOPLE, 0)


def victim(service: Service, name: str) -> psutil.Process:
    if name != "postgres":
        return service.child(name)
    text = (service.folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return psutil.Process(int(text.split()[0]))
