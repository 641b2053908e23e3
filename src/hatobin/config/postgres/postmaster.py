"""What ``postmaster.pid`` and the process table say about a server."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PID_FILE = "postmaster.pid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """A server that wrote its pid file and whose process lives. ``ready``: takes connections."""

    pid: int
    port: int
    socket_dir: Path
    ready: bool


def find(cluster: Path) -> Postmaster | None:
    """The live postmaster of this cluster, or None: a pid file may be stale and its number reused."""
    try:
        descriptor = os.open(cluster / _PID_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "r", encoding="utf-8", errors="surrogateescape") as file:
            said = _parse(file.read(4096))
    except OSError:
        return None
    return said if said is not None and lives(said.pid, cluster) else None


def lives(pid: int, cluster: Path) -> bool:
    """Whether that process works in this cluster: every PostgreSQL process makes it its folder."""
    if not _PROC.joinpath("self").exists():
        return _answers(pid)
    try:
        entry = _PROC / str(pid)
        works_here = (entry / "cwd").samefile(cluster)
        # A shell that somebody opened in the cluster's folder is not ours to end.
        return works_here and (entry / "comm").read_text(encoding="utf-8").strip() == "postgres"
    except OSError:
        return False


def kill_orphans(cluster: Path) -> None:
    """Ends the children that a killed postmaster left busy; the log replay repairs their work."""
    for entry in _PROC.glob("[0-9]*"):
        if lives(int(entry.name), cluster):
            with suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


def _parse(text: str) -> Postmaster | None:
    """Lines: pid, folder, start time, port, socket folder, address, shared memory, status."""
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) < 5 or not lines[0].isdigit() or not lines[3].isdigit():
        return None
    ready = len(lines) > 7 and lines[7] == "ready"
    return Postmaster(pid=int(lines[0]), port=int(lines[3]), socket_dir=Path(lines[4]), ready=ready)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
