"""One server for the stories that only look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hatobin.config.postgres import Cluster, EmbeddedPostgres


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running server."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"
