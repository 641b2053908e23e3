"""Three senders on three machines keep one limit together, whoever dies or is cut off, and lose nothing."""

from __future__ import annotations

import time
from pathlib import Path
from signal import SIGKILL

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.acceptance.faults.cluster import Cluster, cluster
from tests.integration.delivery.stage import until

pytestmark = pytest.mark.alone

RATE, CONNECTIONS = 60, 36
BURST = 15  # a busy machine wakes its processes late; this makes up for a quarter of a second
WINDOW = 10.0
SHARE_LASTS = 15.0  # seconds that others respect the part of one that is not heard of
WINDOWS = 3  # a machine that does other work may be late in one
PEOPLE = 4_500


def test_one_limit_for_all_while_one_dies_and_one_is_cut_off(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with cluster(tmp_path, django_db_blocker, "--fault", "dot=delay 0.05") as three:
        three.limit(f"{RATE}/s", BURST)
        three.release(PEOPLE, connections=CONNECTIONS)
        for number in range(3):
            three.join(number)
        three.all_work()
        check_the_limit_is_kept_and_used(three)
        doubt = lose_two(three)
        three.limit("9999/s", 1000)
        found = three.finish(doubt=doubt, within=60)
        assert found.accepted + found.in_doubt == PEOPLE


def check_the_limit_is_kept_and_used(three: Cluster) -> None:
    """Within 5 % over ten seconds in which each works; never more than the burst above it."""
    time.sleep(5)  # every node asks for its part every two seconds
    parts: list[dict[str, int]] = []
    for _window in range(WINDOWS):
        start = time.monotonic()
        while time.monotonic() < start + WINDOW:
            assert three.open_connections() <= CONNECTIONS
            time.sleep(0.5)  # the window itself
        assert three.rate(start, start + WINDOW) <= RATE * 1.05
        check_never_above(three)
        parts.append(three.by_machine(start))
        if is_used(parts[-1]):
            return
    raise AssertionError(f"the limit was never used: {parts}")


def is_used(part: dict[str, int]) -> bool:
    """All of it, by all three."""
    whole = WINDOW * RATE
    return (
        len(part) == 3
        and sum(part.values()) >= whole * 0.95
        and min(part.values()) > whole / 3 * 0.8
    )


def check_never_above(three: Cluster) -> None:
    """Each node may round its part of the burst up to one letter; 5 % are for how evenly a sink can measure."""
    for seconds in (2, 5, 10):
        most = RATE * seconds * 1.05 + BURST + len(three.nodes)
        assert three.most_in(seconds) <= most, f"within {seconds} s"


def lose_two(three: Cluster) -> int:
    """One dies, one's cable is pulled; the third takes up all that is left. How many may be in doubt."""
    dead, cut, last = three.nodes
    open_at_the_crash = dead.connections(three.sink.port)
    dead.process.send_signal(SIGKILL)
    cut.machine.pull()
    lost = time.monotonic()

    def all_by_the_last() -> bool:
        lately = three.by_machine(time.monotonic() - 3)
        return lately[last.machine.address] >= RATE * 3 * 0.9

    until(all_by_the_last, "the third to use the whole limit", within=SHARE_LASTS + 10)
    assert set(three.by_machine(lost + 1)) == {last.machine.address}
    check_never_above(three)
    cut.machine.plug()
    return open_at_the_crash
