"""Locks that a dead process cannot keep: ``flock`` on files in the data folder."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.layout import Layout, open_private

POLL_S = 0.02


def take(layout: Layout, path: Path, *, shared: bool = False, wait_s: float = 0.0) -> int | None:
    """The descriptor that holds the lock, or None when others still hold it after ``wait_s``."""
    descriptor = open_private(layout, path, os.O_RDWR)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    give_up = time.monotonic() + wait_s
    try:
        while not _try(descriptor, mode, path):
            if time.monotonic() >= give_up:
                os.close(descriptor)
                return None
            time.sleep(POLL_S)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def release(descriptor: int) -> None:
    """Unlocks, also where forked children still hold a copy of the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextmanager
def changing(layout: Layout, *, wait_s: float) -> Iterator[None]:
    """Only one process at a time starts or stops the server."""
    descriptor = take(layout, layout.change_lock, wait_s=wait_s)
    if descriptor is None:
        raise PostgresError(
            f"Another process has been starting or stopping the database in {layout.data_dir} "
            f"for more than {wait_s:.0f} seconds.",
            advice=f"Look into {layout.log}, stop that process and try again.",
        )
    try:
        yield
    finally:
        release(descriptor)


def _try(descriptor: int, mode: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise PostgresError(
            f"The disk that holds {path} has no file locks ({error.strerror}).",
            advice="Choose a local disk with HATOBIN_DATA_DIR, or give DATABASE_URL.",
        ) from error
    return True
