"""What every test may lean on, and the rule that in CI nothing is skipped for want of a program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from hatobin.intake.sink import SinkThread

MAY_NOT_SKIP = bool(os.environ.get("HATOBIN_TESTS_MAY_NOT_SKIP"))
# A machine without the shared test data, or one where we are not root, may say so even in CI.
ALLOWED_REASONS = ("shared corpus", "not root", "mount is not permitted")


def need_program(*names: str) -> str:
    """The path of the first program found; skips, saying which is missing, where none is."""
    for name in names:
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if path:
            return path
    pytest.skip(f"this machine has none of: {', '.join(names)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Turns a skip into a failure where everything could be installed."""
    report = yield
    if MAY_NOT_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(allowed in reason for allowed in ALLOWED_REASONS):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} may not skip here: {reason}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Passwords cost little inside the test process."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["tests.doubles.quick_argon2.QuickArgon2"]


@pytest.fixture
def sink() -> Iterator[SinkThread]:
    """A well-behaved server."""
    with SinkThread() as thread:
        yield thread
