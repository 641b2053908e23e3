"""One measurement: a throw-away installation, sender processes, and what they and PostgreSQL used."""

from __future__ import annotations

import base64
import ipaddress
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psutil

from hatobin.common.terminal import gettext as _
from hatobin.config.runtime import Runtime

_SENDER = (sys.executable, "-m", "hatobin", "sender")
_LOOK = 0.05
_START = 30.0  # seconds until a sender process must have joined
_SLOWEST = 100  # letters a second: below that a run is given up


class BenchRefused(Exception):
    """It cannot be measured; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to measure: the options of ``hatobin bench send``."""

    recipients: int
    egress: str
    dkim: str | None
    processes: int
    connections: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """``seconds``: from the end of the hold to the last recorded answer. CPU in seconds for 1,000 letters;
    ``peak_rss_mb``: of the largest sender process. ``release_seconds``: check and freeze;
    ``start_seconds``: from the release to the first letter that had its answer."""

    messages: int
    seconds: float
    rate: float
    cpu_seconds_per_1000: float
    postgres_cpu_seconds_per_1000: float
    peak_rss_mb: float
    sink: str
    release_seconds: float
    start_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Numbers that a reader may compare; four digits are more than a run can tell."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def run(order: Order, say: Callable[[str], None]) -> Result:
    """Raises BenchRefused. Leaves nothing behind."""
    host, port = _place(order.egress)
    banner = _banner(host, port)
    with installation() as postgres:
        from hatobin.config.bench import stage

        say(_("Making up %(count)d people ...") % {"count": order.recipients})
        workspace, actor = stage.open_office()
        people = stage.fill_list(workspace, order.recipients)
        road = stage.make_road(actor, host, port, order.connections)
        if order.dkim:
            stage.sign_with(actor, order.dkim)
        with running(order.processes) as senders:
            before = time.monotonic()
            dispatch = stage.let_go(actor, people, road)
            released, released_at = time.monotonic() - before, datetime.now(UTC)
            used, by_database = used_by(senders), used_by_postgres(postgres)
            say(_("Sending ..."))
            wait_until_done(dispatch, order.recipients)
            used = used_by(senders) - used
            by_database = used_by_postgres(postgres) - by_database
            peak = max(_peak(each) for each in senders)
            sent, seconds, start = times_of(dispatch, released_at)
    return Result(
        messages=sent,
        seconds=seconds,
        rate=sent / seconds,
        cpu_seconds_per_1000=used / sent * 1000,
        postgres_cpu_seconds_per_1000=by_database / sent * 1000,
        peak_rss_mb=peak,
        sink=f"{host}:{port} {banner}",
        release_seconds=released,
        start_seconds=start,
    )


def _place(egress: str) -> tuple[str, int]:
    """Only loopback: made-up letters must never reach a real server."""
    try:
        parts = urlsplit(egress)
        host, port = parts.hostname or "", parts.port or 25
        if parts.scheme == "smtp" and ipaddress.ip_address(host).is_loopback:
            return host, port
    except ValueError:
        pass
    raise BenchRefused(
        _("--egress must be smtp://127.0.0.1:PORT or another loopback address: %(egress)s")
        % {"egress": egress}
    )


def _banner(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=5) as line:
            line.settimeout(5)
            return line.recv(200).decode("ascii", "replace").splitlines()[0][4:]
    except (OSError, IndexError) as error:
        raise BenchRefused(
            _(
                "No mail server answers at %(place)s (%(reason)s). Start one: hatobin sink --quiet --port %(port)d"
            )
            % {"place": f"{host}:{port}", "reason": error, "port": port}
        ) from error


@contextmanager
def installation() -> Iterator[psutil.Process]:
    """A throw-away data folder with its own embedded PostgreSQL, whose first process is given."""
    with tempfile.TemporaryDirectory(prefix="hatobin-bench-") as folder:
        for name in list(os.environ):
            if name.startswith("HATOBIN_") or name == "DATABASE_URL":
                del os.environ[name]
        os.environ |= {
            "HATOBIN_DATA_DIR": folder,
            "HATOBIN_SECRET_KEY": secrets.token_urlsafe(50),
            "HATOBIN_MASTER_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "HATOBIN_LOG_LEVEL": "WARNING",
        }
        runtime = Runtime()
        with runtime.open():
            if runtime.postgres is None or (pid := runtime.postgres.status().pid) is None:
                raise BenchRefused(_("The embedded PostgreSQL is not running."))
            yield psutil.Process(pid)


@contextmanager
def running(count: int, command: Sequence[str] = _SENDER) -> Iterator[list[psutil.Process]]:
    """Real sender processes that have joined."""
    from hatobin.delivery.models import SenderNode

    started = [subprocess.Popen([*command], stdout=subprocess.DEVNULL) for _number in range(count)]
    try:
        deadline = time.monotonic() + _START
        while SenderNode.objects.count() < count:
            if time.monotonic() > deadline or any(each.poll() is not None for each in started):
                raise BenchRefused(_("A sender process did not start."))
            time.sleep(_LOOK)
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            with suppress(subprocess.TimeoutExpired):
                each.wait(30)
            each.kill()


def used_by(processes: list[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes)


def used_by_postgres(first: psutil.Process) -> float:
    """Of all its processes, those that ended meanwhile included."""
    total = 0.0
    for each in (first, *first.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:4])
    return total


def _peak(process: psutil.Process) -> float:
    """The largest resident size so far, in MB."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return process.memory_info().rss / (1 << 20)


def wait_until_done(dispatch: UUID, count: int) -> None:
    """Looks at one row only: counting letters would be part of what is measured."""
    from hatobin.delivery.models import Dispatch

    rows = Dispatch.objects.across_workspaces().filter(pk=dispatch)
    deadline = time.monotonic() + 60 + count / _SLOWEST
    while (state := rows.values_list("state", flat=True).get()) != "done":
        if state == "stopped" or time.monotonic() > deadline:
            raise BenchRefused(
                _("Not all letters were taken (state: %(state)s). Does the server take them all?")
                % {"state": state}
            )
        time.sleep(_LOOK)


def wait_for_accepted(dispatch: UUID, wanted: int) -> None:
    """For runs in which some letters cannot end: counts them, seldom."""
    from hatobin.delivery.models import Delivery

    rows = Delivery.objects.across_workspaces().filter(dispatch_id=dispatch, state="accepted")
    deadline = time.monotonic() + 60 + wanted / _SLOWEST
    while (found := rows.count()) < wanted:
        if time.monotonic() > deadline:
            raise BenchRefused(
                _("The server took %(number)d of %(all)d letters.")
                % {"number": found, "all": wanted}
            )
        time.sleep(1)


def times_of(dispatch: UUID, released_at: datetime) -> tuple[int, float, float]:
    """(accepted letters, seconds of sending, seconds from the end of the release to the first answer)."""
    from django.db.models import Count, Max, Min

    from hatobin.delivery.models import Delivery, Dispatch

    row = Dispatch.objects.across_workspaces().get(pk=dispatch)
    found = (
        Delivery.objects.across_workspaces()
        .filter(dispatch_id=dispatch, state="accepted")
        .aggregate(number=Count("pk"), first=Min("ended_at"), last=Max("ended_at"))
    )
    if found["number"] != row.audience or row.started_at is None:
        raise BenchRefused(
            _("The server took %(number)d of %(all)d letters.")
            % {"number": found["number"], "all": row.audience}
        )
    seconds = (found["last"] - row.started_at).total_seconds()
    start = (found["first"] - released_at).total_seconds()
    return row.audience, seconds, start
