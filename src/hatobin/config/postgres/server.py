"""Starting, waiting for and stopping one postmaster."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from hatobin.config.postgres import layout, locks, postmaster, sockets
from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.binaries import Binaries
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.layout import Layout
from hatobin.config.postgres.postmaster import Postmaster
from hatobin.config.postgres.spawn import Launch

PORT = 5432  # only a part of the socket's name
START_LIMIT_S = 300.0  # replaying the log after a crash can take minutes
_LOG_LIMIT = 10 * 1024 * 1024
_STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


def launch(
    where: Layout, binaries: Binaries, account: Account, server_lock: int
) -> subprocess.Popen[bytes]:
    """Starts the server and returns when it takes connections. The caller holds ``server_lock``,
    which proves that no process of an earlier server lives; this one inherits it.
    """
    (where.cluster / "postmaster.pid").unlink(missing_ok=True)
    socket_dir = sockets.folder_for(where.data_dir, account)
    sockets.prepare(socket_dir, account)
    log = _open_log(where)
    begin = os.fstat(log).st_size
    try:
        with layout.open_folder(where.cluster) as folder:
            start = Launch(account=account, folder=folder, inherited=(server_lock,))
            command = _command(binaries, start.data_path(where.cluster), socket_dir)
            process = start.start(command, stdout=log)
    finally:
        os.close(log)
    _wait_until_ready(where, process, begin)
    return process


def stop(where: Layout, server: Postmaster) -> None:
    """Ends the server: politely first. Returns when the last of its processes is gone."""
    for number, limit_s in _STOP_STEPS:
        with suppress(ProcessLookupError):
            os.kill(server.pid, number)
        if number == signal.SIGKILL:
            postmaster.kill_orphans(where.cluster)
        gone = locks.take(where, where.server_lock, wait_s=limit_s)
        if gone is not None:
            locks.release(gone)
            sockets.remove(server.socket_dir)
            return
    raise PostgresError(
        f"The database server (process {server.pid}) does not end.",
        advice=f"Look into {where.log}; restart the machine when its disk hangs.",
    )


def _command(binaries: Binaries, data_path: str, socket_dir: Path) -> list[str]:
    settings = (
        "listen_addresses=",
        f"unix_socket_directories={socket_dir}",
        f"port={PORT}",
    )
    options = [part for setting in settings for part in ("-c", setting)]
    return [str(binaries.bin_dir / "postgres"), "-D", data_path, *options]


def _wait_until_ready(where: Layout, process: subprocess.Popen[bytes], begin: int) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise PostgresError(
                f"PostgreSQL did not start: {_log_tail(where.log, begin)}",
                advice=f"The whole story is in {where.log}.",
            )
        found = postmaster.find(where.cluster)
        if found is not None and found.ready:
            return
        time.sleep(locks.POLL_S)
    raise PostgresError(
        f"PostgreSQL has not become ready in {START_LIMIT_S:.0f} seconds.",
        advice=f"Look into {where.log}: a slow or full disk is the usual cause.",
    )


def _open_log(where: Layout) -> int:
    """Rotated at a start only: the server keeps the open file."""
    with suppress(FileNotFoundError):
        if where.log.stat().st_size > _LOG_LIMIT:
            where.log.rename(where.log.with_name(f"{where.log.name}.1"))
    return layout.open_private(where, where.log, os.O_WRONLY | os.O_APPEND)


def _log_tail(log: Path, begin: int) -> str:
    """What the server said last, on one line."""
    with log.open("rb") as file:
        file.seek(begin)
        lines = file.read(64 * 1024).decode("utf-8", "replace").splitlines()
    return " / ".join(lines[-5:]) or "it said nothing"
