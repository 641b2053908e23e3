"""The 0700 folder that holds the server's socket.

A socket's path may have 107 bytes, so it cannot lie below the data folder, which may be anywhere. For
ordinary users it is in /tmp and not in $XDG_RUNTIME_DIR: that one vanishes when the person logs out,
while the server goes on, and differs between a service and a terminal.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.runtime import can_reach

_RUN = Path("/run")
_TMP = Path("/tmp")  # noqa: S108 - the folder made in it is 0700 and its owner is checked


def folder_for(data_dir: Path, account: Account) -> Path:
    """One short name per user and data folder; it holds no comma, quote or space."""
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    is_root = os.geteuid() == 0 and os.access(_RUN, os.W_OK) and can_reach(_RUN, account)
    return (_RUN if is_root else _TMP) / f"hatobin-{account.uid}-{digest}"


def prepare(folder: Path, account: Account) -> None:
    """Makes the folder, or takes over our own from last time; refuses anybody else's."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _refused(folder, "it is not a folder of ours") from error
    try:
        there = os.fstat(descriptor)
        if there.st_uid not in {os.geteuid(), account.uid}:
            raise _refused(folder, f"it belongs to user number {there.st_uid}")
        if stat.S_IMODE(there.st_mode) & 0o077:
            raise _refused(folder, "other users may enter it")
        if account.is_other:
            os.fchown(descriptor, account.uid, account.gid)
        _clear(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Tidies up after a server that has ended."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _clear(descriptor)
        finally:
            os.close(descriptor)
        folder.rmdir()


def _clear(descriptor: int) -> None:
    """A killed server leaves its socket and a lock file whose pid may belong to another by now."""
    for name in os.listdir(descriptor):
        if name.startswith(".s.PGSQL."):
            os.unlink(name, dir_fd=descriptor)


def _refused(folder: Path, why: str) -> PostgresError:
    return PostgresError(
        f"The socket folder {folder} cannot be used: {why}.",
        advice=f"Remove {folder} (as root when it is not yours) and start again.",
    )
