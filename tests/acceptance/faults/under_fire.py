"""Senders that are killed, frozen, drained and cut off at random while a campaign is sent.

Each crash is counted with the connections that were open at it: a sender is frozen, counted, then killed.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

import psutil
from django.db import DatabaseError, connection, transaction

from hatobin.config.postgres import EmbeddedPostgres
from hatobin.delivery.models import Attempt, Delivery, SenderNode
from hatobin.delivery.queries import sums
from hatobin.delivery.services.in_doubt import resend
from hatobin.intake.sink import JournalEntry
from tests.acceptance.faults.world import TIMEOUTS, World, zone
from tests.doubles.nursery import Child, Nursery
from tests.doubles.oracle import Verdict, check_promises, compare
from tests.doubles.sink_process import SinkProcess
from tests.faults.lost_session import cut_off
from tests.integration.delivery.stage import checked, ids_of

_FAR = 4.0  # seconds; letters that wait longer are made due, so that nobody has to wait for minutes
_AGITATED = 6.0  # seconds after the database went in which a kill may meet answers of connections that closed


@dataclass(kw_only=True)
class Senders:
    """So many senders at once, and what befalls them. ``doubt``: how many letters their crashes excuse."""

    nursery: Nursery
    log: Path
    port: int
    number: int
    world: World
    postgres: EmbeddedPostgres | None = None
    rng: random.Random
    working: list[Child] = field(default_factory=list)
    leaving: list[Child] = field(default_factory=list)
    blows: Counter[str] = field(default_factory=Counter)
    doubt: int = 0
    frozen_connections: int = 0
    _database_gone: float = 0.0

    def fill(self) -> None:
        """As many as there should be."""
        while len(self.working) < self.number:
            child = self.nursery.sender(self.log, zone=zone(), port=self.port, timeouts=TIMEOUTS)
            self.working.append(child)
        self.leaving = [child for child in self.leaving if child.alive]

    def kill(self) -> None:
        """kill -9, and what was open at that moment."""
        child = self._one()
        child.freeze()
        agitated = time.monotonic() - self._database_gone < _AGITATED
        self.doubt += self.world.connections if agitated else child.connections()
        child.kill()
        self.working.remove(child)
        self.blows["killed"] += 1

    def drain(self) -> None:
        """SIGTERM; the next one comes while it still hears its answers."""
        child = self._one()
        child.send_signal(SIGTERM)
        self.working.remove(child)
        self.leaving.append(child)
        self.blows["drained"] += 1

    def freeze(self, seconds: float) -> None:
        """It stands still, its connections open; its shares may end meanwhile."""
        child = self._one()
        child.freeze()
        self.frozen_connections += child.connections()
        time.sleep(seconds)  # the thing itself: it stands still for so long
        child.thaw()
        self.blows["frozen"] += 1

    def cut_off(self) -> None:
        """The session ends that says it lives, while it stands still; others take over what it held."""
        child = self._one()
        child.freeze()
        self.frozen_connections += child.connections()
        for node in SenderNode.objects.filter(pid=child.pid):
            cut_off(node.pk)
        time.sleep(2.5)  # others look for the dead every two seconds
        child.thaw()
        self.blows["cut off"] += 1

    def strike_database(self) -> None:
        """kill -9 for PostgreSQL."""
        assert self.postgres is not None
        pid = self.postgres.status().pid
        assert pid is not None
        psutil.Process(pid).send_signal(SIGKILL)
        self._database_gone = time.monotonic()
        connection.close()
        time.sleep(self.rng.uniform(0, 1))
        self.postgres.ensure_running()
        self.blows["database killed"] += 1

    def _one(self) -> Child:
        dead = [child for child in self.working if not child.alive]
        assert not dead, f"a sender ended by itself: {self.log.read_text(encoding='utf-8')[-3000:]}"
        return self.rng.choice(self.working)


def at_home(ask: Callable[[], object]) -> object:
    """The answer; None while the database is away."""
    try:
        return ask()
    except DatabaseError:
        connection.close()
        return None


def waiting(world: World) -> int:
    """Letters without an end."""
    return sum(checked(sums(each.pk)).waiting for each in world.dispatches)


def hurry(world: World) -> None:
    """The clock jumps to the next try of letters that would wait for long."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_lot SET due_at = now() WHERE node IS NULL"
            " AND due_at > now() + make_interval(secs => %s)",
            [_FAR],
        )


def until_all_ended(senders: Senders, within: float) -> None:
    """No blows any more: every letter finds its end."""
    deadline = time.monotonic() + within
    senders.fill()
    while at_home(lambda: waiting(senders.world)) != 0:
        assert time.monotonic() < deadline, f"{waiting(senders.world)} letters never end"
        at_home(lambda: hurry(senders.world))
        time.sleep(0.5)


def ledger(world: World) -> list[Delivery]:
    """Every row."""
    ids = [each.pk for each in world.dispatches]
    return list(Delivery.objects.of(world.offices[0].workspace.pk).filter(dispatch__in=ids))


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the oracle was told, and said."""

    verdict: Verdict
    states: Counter[str]
    taken: int
    died: int
    no_answer: int


def check(sink: SinkProcess, senders: Senders, *, ever: frozenset[str] = frozenset()) -> Found:
    """Lost = 0; copies only of letters in doubt; in doubt no more than the crashes excuse; sums add up."""
    journal = sink.entries()
    rows = ledger(senders.world)
    states = {next(iter(ids_of([row]))): row.state for row in rows}
    addresses = {entry.message_id: entry.rcpts for entry in journal if entry.taken}
    assert all(len(each) == 1 for each in addresses.values())
    no_answer = {
        next(iter(ids_of([row]))).strip("<>")
        for row in rows
        if (row.state, row.reason) == ("in-doubt", "no-answer")
    }
    died = [row for row in rows if (row.state, row.reason) == ("in-doubt", "sender-died")]
    unexcused = no_answer - cut_short(journal)
    assert len(unexcused) <= senders.frozen_connections, sorted(unexcused)[:5]
    assert len(died) <= senders.doubt, "in doubt, more than connections were open at the crashes"
    verdict = compare(journal, states, ever_in_doubt=ever)
    allowed = senders.doubt + len(no_answer) + len(ever)
    try:
        check_promises(verdict, in_doubt_at_most=allowed)
        if not ever:
            assert not verdict.extra_copies, "nobody has chosen to send anything again"
    except AssertionError as broken:
        raise AssertionError(f"{broken}\n{histories(verdict, journal, rows)}") from None
    for each in senders.world.dispatches:
        found = checked(sums(each.pk))
        assert found.waiting == 0
    return Found(
        verdict=verdict,
        states=Counter(states.values()),
        taken=sum(entry.taken for entry in journal),
        died=len(died),
        no_answer=len(no_answer),
    )


def histories(verdict: Verdict, journal: list[JournalEntry], rows: list[Delivery]) -> str:
    """What both sides wrote down about the first letters of which a promise was broken."""
    bad = [*verdict.lost, *verdict.unnamed_copies, *verdict.contradicted, *verdict.extra_copies]
    told = []
    for each in bad[:3]:
        told += [f"{each} at the server:"]
        told += [str(entry) for entry in journal if entry.message_id == each]
        row = next(row for row in rows if each in next(iter(ids_of([row]))))
        told += [f"in the ledger: {row.state} {row.reason} claim {row.claim}"]
        tries = Attempt.objects.of(row.workspace_id).filter(delivery=row).order_by("pk")
        told += [f"{a.at} {a.number} {a.state} {a.reason} {a.code}" for a in tries]
    return "\n".join(told)


def cut_short(journal: list[JournalEntry]) -> set[str]:
    """Letters whose dot the server heard, and to which it gave no answer, or none that is one."""
    return {
        entry.message_id
        for entry in journal
        if entry.event == "message" and not entry.reply[:3].isdigit()
    }


def send_doubtful_again(senders: Senders, within: float) -> frozenset[str]:
    """A person chooses so for all of them; their Message-IDs."""
    named = frozenset(ids_of([row for row in ledger(senders.world) if row.state == "in-doubt"]))
    for office, dispatch in zip(senders.world.offices, senders.world.dispatches, strict=True):
        if any(
            row.dispatch_id == dispatch.pk and row.state == "in-doubt"
            for row in ledger(senders.world)
        ):
            resend(office.alice, dispatch.pk)
    until_all_ended(senders, within)
    return named


@contextmanager
def drained(senders: Senders) -> Iterator[None]:
    """At the end every sender is asked to stop, and does."""
    yield
    for child in senders.working:
        child.send_signal(SIGTERM)
    for child in (*senders.working, *senders.leaving):
        child.wait(30)
