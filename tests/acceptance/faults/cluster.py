"""Three real ``hatobin sender`` processes, each on a machine of its own, against one PostgreSQL and one sink."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

import psutil
from pytest_django.plugin import DjangoDbBlocker

from hatobin.config.postgres import Cluster as EmbeddedServer
from hatobin.delivery.models import Dispatch
from hatobin.delivery.queries import Sums, sums
from hatobin.delivery.services.egress import save_relay
from hatobin.intake.sink import JournalEntry
from tests.acceptance.faults.world import write_people
from tests.doubles.forwarder import Forwarder
from tests.doubles.machines import Machine, Network
from tests.doubles.oracle import check_promises, compare
from tests.doubles.sink_process import SinkProcess
from tests.factories import make_actor, make_workspace
from tests.faults.own_database import own_database
from tests.integration.delivery.stage import Office, checked, ids_of, letter, rows, until


@dataclass(kw_only=True)
class Node:
    """A machine and the sender on it."""

    machine: Machine
    process: subprocess.Popen[bytes]

    def connections(self, port: int) -> int:
        """How many are open to a server's port, by what the machine itself says."""
        return sum(peer.endswith(f":{port:04X}") for peer in self.machine.sockets())


@dataclass(kw_only=True)
class Cluster:
    """``limits``: the installation's shaping file, which may be written anew at any time."""

    folder: Path
    network: Network
    sink: SinkProcess
    database: str
    limits: Path
    nodes: list[Node] = field(default_factory=list)
    office: Office = field(init=False)
    dispatch: Dispatch = field(init=False)

    def release(self, people: int, *, connections: int) -> None:
        """A letter to so many people, by a relay that is the sink."""
        workspace = make_workspace("さくら市役所")
        alice = make_actor(workspace, email=f"alice-{workspace.pk}@office.example")
        relay = save_relay(
            alice,
            name="中継",
            host=self.network.here,
            port=self.sink.port,
            tls="none",
            connections=connections,
        )
        addresses = [f"reader{number:05}@example.jp" for number in range(people)]
        self.office = Office(
            workspace=workspace,
            alice=alice,
            people=write_people(workspace, "会員", addresses),
            relay=relay,
            letter=letter(),
        )
        self.dispatch = self.office.release()

    def limit(self, rate: str, burst: int) -> None:
        """What the relay may be given from now on, by all nodes together."""
        text = f'[egress.smtp-relay]\nrate = "{rate}"\nburst = {burst}\nslow_start = 100\n'
        self.limits.write_text(text, encoding="utf-8")

    def join(self, number: int) -> Node:
        """A sender starts on this machine."""
        machine = self.network.machines[number]
        environment = {
            **os.environ,
            "DATABASE_URL": self.database,
            "HATOBIN_SHAPING_FILE": str(self.limits),
            "HATOBIN_LOG_LEVEL": "WARNING",
        }
        words = machine.command(sys.executable, "-m", "hatobin", "sender")
        with (self.folder / f"{machine.name}.log").open("ab") as log:
            process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        node = Node(machine=machine, process=process)
        self.nodes.append(node)
        return node

    def leave(self) -> None:
        """Every sender that lives drains."""
        for node in self.nodes:
            node.process.send_signal(SIGTERM)
        for node in self.nodes:
            try:
                node.process.wait(30)
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait()

    # what the sink saw

    def taken(self) -> list[JournalEntry]:
        return [entry for entry in self.sink.entries() if entry.taken]

    def by_machine(self, since: float) -> Counter[str]:
        """Letters of each machine since then."""
        return Counter(entry.client for entry in self.taken() if entry.monotonic >= since)

    def rate(self, start: float, end: float) -> float:
        """Letters a second between the two moments, of all machines together."""
        inside = [entry for entry in self.taken() if start <= entry.monotonic < end]
        return len(inside) / (end - start)

    def open_connections(self) -> int:
        """How many the sink has at this moment."""
        found = psutil.Process(self.sink.pid).net_connections("tcp4")
        return sum(each.status == psutil.CONN_ESTABLISHED for each in found)

    def most_in(self, seconds: float) -> int:
        """The most that came within any window of so many seconds."""
        moments = sorted(entry.monotonic for entry in self.taken())
        most = first = 0
        for last, moment in enumerate(moments):
            while moment - moments[first] > seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def all_work(self, within: float = 40) -> None:
        """Every node has handed letters over lately."""
        addresses = {node.machine.address for node in self.nodes}

        def found() -> bool:
            return set(self.by_machine(time.monotonic() - 1)) >= addresses

        until(found, "letters of every node", within)

    def finish(self, *, doubt: int, within: float) -> Sums:
        """Every letter has its end, and the oracle is content."""
        until(lambda: not sums(self.dispatch.pk).waiting, "the end", within)
        journal = self.sink.entries()
        ledger = {next(iter(ids_of([row]))): row.state for row in rows(self.dispatch)}
        verdict = compare(journal, ledger)
        check_promises(verdict, in_doubt_at_most=doubt)
        assert not verdict.extra_copies
        return checked(sums(self.dispatch.pk))


@contextmanager
def cluster(folder: Path, blocker: DjangoDbBlocker, *modes: str) -> Iterator[Cluster]:
    """Three machines, nobody on them yet. ``modes``: words for the sink."""
    with (
        Network(3) as network,
        own_database(folder / "data", blocker) as postgres,
        Forwarder(local_socket(postgres.start()), network.here) as database,
        SinkProcess(folder, "--host", network.here, *modes) as sink,
    ):
        made = Cluster(
            folder=folder,
            network=network,
            sink=sink,
            database=f"postgresql://hatobin@{network.here}:{database.port}/hatobin",
            limits=folder / "shaping.toml",
        )
        try:
            yield made
        finally:
            made.leave()


def local_socket(server: EmbeddedServer) -> Path:
    """The only one that the embedded PostgreSQL has."""
    return server.socket_dir / f".s.PGSQL.{server.port}"
