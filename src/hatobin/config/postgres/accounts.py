"""Which user of this machine the server runs as, and who may connect.

PostgreSQL refuses to run as root. Started by root it runs as the owner of the existing cluster, else as
the user ``hatobin`` when the machine has one, else as ``nobody``. No user is ever created.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from hatobin.config.postgres.errors import PostgresError

SERVER_USERS = ("hatobin", "nobody")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user of this machine. ``name`` is None where the machine knows only the number."""

    uid: int
    gid: int
    name: str | None

    @property
    def is_other(self) -> bool:
        """Whether the server must change from our user to this one."""
        return self.uid != os.geteuid()


def server_account(cluster: Path) -> Account:
    """The user that runs the server on ``cluster`` (which need not exist yet)."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), name=name_of(os.geteuid()))
    if cluster.is_dir() and any(cluster.iterdir()):
        return _owner(cluster)
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    raise PostgresError(
        "PostgreSQL does not run as root, and this machine has no user `hatobin` or `nobody`.",
        advice="Create one (useradd --system hatobin), start as an ordinary user, "
        "or give DATABASE_URL.",
    )


def names_allowed(account: Account) -> list[str]:
    """Names that may connect as our roles: ours, the server's, and root, who reads the files anyway."""
    names = {name_of(uid) for uid in (0, os.geteuid(), account.uid)}
    return sorted(name for name in names if name)


def name_of(uid: int) -> str | None:
    """The name of a user, or None: containers run under numbers that no passwd file knows."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def can_use_peer() -> bool:
    """PostgreSQL's `peer` compares names, so our own user needs one."""
    return name_of(os.geteuid()) is not None


def _owner(cluster: Path) -> Account:
    owner = cluster.stat()
    if owner.st_uid == 0:
        raise PostgresError(
            f"The database files in {cluster} belong to root, and PostgreSQL does not run as root.",
            advice=f"Give them to an unprivileged user: chown -R {SERVER_USERS[-1]} '{cluster}'",
        )
    return Account(uid=owner.st_uid, gid=owner.st_gid, name=name_of(owner.st_uid))
