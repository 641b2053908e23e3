"""What stories of faults share: a server that writes down what it took, and a nursery of senders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from hatobin.intake.sink import SinkOptions, SinkThread
from tests.doubles.nursery import Nursery


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SinkThread]:
    """A well-behaved server with a journal."""
    with SinkThread(SinkOptions(journal=tmp_path / "journal.jsonl")) as thread:
        yield thread


@pytest.fixture(scope="package")
def _nursery(django_db_setup: None) -> Iterator[Nursery]:
    with Nursery(database_values()) as running:
        yield running


@pytest.fixture
def nursery(_nursery: Nursery) -> Iterator[Nursery]:
    """Senders on the test database; none of them outlives its story."""
    yield _nursery
    _nursery.clear()


def database_values() -> dict[str, object]:
    """Where Django's database is now."""
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    return {name: connection.settings_dict[name] for name in names}
