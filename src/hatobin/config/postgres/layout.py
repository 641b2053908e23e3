"""The names below the data folder, and how private files are made there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hatobin.config.postgres.errors import PostgresError


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where things are. Only ``cluster`` and ``draft`` ever belong to the server's user."""

    data_dir: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.data_dir / "postgres"

    @property
    def draft(self) -> Path:
        """A cluster being made; becomes ``cluster`` by one rename when it is whole."""
        return self.data_dir / "postgres.new"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data_dir / "postgres.log"

    @property
    def password(self) -> Path:
        """Password of both roles, for machines where peer cannot work."""
        return self.data_dir / "postgres.password"

    @property
    def change_lock(self) -> Path:
        """Held exclusively while the server is started or stopped."""
        return self.data_dir / "postgres.locks" / "change"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.data_dir / "postgres.locks" / "users"

    @property
    def server_lock(self) -> Path:
        """Held by the server itself and all its children, for as long as one of them lives."""
        return self.data_dir / "postgres.locks" / "server"


def prepare(data_dir: Path) -> Layout:
    """Makes the data folder (0700) when it is missing; an existing one keeps its mode."""
    folder = Path(os.path.realpath(data_dir))
    layout = Layout(data_dir=folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not layout.change_lock.parent.is_dir():
            layout.change_lock.parent.mkdir(mode=0o700, exist_ok=True)
            _hand_over(layout.change_lock.parent, folder)
    except OSError as error:
        raise PostgresError(
            f"The data folder {folder} cannot be used ({error.strerror}).",
            advice="Choose a folder you may write to with HATOBIN_DATA_DIR.",
        ) from error
    return layout


def open_private(layout: Layout, path: Path, flags: int) -> int:
    """Opens a file of ours (made 0600, owned by the data folder's owner); never through a link."""
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return os.open(path, flags)
    except OSError as error:
        raise PostgresError(
            f"{path} cannot be opened ({error.strerror}).",
            advice=f"Run as the owner of {layout.data_dir}, or choose another HATOBIN_DATA_DIR.",
        ) from error
    _hand_over(descriptor, layout.data_dir)
    return descriptor


@contextmanager
def open_folder(path: Path) -> Iterator[int]:
    """A descriptor of a folder, closed afterwards."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def data_size(folder: Path) -> int:
    """Bytes of all files below ``folder``; files that vanish meanwhile do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(parent) / name).st_size
            except OSError:
                continue
    return total


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds ``folder`` or its nearest existing parent."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def _hand_over(target: int | Path, data_dir: Path) -> None:
    """Root may run on another person's data folder; what it adds must stay theirs."""
    if os.geteuid() == 0:
        owner = data_dir.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
