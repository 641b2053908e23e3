"""Machines of a small network: namespaces joined by a bridge, this process standing at the bridge itself.

Each has an address and a cable of its own. The cable can be pulled, and it can be made narrow.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import pytest

from tests.conftest import need_program


@dataclass(frozen=True, kw_only=True)
class Machine:
    """``address``: its own. ``cable``: the end of it that we hold."""

    name: str
    address: str
    cable: str

    def command(self, *words: str) -> list[str]:
        """The words, to be run there."""
        return ["ip", "netns", "exec", self.name, *words]

    def sockets(self) -> list[str]:
        """Its established connections to servers, as /proc tells them."""
        told = subprocess.run(
            self.command("cat", "/proc/self/net/tcp"), capture_output=True, text=True, check=True
        ).stdout
        return [line.split()[2] for line in told.splitlines()[1:] if line.split()[3] == "01"]

    def pull(self) -> None:
        """Cuts it off: packets in both ways go nowhere, and nobody is told."""
        _ip("link", "set", self.cable, "down")

    def plug(self) -> None:
        """It is on the network again."""
        _ip("link", "set", self.cable, "up")

    def narrow(self, kilobits: int) -> None:
        """What it sends is at most so many kilobits a second."""
        rate = f"{kilobits}kbit"
        words = ("dev", "eth0", "root", "tbf", "rate", rate, "burst", "16k", "latency", "100ms")
        _run(self.command(need_program("tc"), "qdisc", "replace", *words))


class Network:
    """``with Network(3) as network``: ``network.machines``, and ``network.here``, our own address there.

    Skips where namespaces are refused.
    """

    def __init__(self, count: int) -> None:
        need_program("ip")
        self._number = os.getpid() % 100_000
        self._count = count
        self._bridge = f"hb{self._number}"
        third = self._number % 250 + 1
        self.here = f"10.213.{third}.1"
        self._addresses = [f"10.213.{third}.{number + 2}" for number in range(count)]
        self.machines: list[Machine] = []

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            pytest.skip("not root: no network namespaces can be made")
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{self.here}/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            for number, address in enumerate(self._addresses):
                self.machines.append(self._machine(number, address))
        except Refused as refused:
            self.__exit__()
            pytest.skip(f"not root enough: network namespaces are refused: {refused}")
        return self

    def __exit__(self, *_error: object) -> None:
        for number in range(self._count):
            _quietly("netns", "del", f"{self._bridge}n{number}")
            _quietly("link", "del", f"{self._bridge}c{number}")
        _quietly("link", "del", self._bridge)

    def _machine(self, number: int, address: str) -> Machine:
        name, cable = f"{self._bridge}n{number}", f"{self._bridge}c{number}"
        _ip("netns", "add", name)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", cable, "master", self._bridge, "up")
        there = ("-n", name)
        _ip(*there, "link", "set", "lo", "up")
        _ip(*there, "addr", "add", f"{address}/24", "dev", "eth0")
        _ip(*there, "link", "set", "eth0", "up")
        return Machine(name=name, address=address, cable=cable)


class Refused(Exception):
    """The system does not let us."""


def _ip(*words: str) -> None:
    _run(["ip", *words])


def _run(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(words)}: {done.stderr.strip()}")


def _quietly(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=False)
