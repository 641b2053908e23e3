"""The whole test suite: what can run side by side on several workers, then what must have the machine for itself.

``--workers N`` (``make test WORKERS=N``) says how many; as many as there are cores, four at most, if it is not
said. Both parts always run. The exit status is 0 only when both passed; a short summary stands at the end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / ".cache" / "tests"
MOST_WORKERS = 4


@dataclass
class Part:
    """One run of pytest, and what came of it."""

    title: str
    options: list[str]
    status: int = 0
    seconds: float = 0.0
    passed: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Runs it; its output goes where ours goes."""
        report = REPORTS / f"{self.title.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *self.options]
        print(f"== {self.title}", flush=True)
        self.status = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
        self.seconds = time.monotonic() - began
        if report.exists():
            self._read(report)

    def _read(self, report: Path) -> None:
        for case in ET.parse(report).iter("testcase"):
            name = "::".join((case.get("classname", ""), case.get("name", "")))
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed.append(name)
            elif case.find("skipped") is not None:
                self.skipped += 1
            else:
                self.passed += 1

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        outcome = "passed" if not self.status else f"FAILED (status {self.status})"
        counts = f"{self.passed} passed, {self.skipped} skipped, {len(self.failed)} failed"
        return f"{self.title}: {outcome} - {counts} in {minutes} min {seconds:02} s"


def environment() -> dict[str, str]:
    """Ours, but Python may keep what it compiled: hundreds of processes need not do it again."""
    return {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parts(workers: int) -> list[Part]:
    """First what runs side by side, then what runs alone."""
    side_by_side = ["-n", str(workers)] if workers > 1 else []
    name = f"on {workers} workers" if workers > 1 else "on one worker"
    return [
        Part(name, ["-m", "not alone", "--durations=25", *side_by_side]),
        Part("alone", ["-m", "alone", "--durations=15"]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=0, help="default: the cores, at most 4")
    wanted: int = parser.parse_args().workers
    REPORTS.mkdir(parents=True, exist_ok=True)
    done = parts(wanted if wanted > 0 else min(cores(), MOST_WORKERS))
    try:
        for part in done:
            part.run()
    except KeyboardInterrupt:  # pytest got it too, and has said what it knew
        return 130
    print("\n== The whole suite")
    for part in done:
        print(part)
        for name in part.failed:
            print(f"  {name}")
    return int(any(part.status for part in done))


if __name__ == "__main__":
    sys.exit(main())
