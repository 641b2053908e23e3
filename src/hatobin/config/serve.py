"""NAME
    serve - runs the whole product on one machine

JOB
    Starts PostgreSQL (embedded, unless DATABASE_URL is set), migrates, then starts web, sender,
    worker and sandbox as children; starts a child again that dies; drains all on SIGTERM or Ctrl-C.

LOCKS
    ``<data folder>/serve.lock`` (flock): a second ``serve`` on the same folder is refused.

LIMITS
    A child that dies at once again and again is started with growing pauses (1 s to 30 s), for ever,
    and so is a database that cannot be started (a full disk): the product must come back by itself
    when what it lacked is there again.

DIAGNOSTICS
    Prints the address, and at the first start the one-time link for the owner. Logs go to stderr.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog

from hatobin.common.terminal import gettext as _
from hatobin.config.env import Settings
from hatobin.config.postgres import PostgresError
from hatobin.config.processes import PARENT

_log = structlog.get_logger("hatobin.serve")
_TICK = 0.25
_DRAIN = 30.0
_CALM = 30.0  # seconds after which a child counts as healthy and its pause is forgotten
_LONGEST_PAUSE = 30.0
_READY_WITHIN = 60.0


class ServeRefused(Exception):
    """The service cannot start; the text says why and what to do."""


@dataclass(slots=True)
class Child:
    """One process that ``serve`` keeps alive."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0

    def start(self, environment: dict[str, str]) -> None:
        """Starts it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        command = [sys.executable, "-m", "hatobin", self.name]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)
        self.started_at = time.monotonic()

    def look(self, environment: dict[str, str]) -> None:
        """Starts it when it is not running and its pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start(environment)
            return
        code = self.process.poll()
        if code is None:
            return
        calm = now - self.started_at > _CALM
        self.pause = 1.0 if calm else _longer(self.pause)
        self.not_before = now + self.pause
        self.process = None
        _log.warning("child ended, starting it again", child=self.name, code=code, pause=self.pause)


@dataclass(slots=True)
class Database:
    """The embedded server, kept running. ``ensure`` starts it when it is down and is cheap else."""

    ensure: Callable[[], object]
    pause: float = 0.0
    not_before: float = 0.0

    def look(self) -> None:
        """Tries again after a pause where it cannot be started; the children wait for it meanwhile."""
        if time.monotonic() < self.not_before:
            return
        try:
            self.ensure()
        except (PostgresError, OSError) as error:
            self.pause = _longer(self.pause)
            self.not_before = time.monotonic() + self.pause
            _log.error("the database cannot be started", reason=str(error), pause=self.pause)
        else:
            self.pause = 0.0


class Supervisor:
    """Keeps the database and the children alive until it is told to stop."""

    def __init__(self, settings: Settings, ensure_database: Callable[[], object]) -> None:
        self._settings = settings
        self._database = Database(ensure_database)
        self._stopping = False
        self._children = [Child(name) for name in ("web", "sender", "worker", "sandbox")]
        self._environment = {**os.environ, PARENT: str(os.getpid())}
        if settings.sandbox_port:
            port = free_port(settings.sandbox_port)
            self._environment["HATOBIN_SANDBOX_PORT"] = str(port)

    def run(self, announce: Callable[[], None]) -> None:
        """Blocks until SIGTERM or SIGINT; then drains the children."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._keep_alive(announce)
        finally:
            self._drain()

    def _keep_alive(self, announce: Callable[[], None]) -> None:
        announced = False
        deadline = time.monotonic() + _READY_WITHIN
        while not self._stopping:
            self._database.look()
            for child in self._children:
                child.look(self._environment)
            if not announced and self._answers():
                announced = True
                announce()
            elif not announced and time.monotonic() > deadline:
                _log.warning("the pages do not answer yet; `hatobin doctor` says more")
                deadline = time.monotonic() + _READY_WITHIN
            time.sleep(_TICK)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _answers(self) -> bool:
        host = "127.0.0.1" if self._settings.host in {"0.0.0.0", "::"} else self._settings.host  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        url = f"http://{host}:{self._settings.port}/healthz"
        question = urllib.request.Request(url, headers={"Host": "localhost"})
        try:
            with urllib.request.urlopen(question, timeout=1):  # noqa: S310 - our own
                return True
        except OSError:  # nobody listens yet, or a status that is no success
            return False

    def _drain(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            child.process.terminate()  # type: ignore[union-attr]
        deadline = time.monotonic() + _DRAIN
        for child in running:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))  # type: ignore[union-attr]
            except subprocess.TimeoutExpired:
                _log.warning("child did not drain in time", child=child.name)
                child.process.kill()  # type: ignore[union-attr]


def _longer(pause: float) -> float:
    return min(pause * 2, _LONGEST_PAUSE) if pause else 1.0


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds the data folder's serve lock; raises ServeRefused when another ``serve`` holds it."""
    path = data_dir / "serve.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = os.pread(descriptor, 100, 0).decode(errors="replace").strip()
            raise ServeRefused(
                _("Hatobin is already running on %(folder)s (process %(process)s).")
                % {"folder": data_dir, "process": other or "?"}
                + "\n"
                + _(
                    "Stop that one first, or set HATOBIN_DATA_DIR to another folder for a second one."
                )
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def check_port(settings: Settings) -> None:
    """Raises ServeRefused when the web port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ServeRefused(
                _("Port %(port)s on %(host)s cannot be used (%(why)s).")
                % {"port": settings.port, "host": settings.host, "why": error.strerror}
                + "\n"
                + _("Stop the program that uses it, or set HATOBIN_PORT to another number.")
            ) from error


def free_port(wanted: int) -> int:
    """``wanted`` when nobody listens there on loopback, else a port that the system picks."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return wanted
