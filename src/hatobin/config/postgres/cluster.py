"""What the launcher hands out: where the server is and how to connect to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROLE = "hatobin"
DATABASE = "hatobin"
SUPERUSER = "postgres"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A running server. ``bin_dir`` holds the client programs (pg_dump, psql) of its version."""

    data_dir: Path
    socket_dir: Path
    port: int
    bin_dir: Path
    server_uid: int | None
    version: str
    password: str | None = field(default=None, repr=False)

    def url(self, database: str = DATABASE, role: str = ROLE) -> str:
        """A libpq URL over the socket; holds the password only where peer cannot be used."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        host = quote(str(self.socket_dir), safe="")
        name = quote(database, safe="")
        return f"postgresql://{quote(role, safe='')}{secret}@/{name}?host={host}&port={self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterStatus:
    """For ``hatobin doctor``. Sizes are bytes; ``version`` is the data's major version."""

    running: bool
    pid: int | None
    version: str | None
    socket_dir: Path | None
    log_file: Path
    data_bytes: int
    free_bytes: int
