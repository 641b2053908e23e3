"""A sink for every story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatobin.intake.sink import SinkThread


@pytest.fixture
def sink() -> Iterator[SinkThread]:
    """A well-behaved server."""
    with SinkThread() as thread:
        yield thread
