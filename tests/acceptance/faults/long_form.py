"""The long form of the proof: 20,000 people, 200 kills, PostgreSQL killed too. ``make faults`` names this file.

FAULTS_PEOPLE and FAULTS_KILLS make it shorter or longer, FAULTS_SEED repeats a run.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytest_django.plugin import DjangoDbBlocker

from tests.acceptance.faults.campaign import campaign
from tests.faults.own_database import own_database

PEOPLE = int(os.environ.get("FAULTS_PEOPLE", "20000"))
KILLS = int(os.environ.get("FAULTS_KILLS", "200"))


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
