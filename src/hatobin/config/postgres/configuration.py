"""The server's settings and who may connect, written anew at every start.

The server's own ``postgresql.conf`` ends with an include of our file; a setting made with
``ALTER SYSTEM`` wins over it. What safety rests on (no TCP, socket folder) is on the command line, where
no file can undo it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from hatobin.config.postgres import accounts
from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.cluster import ROLE, SUPERUSER

OUR_FILE = "hatobin.conf"
INCLUDE = f"\ninclude '{OUR_FILE}'  # written by Hatobin; to change a value use ALTER SYSTEM\n"
_MB = 1024 * 1024
_NOTE = "# Written by Hatobin at every start; changes made here are lost.\n"

# ERROR lines and all DETAIL lines may quote addresses and names, so the log holds neither: the
# application gets every error anyway. `log` ranks above `error` in PostgreSQL's list of levels.
_SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
fsync = on
full_page_writes = on
synchronous_commit = on
wal_compression = on
jit = off
max_parallel_workers_per_gather = 0  # containers give 64 MB of shared memory
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = 'none'
log_min_duration_statement = -1
log_duration = off
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_autovacuum_min_duration = -1
"""


def write_all(folder: int, account: Account) -> bool:
    """Writes the three files into the cluster behind the descriptor; True when one changed."""
    texts = {
        OUR_FILE: _NOTE + _SETTINGS + f"shared_buffers = {shared_buffers_mb(_memory())}MB\n",
        "pg_hba.conf": _NOTE + hba(peer=accounts.can_use_peer()),
        "pg_ident.conf": _NOTE + ident(accounts.names_allowed(account)),
    }
    changed = [name for name, text in texts.items() if _write(folder, name, text, account)]
    return bool(changed)


def hba(*, peer: bool) -> str:
    """Our two roles over the socket, and nobody else; never `trust`."""
    method = "peer map=hatobin" if peer else "scram-sha-256"
    return (
        f"local all {SUPERUSER},{ROLE} {method}\n"
        "local all all reject\n"
        "host all all all reject\n"
        "local replication all reject\n"
        "host replication all all reject\n"
    )


def ident(names: list[str]) -> str:
    """Which users of the machine may become which role."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    return "".join(f"hatobin {name} {role}\n" for name in quoted for role in (SUPERUSER, ROLE))


def shared_buffers_mb(memory_bytes: int) -> int:
    """An eighth of the memory, from 16 to 128 MB."""
    return max(16, min(128, memory_bytes // 8 // _MB))


def _memory() -> int:
    """Bytes that this process may use: the machine's, or the container's when that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8").strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine


def _write(folder: int, name: str, text: str, account: Account) -> bool:
    """Replaces a file by rename. The folder belongs to the server's user: follow no link in it."""
    if _read(folder, name) == text:
        return False
    draft = f"{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=folder)
    descriptor = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
        if account.is_other:
            os.fchown(descriptor, account.uid, account.gid)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    return True


def _read(folder: int, name: str) -> str | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "r", encoding="utf-8", errors="replace") as file:
        return file.read()
