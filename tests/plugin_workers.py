"""How the suite is shared out among several workers (``make test``), each with a database server of its own.

What is made once for a file or a folder is made once in all: its stories go to one worker, in their order.
The folders that take longest begin first, so that no worker is left alone with one of them at the end.
"""

from __future__ import annotations

from typing import Any

import pytest

# Their fixtures are made for the folder: one running product, one Chromium, one database server.
WHOLE_FOLDERS = ("tests/browser/", "tests/acceptance/faults/", "tests/integration/postgres/")
LONGEST = (
    "tests/browser/",
    "tests/integration/cli/",
    "tests/acceptance/",
    "tests/integration/delivery/",
    "tests/faults/",
    "tests/integration/console/",
    "tests/integration/postgres/",
)


def share_of(nodeid: str) -> str:
    """What goes to one worker together with this test."""
    for folder in WHOLE_FOLDERS:
        if nodeid.startswith(folder):
            return folder
    return nodeid.split("::", 1)[0]


def rank(nodeid: str) -> int:
    """Lower begins earlier."""
    return next((n for n, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only among workers: one process alone keeps the usual order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By share, in the order of collection. Without workers there is no such hook, nor its library."""
    from xdist.scheduler import LoadScopeScheduling

    class Shares(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return share_of(nodeid)

    config.option.loadscopereorder = False
    return Shares(config, log)
