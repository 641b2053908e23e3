"""One data folder for all stories of a file; its database stays up between commands, as under ``serve``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.cli.terminal import Terminal

from hatobin.config.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("office") / "data folder"
    folder.mkdir(mode=0o700)
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    yield Terminal(folder)
    postgres.stop()
