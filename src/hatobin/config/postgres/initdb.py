"""Making a new cluster: whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from hatobin.config.postgres import configuration, layout, nameless
from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.binaries import Binaries
from hatobin.config.postgres.cluster import SUPERUSER
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.layout import Layout
from hatobin.config.postgres.spawn import Launch, fd_path

_ROOM_BYTES = 150 * 1024 * 1024
_LIMIT_S = 300.0


def create(where: Layout, binaries: Binaries, account: Account, server_lock: int) -> None:
    """Makes the cluster in ``postgres.new`` and renames it; a killed attempt is thrown away.

    initdb inherits ``server_lock``, so that nobody takes its folder away while it still writes.
    """
    free = layout.free_bytes(where.data_dir)
    if free < _ROOM_BYTES:
        raise PostgresError(
            f"The disk of {where.data_dir} has {free // 2**20} MB free; a new database needs "
            f"{_ROOM_BYTES // 2**20} MB.",
            advice="Free some space, or choose another disk with HATOBIN_DATA_DIR.",
        )
    shutil.rmtree(where.draft, ignore_errors=True)
    try:
        where.draft.mkdir(mode=0o700)
        with layout.open_folder(where.draft) as folder:
            if account.is_other:
                os.fchown(folder, account.uid, account.gid)
            _run(where, binaries, account, folder, server_lock)
            _include_our_file(folder)
        where.draft.rename(where.cluster)
        with layout.open_folder(where.data_dir) as parent:
            os.fsync(parent)
    except OSError as error:
        raise PostgresError(
            f"A new database cannot be made in {where.data_dir} ({error.strerror}).",
            advice="Check the disk and the owner of that folder, or choose another "
            "HATOBIN_DATA_DIR.",
        ) from error


def password(where: Layout) -> str:
    """The roles' password; used only where peer cannot work. Made at the first call."""
    descriptor = layout.open_private(where, where.password, os.O_RDWR)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        kept = file.read().strip()
        if not kept:
            kept = secrets.token_urlsafe(32)
            file.write(kept + "\n")
            file.flush()
            os.fsync(descriptor)
    return kept


def arguments(major: int, folder: str, password_file: str) -> list[str]:
    """initdb's options. From 17 on collation is built in: no locale of the machine is needed."""
    provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    return [
        f"--pgdata={folder}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth-local=peer",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
        *provider,
    ]


def _run(
    where: Layout, binaries: Binaries, account: Account, folder: int, server_lock: int
) -> None:
    reader = _password_pipe(where, account)
    launch = Launch(account=account, folder=folder, inherited=(reader, server_lock))
    program = str(binaries.bin_dir / "initdb")
    place = launch.data_path(where.draft)
    command = [program, *arguments(binaries.major, place, fd_path(reader))]
    if account.name is None:
        command = [sys.executable, "-I", str(Path(nameless.__file__)), *command]
    try:
        process = launch.start(command, stdout=subprocess.PIPE)
    finally:
        os.close(reader)
    _check(process, account)


def _check(process: subprocess.Popen[bytes], account: Account) -> None:
    try:
        said, _ = process.communicate(timeout=_LIMIT_S)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode == nameless.REFUSED and account.name is None:
        raise PostgresError(
            f"The user number {account.uid} has no name on this machine, and PostgreSQL needs one.",
            advice="Add a line for it to /etc/passwd, start as another user, or give DATABASE_URL.",
        )
    if process.returncode != 0:
        tail = " ".join(said.decode("utf-8", "replace").split("\n")[-6:]).strip()
        raise PostgresError(
            f"PostgreSQL could not make a new database: {tail}",
            advice="Check the free space and the owner of the data folder, then start again.",
        )


def _password_pipe(where: Layout, account: Account) -> int:
    """A pipe that belongs to the server's user: it could not open a file of ours."""
    secret = password(where).encode() + b"\n"
    reader, writer = os.pipe()
    if account.is_other:
        os.fchown(reader, account.uid, account.gid)
    os.write(writer, secret)
    os.close(writer)
    return reader


def _include_our_file(folder: int) -> None:
    descriptor = os.open(
        "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW, dir_fd=folder
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(configuration.INCLUDE)
        file.flush()
        os.fsync(descriptor)
