"""A campaign over a bad world, from release to the last letter, its senders under fire.

The seed decides about blows and the server's fates, not about the machine's timing. It is printed; FAULTS_SEED
repeats it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hatobin.config.postgres import EmbeddedPostgres
from tests.acceptance.faults import under_fire
from tests.acceptance.faults.conftest import database_values
from tests.acceptance.faults.under_fire import Found, Senders, at_home, hurry
from tests.acceptance.faults.world import BUSY, RELAY, SERVERS, make_world, write_files
from tests.doubles.nursery import Nursery
from tests.doubles.sink_process import SinkProcess

SEED = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)


def campaign(
    folder: Path,
    *,
    people: int,
    kills: int,
    pause: tuple[float, float],
    pace: str,
    postgres: EmbeddedPostgres | None = None,
) -> Found:
    """Sent to the end under blows; then what is in doubt is sent again, without any."""
    tell(f"seed {SEED}: {people} people, {kills} kills")
    began = time.monotonic()
    modes, shaping = write_files(folder, seed=SEED, pace=pace)
    hosts = [word for host in (RELAY, SERVERS, BUSY) for word in ("--host", host)]
    with (
        SinkProcess(folder, *hosts, "--modes", str(modes)) as sink,
        Nursery(database_values(), shaping=shaping) as nursery,
    ):
        world = make_world(sink.port, people)
        world.dispatches = [office.release() for office in world.offices]
        senders = Senders(
            nursery=nursery,
            log=folder / "senders.log",
            port=sink.port,
            number=3,
            world=world,
            postgres=postgres,
            rng=random.Random(SEED),
        )
        with under_fire.drained(senders):
            fire(senders, kills, pause)
            under_fire.until_all_ended(senders, within=60 + people / 20)
            found = under_fire.check(sink, senders)
            report(found, senders, people, began)
            named = under_fire.send_doubtful_again(senders, within=60 + people / 20)
            after = under_fire.check(sink, senders, ever=named)
    tell(f"sent again: {len(named)}, came twice: {len(after.verdict.extra_copies)}")
    return found


def fire(senders: Senders, kills: int, pause: tuple[float, float]) -> None:
    """Blows at random moments until so many were kills. Others than kills come now and then."""
    rng = senders.rng
    others: list[Callable[[], None]] = [
        senders.drain, lambda: senders.freeze(rng.uniform(0.5, 2)), senders.cut_off,
    ]  # fmt: skip
    if senders.postgres is not None:
        others.append(senders.strike_database)
        others.append(lambda: senders.freeze(17))  # longer than its shares last
    due = sorted(rng.uniform(0, kills - 1) for _ in range(max(len(others), kills // 10)))
    while senders.blows["killed"] < kills:
        senders.fill()
        time.sleep(rng.uniform(*pause))  # the moment of a blow is the chance that is tried
        at_home(lambda: hurry(senders.world))
        if due and senders.blows["killed"] >= due[0]:
            due.pop(0)
            others[len(due) % len(others)]()
        senders.kill()
        if at_home(lambda: under_fire.waiting(senders.world)) == 0:
            tell("all had their end before the last kill")
            break


def report(found: Found, senders: Senders, people: int, began: float) -> None:
    told = {
        "seed": SEED,
        "letters": people,
        "seconds": round(time.monotonic() - began),
        **senders.blows,
        "states": dict(found.states),
        "taken": found.taken,
        "lost": len(found.verdict.lost),
        "extra copies": sum(found.verdict.extra_copies.values()),
        "in doubt, sender died": found.died,
        "connections open at the kills": senders.doubt,
        "in doubt, server gave no answer": found.no_answer,
    }
    tell(json.dumps(told, ensure_ascii=False, indent=1))


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
