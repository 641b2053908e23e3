"""Starting PostgreSQL's programs as the server's user, wherever the data folder lies.

The cluster is handed over as an open descriptor and named ``/proc/self/fd/N``. Passing through that
link asks for no right on the folders above, so a data folder below /root serves an unprivileged server
and no other folder's mode changes; the length and the characters of the path do not matter either.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.runtime import can_reach

_PROC_FDS = Path("/proc/self/fd")
# Nothing of our environment steers the server: neither PG* variables nor locales.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """A program to be started for ``account`` on the cluster behind descriptor ``folder``."""

    account: Account
    folder: int
    inherited: tuple[int, ...]

    def data_path(self, path: Path) -> str:
        """What to give as ``-D``."""
        if _PROC_FDS.is_dir():
            return fd_path(self.folder)
        if not can_reach(path.parent, self.account):
            raise PostgresError(
                f"The user {self.account.name} cannot reach {path}, and this machine has no /proc.",
                advice="Choose a HATOBIN_DATA_DIR that every user can reach, or give DATABASE_URL.",
            )
        return str(path)

    def start(self, command: list[str], *, stdout: int) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C in the terminal does not hit it."""
        other = self.account if self.account.is_other else None
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_ENVIRONMENT,
                umask=0o077,
                start_new_session=True,
                pass_fds=(self.folder, *self.inherited),
                user=other.uid if other else None,
                group=other.gid if other else None,
                extra_groups=[] if other else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PostgresError(
                f"{command[0]} could not be started as {self.account.name or self.account.uid} "
                f"({error}).",
                advice="Start as an ordinary user, or give DATABASE_URL.",
            ) from error


def fd_path(descriptor: int) -> str:
    """A path by which a child opens an inherited descriptor."""
    folder = _PROC_FDS if _PROC_FDS.is_dir() else Path("/dev/fd")
    return str(folder / str(descriptor))
