"""A real PostgreSQL for the run: the embedded one, in a folder of its own, gone at the end.

``HATOBIN_TEST_DATABASE_URL`` names another server (its role must be allowed to create databases).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_folder = Path(tempfile.mkdtemp(prefix="hatobin-tests-"))
os.environ["HATOBIN_DATA_DIR"] = str(_folder)
os.environ.setdefault("HATOBIN_LOG_LEVEL", "WARNING")


def _start() -> object | None:
    other = os.environ.get("HATOBIN_TEST_DATABASE_URL")
    if other:
        os.environ["DATABASE_URL"] = other
        return None
    from hatobin.config.postgres import EmbeddedPostgres

    postgres = EmbeddedPostgres(_folder)
    os.environ["DATABASE_URL"] = postgres.start().url()
    return postgres


_postgres = _start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the server and removes its folder."""
    if _postgres is not None:
        _postgres.stop()  # type: ignore[attr-defined]
    shutil.rmtree(_folder, ignore_errors=True)
