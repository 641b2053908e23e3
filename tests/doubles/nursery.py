"""Sender processes that start at once: each is forked from one that has imported everything already.

A sender from here is the product's own, alone in its process: it may be killed, frozen and drained as any
other. It dies with the nursery, so nothing is left over of a test that was broken off.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
_SOCKET = re.compile(r"socket:\[([0-9]+)\]")


@dataclass(kw_only=True)
class Child:
    """One sender. ``ended`` becomes readable when it ends, whoever its parent is."""

    pid: int
    ended: int

    @property
    def alive(self) -> bool:
        return not select.select([self.ended], [], [], 0)[0]

    def send_signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.ended, number)

    def kill(self) -> None:
        """SIGKILL, to the end."""
        self.send_signal(signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds: float) -> None:
        """Raises TimeoutError when it lives on."""
        if not select.select([self.ended], [], [], seconds)[0]:
            raise TimeoutError(f"sender {self.pid} does not end")

    def freeze(self) -> None:
        """SIGSTOP, and it stands still when this returns."""
        self.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while self.alive and _state(self.pid) != "T" and time.monotonic() < deadline:
            time.sleep(0.001)

    def thaw(self) -> None:
        self.send_signal(signal.SIGCONT)

    def connections(self) -> int:
        """How many sockets to servers it has. Its database is reached by sockets of another kind."""
        try:
            found = {
                match[1]
                for path in Path(f"/proc/{self.pid}/fd").iterdir()
                if (match := _SOCKET.match(_link(path)))
            }
            local = Path(f"/proc/{self.pid}/net/unix").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return len(found - {line.split()[6] for line in local})


class Nursery:
    """``with Nursery() as nursery``: ``nursery.sender(log=path)``.

    ``database``: values of Django's connection that differ from this process's. ``shaping``: the
    installation's file.
    """

    def __init__(self, database: Mapping[str, Any], *, shaping: Path | None = None) -> None:
        self._database = dict(database)
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "hatobin.config.settings",
            "HATOBIN_LOG_LEVEL": "INFO",
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
        }
        if shaping is not None:
            self._environment["HATOBIN_SHAPING_FILE"] = str(shaping)
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.doubles.nursery"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"
        return self

    def __exit__(self, *_error: object) -> None:
        self.clear()
        self._process.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None
            end.close()

    def sender(
        self,
        log: Path,
        *,
        host: str = "",
        zone: Mapping[str, Mapping[str, list[str]]] | None = None,
        port: int = 25,
        timeouts: Mapping[str, float] | None = None,
    ) -> Child:
        """A new one. ``host``: another socket folder of the database. ``zone``: a name service whose
        servers, on this machine, listen at ``port``. ``timeouts``: seconds, by name."""
        database = {**self._database, **({"HOST": host} if host else {})}
        order = {
            "database": database, "log": str(log), "zone": zone, "port": port, "timeouts": timeouts,
        }  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = int(self._line())
        child = Child(pid=pid, ended=os.pidfd_open(pid))
        self._children.append(child)
        return child

    def clear(self) -> None:
        """Kills all that live still."""
        for child in self._children:
            child.kill()
            os.close(child.ended)
        self._children.clear()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the nursery has ended"
        return line.strip()


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _serve_orders() -> None:
    import ctypes

    import django

    django.setup()
    import hatobin.delivery.runner  # noqa: F401 - so that children have it

    libc = ctypes.CDLL(None)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _be_sender(json.loads(line))
        _say(str(pid))


def _be_sender(order: Mapping[str, Any]) -> None:
    """Never returns."""
    import traceback

    status = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        _send(order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _send(order: Mapping[str, Any]) -> None:
    from django.db import connections

    connections["default"].settings_dict.update(order["database"])
    if order["zone"] is None and order["timeouts"] is None:
        from hatobin.delivery.runner import run_sender_process

        run_sender_process()
        return
    import uvloop

    uvloop.run(_send_there(order))


async def _send_there(order: Mapping[str, Any]) -> None:
    """As ``run_sender_process``, with a world of its own around direct roads."""
    import asyncio

    from hatobin.delivery.egress.endpoint import Timeouts
    from hatobin.delivery.runner import Sender
    from hatobin.delivery.services.direct_roads import outside_of
    from tests.doubles.names import FakeDns

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    outside = outside_of(FakeDns(order["zone"] or {}), port=order["port"], allow_loopback=True)
    timeouts = Timeouts(**order["timeouts"]) if order["timeouts"] else None
    await Sender(timeouts=timeouts, outside=outside).run(stop)


if __name__ == "__main__":
    _serve_orders()
