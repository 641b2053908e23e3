"""What grows with the number of recipients: cost of a letter, memory of a sender, release and start."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from against import smtp_sink
from send import hatobin


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    given = parser.parse_args(words)
    with smtp_sink() as port:
        few, many = (hatobin(port, count) for count in (given.few, given.many))
    cost = [
        run["cpu_seconds_per_1000"] + run["postgres_cpu_seconds_per_1000"] for run in (few, many)
    ]
    print(f"| | {given.few:,} | {given.many:,} | ratio |\n| --- | --- | --- | --- |")
    print(f"| CPU s for 1,000 letters | {cost[0]:.3f} | {cost[1]:.3f} | {cost[1] / cost[0]:.2f} |")
    memory = few["peak_rss_mb"], many["peak_rss_mb"]
    print(f"| peak memory, MB | {memory[0]:.0f} | {memory[1]:.0f} | {memory[1] / memory[0]:.2f} |")
    for name in ("rate", "release_seconds", "start_seconds"):
        print(f"| {name} | {few[name]:.2f} | {many[name]:.2f} | |")


if __name__ == "__main__":
    main(sys.argv[1:])
