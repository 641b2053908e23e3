"""Twenty thousand destinations, some of them down, beside one destination with the same letters.

Both go straight to the servers of each domain, over the true path; the name service is made up, and every server is
one sink. A destination costs a connection of its own, so two numbers are told: letters a second, and what a letter
costs beside its share of that connection.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from against import smtp_sink

from hatobin.config.bench import run

_DOWN = 50
_SENDER = Path(__file__).with_name("lanes_sender.py")


def measure(port: int, letters: int, domains: int, down: int) -> tuple[float, float]:
    """(letters a second, CPU seconds of sender and PostgreSQL for 1,000). Letters to what is down are not counted."""
    with run.installation() as postgres:
        from hatobin.config.bench import stage
        from hatobin.delivery.models import Delivery

        workspace, actor = stage.open_office()
        people = stage.fill_list(workspace, letters, domains)
        road = stage.make_direct_road(actor)
        command = [sys.executable, str(_SENDER), str(port), str(down)]
        with run.running(1, command) as senders:
            dispatch = stage.let_go(actor, people, road)
            used = run.used_by(senders) + run.used_by_postgres(postgres)
            wanted = letters - sum(1 for number in range(letters) if number % domains < down)
            run.wait_for_accepted(dispatch, wanted)
            used = run.used_by(senders) + run.used_by_postgres(postgres) - used
        rows = Delivery.objects.across_workspaces().filter(dispatch_id=dispatch, state="accepted")
        ends = sorted(rows.values_list("ended_at", flat=True))
    return wanted / (ends[-1] - ends[0]).total_seconds(), used / wanted * 1000


def apart(*values: int) -> tuple[float, float]:
    """``measure`` in a process of its own: an installation lives and ends with one."""
    command = [sys.executable, __file__, "--one", *map(str, values)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=3600)
    rate, cost = json.loads(done.stdout)
    return rate, cost


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=100_000)
    parser.add_argument("--destinations", type=int, default=20_000)
    parser.add_argument("--one", type=int, nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.one:
        print(json.dumps(measure(*given.one)))
        return
    with smtp_sink() as port:
        plain = apart(port, given.letters, 200, 0)
        many = apart(port, given.letters, given.destinations, 0)
        some_down = apart(port, given.letters, given.destinations, _DOWN)
    print("| | letters/s | CPU s for 1,000 |\n| --- | --- | --- |")
    print(f"| 200 destinations | {plain[0]:.0f} | {plain[1]:.3f} |")
    print(f"| {given.destinations:,} destinations | {many[0]:.0f} | {many[1]:.3f} |")
    print(f"| the same, {_DOWN} of them down | {some_down[0]:.0f} | {some_down[1]:.3f} |")
    print(f"\ndown / all up: {some_down[0] / many[0]:.2f}; many / few: {many[0] / plain[0]:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
