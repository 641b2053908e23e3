"""The embedded PostgreSQL as its users see it: start, ensure, stop.

Job: keep one server per data folder for all processes that use it. Started by the first, stopped by the
last. Locks (all ``flock``, so a killed process holds none):

- ``change``: exclusive, while somebody starts or stops the server;
- ``users``: shared, by each user for its lifetime; who gets it exclusively is the last;
- ``server``: exclusive, inherited by the server and its children; free means none of them lives, whatever
  a stale pid file says and whichever container they ran in.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

from hatobin.config.postgres import (
    accounts,
    binaries,
    configuration,
    initdb,
    layout,
    locks,
    postmaster,
    roles,
    runtime,
    server,
)
from hatobin.config.postgres.cluster import Cluster, ClusterStatus
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.layout import Layout
from hatobin.config.postgres.postmaster import Postmaster

_CHANGE_LIMIT_S = server.START_LIMIT_S + 30.0
_ORPHAN_GRACE_S = 1.0

# Servers that we started and left to other users: kept so that they are reaped when they end.
_left_running: list[subprocess.Popen[bytes]] = []


class EmbeddedPostgres:
    """One use of the server on ``data_dir``. Not for several threads at once; a forked child that
    inherits it changes nothing.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._where: Layout | None = None
        self._users_lock: int | None = None
        self._joined_by = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Cluster:
        """Joins the running server or starts one; again does no harm. Raises PostgresError."""
        where = self._where = layout.prepare(self._data_dir)
        with locks.changing(where, wait_s=_CHANGE_LIMIT_S):
            try:
                self._join(where)
                self._bring_up(where)
                return self._ready_cluster(where)
            except BaseException:
                self._leave(where)
                raise

    def ensure_running(self) -> bool:
        """Starts the server again when it died; True when this call had to. Cheap when it lives."""
        where = self._where
        if where is None or not self._has_joined():
            raise PostgresError(
                "The database was not started by this process.", advice="Call start() first."
            )
        if self._process is not None:
            self._process.poll()
        if postmaster.find(where.cluster) is not None:
            return False
        with locks.changing(where, wait_s=_CHANGE_LIMIT_S):
            return self._bring_up(where)

    def stop(self) -> None:
        """Leaves; stops the server when nobody else uses it. Without a start it does nothing."""
        where = self._where
        if where is None or not self._has_joined():
            return
        with locks.changing(where, wait_s=_CHANGE_LIMIT_S):
            self._leave(where)

    def status(self) -> ClusterStatus:
        """What `hatobin doctor` shows; starts and changes nothing."""
        where = Layout(data_dir=Path(os.path.realpath(self._data_dir)))
        found = postmaster.find(where.cluster)
        return ClusterStatus(
            running=found is not None and found.ready,
            pid=found.pid if found else None,
            version=_data_version(where),
            socket_dir=found.socket_dir if found else None,
            log_file=where.log,
            data_bytes=layout.data_size(where.cluster),
            free_bytes=layout.free_bytes(where.data_dir),
        )

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _has_joined(self) -> bool:
        return self._users_lock is not None and self._joined_by == os.getpid()

    def _join(self, where: Layout) -> None:
        if not self._has_joined():
            # Nobody holds it exclusively but under `change`, which we hold.
            self._users_lock = locks.take(where, where.users_lock, shared=True)
            self._joined_by = os.getpid()
            atexit.register(self.stop)  # a program that ends by an error leaves no server behind

    def _bring_up(self, where: Layout) -> bool:
        """True when it started a server, False when one was there. The caller holds `change`."""
        server_lock = _wait_for_lock_or_server(where)
        if server_lock is None:
            return False
        try:
            account = accounts.server_account(where.cluster)
            found = binaries.find(_existing_major(where))
            programs = runtime.reachable(found, account)
            if _existing_major(where) is None:
                initdb.create(where, programs, account, server_lock)
            with layout.open_folder(where.cluster) as folder:
                configuration.write_all(folder, account)
            self._process = server.launch(where, programs, account, server_lock)
        finally:
            os.close(server_lock)  # not unlocked: the server holds the same lock from here on
        return True

    def _ready_cluster(self, where: Layout) -> Cluster:
        """The server's address, after making sure that it knows us and our database."""
        found = postmaster.find(where.cluster)
        if found is None:
            raise PostgresError(
                "The database server ended right after its start.",
                advice=f"Look into {where.log} and start again.",
            )
        _check_socket(found)
        account = accounts.server_account(where.cluster)
        with layout.open_folder(where.cluster) as folder:
            if configuration.write_all(folder, account):
                os.kill(found.pid, signal.SIGHUP)
        cluster = _cluster(where, found)
        roles.ensure(cluster, initdb.password(where))
        return cluster

    def _leave(self, where: Layout) -> None:
        """Gives up our share; whoever gets the lock exclusively was the last user."""
        if self._users_lock is not None:
            locks.release(self._users_lock)
            self._users_lock = None
        atexit.unregister(self.stop)
        last = locks.take(where, where.users_lock)
        try:
            found = postmaster.find(where.cluster)
            if last is not None and found is not None:
                server.stop(where, found)
        finally:
            if last is not None:
                locks.release(last)
            self._let_go()

    def _let_go(self) -> None:
        if self._process is not None and self._process.poll() is None:
            _left_running.append(self._process)
        self._process = None
        _left_running[:] = [child for child in _left_running if child.poll() is None]


def running_cluster(data_dir: Path) -> Cluster | None:
    """The server that runs on ``data_dir`` now, or None; starts nothing and takes no lock."""
    where = Layout(data_dir=Path(os.path.realpath(data_dir)))
    found = postmaster.find(where.cluster)
    return _cluster(where, found) if found is not None and found.ready else None


def _wait_for_lock_or_server(where: Layout) -> int | None:
    """The server's lock when no server lives; None when a ready one does."""
    give_up = time.monotonic() + server.START_LIMIT_S
    orphans_since: float | None = None
    while time.monotonic() < give_up:
        server_lock = locks.take(where, where.server_lock, wait_s=locks.POLL_S)
        if server_lock is not None:
            return server_lock
        found = postmaster.find(where.cluster)
        if found is not None and found.ready:
            return None
        if found is not None:
            orphans_since = None
            continue
        orphans_since = orphans_since or time.monotonic()
        if time.monotonic() - orphans_since > _ORPHAN_GRACE_S:
            postmaster.kill_orphans(where.cluster)
    raise PostgresError(
        f"The data folder {where.data_dir} is used by a database server that cannot be seen here.",
        advice="Stop the container or the process that uses it, or choose another "
        "HATOBIN_DATA_DIR.",
    )


def _cluster(where: Layout, found: Postmaster) -> Cluster:
    programs = binaries.find(_existing_major(where))
    return Cluster(
        data_dir=where.data_dir,
        socket_dir=found.socket_dir,
        port=found.port,
        bin_dir=programs.bin_dir,
        server_uid=where.cluster.stat().st_uid,
        version=programs.version,
        password=None if accounts.can_use_peer() else initdb.password(where),
    )


def _existing_major(where: Layout) -> int | None:
    """The version that made the cluster, or None when there is none yet."""
    version = _data_version(where)
    if version is not None and version.isdigit():
        return int(version)
    if where.cluster.is_dir() and any(where.cluster.iterdir()):
        raise PostgresError(
            f"{where.cluster} holds files but no database.",
            advice="Move that folder away, or choose another HATOBIN_DATA_DIR.",
        )
    return None


def _data_version(where: Layout) -> str | None:
    try:
        return (where.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _check_socket(found: Postmaster) -> None:
    if not (found.socket_dir / f".s.PGSQL.{found.port}").exists():
        raise PostgresError(
            f"The database server runs, but its socket in {found.socket_dir} cannot be seen here.",
            advice="Restart `hatobin serve`: something removed the socket, or it runs with a /tmp "
            "of its own.",
        )
