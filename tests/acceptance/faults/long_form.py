"""The long form of the proof: 20,000 people, 200 kills, PostgreSQL killed too; and what more senders bring.

``make faults`` names this file.

FAULTS_PEOPLE and FAULTS_KILLS make it shorter or longer, FAULTS_SEED repeats a run.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from pytest_django.plugin import DjangoDbBlocker

from tests.acceptance.faults.campaign import campaign, tell
from tests.acceptance.faults.cluster import cluster
from tests.faults.own_database import own_database

PEOPLE = int(os.environ.get("FAULTS_PEOPLE", "20000"))
KILLS = int(os.environ.get("FAULTS_KILLS", "200"))
NODES_PEOPLE, KILOBITS, WINDOW = 12_000, 700, 10.0


def test_two_hundred_kills_in_a_campaign_of_twenty_thousand(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with own_database(tmp_path / "data", django_db_blocker) as postgres:
        campaign(
            tmp_path,
            people=PEOPLE,
            kills=KILLS,
            pause=(0.1, 2.4),
            pace="0.1-0.6",
            postgres=postgres,
        )


def test_each_node_adds_what_its_machine_can_send(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """Each cable is narrow, so that not this machine's processors are the limit but the nodes' own."""
    rates = []
    with cluster(tmp_path, django_db_blocker) as three:
        three.limit("9999/s", 1000)
        three.release(NODES_PEOPLE, connections=60)
        for number, machine in enumerate(three.network.machines):
            machine.narrow(KILOBITS)
            three.join(number)
            three.all_work()
            time.sleep(6)  # every node asks for its part every two seconds
            start = time.monotonic()
            time.sleep(WINDOW)
            rates.append(three.rate(start, start + WINDOW))
        tell(f"letters a second with one, two and three nodes: {[round(rate) for rate in rates]}")
        assert rates[1] >= rates[0] * 1.7
        assert rates[2] >= rates[0] * 2.4
        for machine in three.network.machines:
            machine.narrow(1_000_000)
        found = three.finish(doubt=0, within=120)
        assert found.accepted == NODES_PEOPLE
