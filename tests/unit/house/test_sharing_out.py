"""The suite is shared out so that nothing made for a whole folder is made twice, and nothing is run twice."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.ports import free_port
from tests.plugin_workers import LONGEST, WHOLE_FOLDERS, share_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What ``make test`` starts."""
    spec = importlib.util.spec_from_file_location("run_tests", ROOT / "tools" / "run_tests.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "run_tests", module)
    spec.loader.exec_module(module)
    return module


def test_folders_with_parts_of_their_own_go_to_one_worker() -> None:
    made = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for path in (ROOT / "tests").rglob("conftest.py")
        if re.search(r'scope="package"', path.read_text(encoding="utf-8"))
    }
    assert made == set(WHOLE_FOLDERS)
    assert all((ROOT / folder).is_dir() for folder in LONGEST)


def test_a_file_goes_to_one_worker() -> None:
    first, second = (
        "tests/unit/test_terminal.py::test_a[x::y]",
        "tests/unit/test_terminal.py::test_b",
    )
    assert share_of(first) == share_of(second) == "tests/unit/test_terminal.py"
    assert share_of("tests/browser/test_a.py::test_a") == share_of(
        "tests/browser/test_b.py::test_b"
    )


def test_every_test_is_in_one_of_the_two_parts(program: Any) -> None:
    for workers in (1, 3):
        chosen = [part.options[part.options.index("-m") + 1] for part in program.parts(workers)]
        assert chosen == ["not alone", "alone"]
    side_by_side, alone = program.parts(3)
    assert side_by_side.options[-2:] == ["-n", "3"]
    assert "-n" not in alone.options


@pytest.mark.parametrize(
    ("story", "status", "summary"),
    [
        ("assert True", 0, "passed - 1 passed, 0 skipped, 0 failed"),
        ("assert False", 1, "FAILED (status 1) - 0 passed, 0 skipped, 1 failed"),
        ("__import__('os')._exit(3)", 3, "FAILED (status 3) - 0 passed, 0 skipped, 0 failed"),
    ],
)
def test_the_summary_says_what_came_of_a_part(
    program: Any, tmp_path: Path, story: str, status: int, summary: str
) -> None:
    told = tmp_path / "test_told.py"
    told.write_text(f"def test_told():\n    {story}\n", encoding="utf-8")
    empty = tmp_path / "pytest.ini"
    empty.write_text("[pytest]\n", encoding="utf-8")
    program.REPORTS = tmp_path
    part = program.Part("told", ["-c", str(empty), "-q", "--no-header", str(told)])
    part.run()
    assert part.status == status
    assert summary in str(part)


def test_a_port_is_given_once_and_not_by_the_system() -> None:
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == 50
    assert max(given) < 32_768
