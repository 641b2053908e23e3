"""Sending, beside what it is measured against, in turns; medians and ratios with machine and commit."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from against import openssl_signatures, smtp_sink, smtp_source

HERE = Path(__file__).parent
TARGETS = {
    "unsigned / smtp-source": 0.90,
    "RSA-2048 / openssl speed": 0.60,
    "CPU seconds for 1,000 unsigned": 0.12,
}


def hatobin(port: int, recipients: int, *words: str) -> dict[str, Any]:
    """One run of ``hatobin bench send``."""
    done = subprocess.run(
        [
            sys.executable, "-m", "hatobin", "bench", "send", "--json",
            "--recipients", str(recipients), "--egress", f"smtp://127.0.0.1:{port}", *words,
        ],
        check=True,
        stdout=subprocess.PIPE,
        timeout=3600,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def measure(rounds: int, recipients: int) -> dict[str, list[float]]:
    """Every number of every round. The order within a round is always the same."""
    seen: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)
        print(f"  {name}: {value:.4g}", flush=True)

    with smtp_sink() as port:
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", flush=True)
            source = smtp_source(port, recipients)
            note("smtp-source, letters/s", source)
            for processes in (1, 2):
                run = hatobin(
                    port, recipients, "--processes", str(processes), "--connections", "100"
                )
                note(f"unsigned, {processes} process(es), letters/s", run["rate"])
                note(f"unsigned / smtp-source, {processes}", run["rate"] / source)
                cpu = run["cpu_seconds_per_1000"], run["postgres_cpu_seconds_per_1000"]
                note(f"CPU s for 1,000, sender, {processes}", cpu[0])
                note(f"CPU s for 1,000, PostgreSQL, {processes}", cpu[1])
                note(f"CPU s for 1,000, both, {processes}", sum(cpu))
                note(f"peak memory of a sender, MB, {processes}", run["peak_rss_mb"])
            openssl = openssl_signatures()
            note("openssl speed -multi 2 rsa2048, signatures/s", openssl)
            signed = hatobin(
                port, recipients, "--dkim", "rsa2048", "--processes", "2", "--connections", "100"
            )
            note("RSA-2048, 2 processes, letters/s", signed["rate"])
            note("RSA-2048 / openssl speed", signed["rate"] / openssl)
    return seen


def report(seen: dict[str, list[float]], recipients: int) -> tuple[str, dict[str, Any]]:
    """(a page, the same as data)."""
    medians = {name: statistics.median(values) for name, values in seen.items()}
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores, {_model()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "recipients": recipients,
        "rounds": max(len(values) for values in seen.values()),
    }
    lines = [f"# {about['date']}, {about['commit']}", ""]
    lines += [f"- {name}: {value}" for name, value in about.items()]
    lines += ["", "| figure | median | least | most |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {medians[name]:.4g} | {min(values):.4g} | {max(values):.4g} |"
        for name, values in seen.items()
    ]
    return "\n".join(lines) + "\n", {**about, "medians": medians, "all": seen}


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recipients", type=int, default=50_000)
    given = parser.parse_args(words)
    page, data = report(measure(given.rounds, given.recipients), given.recipients)
    name = f"{data['date']}-{data['commit']}"
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{name}.md").write_text(page, encoding="utf-8")
    (HERE / "results" / f"{name}.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    print(page)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
    )
    return done.stdout.strip() or "unknown"


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
