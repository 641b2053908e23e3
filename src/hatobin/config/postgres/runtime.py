"""Programs that the server's user can reach.

Root's installation may lie where an unprivileged user cannot read (``/root``, a 0700 folder, umask 077).
Opening those folders would be wrong, so the server's files are copied once, as root, to a place that
everybody may read and only root may change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from hatobin.config.postgres import layout, locks
from hatobin.config.postgres.accounts import Account
from hatobin.config.postgres.binaries import WHEEL, Binaries
from hatobin.config.postgres.errors import PostgresError

# Not below /var/lib/hatobin: that is root's data folder, closed to the server's user.
RUNTIME_ROOT = Path("/var/lib/hatobin-runtime")
_COPY_LIMIT_S = 120.0


def reachable(binaries: Binaries, account: Account, root: Path = RUNTIME_ROOT) -> Binaries:
    """The same programs, copied below ``root`` when the server's user cannot reach them."""
    if not account.is_other or _is_open(binaries, account):
        return binaries
    if not binaries.is_from_wheel:
        raise _unreachable(binaries, account)
    target = root / f"{binaries.version}-{_fingerprint(binaries)}"
    try:
        _make_root(root, account)
        keeper = layout.prepare(root)
        with locks.changing(keeper, wait_s=_COPY_LIMIT_S):
            if not target.is_dir():
                _copy(binaries, target)
    except OSError as error:
        raise PostgresError(
            f"PostgreSQL's programs cannot be copied to {root} ({error.strerror}).",
            advice="Free some disk space there, or start as an ordinary user.",
        ) from error
    install = binaries.bin_dir.parent
    return replace(binaries, bin_dir=target / WHEEL / install.name / "bin")


def can_reach(path: Path, account: Account) -> bool:
    """Whether the mode bits let that user read ``path`` and pass through all its parents."""
    real = Path(os.path.realpath(path))
    wanted = 5 if real.is_dir() or os.access(real, os.X_OK) else 4
    return _allows(real, account, wanted) and all(
        _allows(parent, account, 1) for parent in real.parents
    )


def _is_open(binaries: Binaries, account: Account) -> bool:
    """One file of each kind stands for its neighbours: an installer gives all the same mode."""
    install = binaries.bin_dir.parent
    samples = [binaries.bin_dir / "postgres", binaries.bin_dir / "initdb"]
    if binaries.is_from_wheel:
        samples += [install / "share" / "postgresql" / "postgres.bki", install / "lib/postgresql"]
        samples += list((install.parent.parent / f"{WHEEL}.libs").glob("libpq*"))
    return all(can_reach(sample, account) for sample in samples)


def _allows(path: Path, account: Account, wanted: int) -> bool:
    there = path.stat()
    if there.st_uid == account.uid:
        bits = there.st_mode >> 6
    elif there.st_gid == account.gid:
        bits = there.st_mode >> 3
    else:
        bits = there.st_mode
    return bits & wanted == wanted


def _make_root(root: Path, account: Account) -> None:
    if not root.is_dir():
        root.mkdir(parents=True)
        root.chmod(0o755)
    there = root.stat()
    if there.st_uid != os.geteuid() or there.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PostgresError(
            f"{root} can be changed by other users, so programs in it cannot be trusted.",
            advice=f"Remove {root}, or give it to root with mode 0755.",
        )
    if not can_reach(root, account):
        raise PostgresError(
            f"The user {account.name or account.uid} cannot reach {root}.",
            advice="Start as an ordinary user, or give DATABASE_URL.",
        )


def _copy(binaries: Binaries, target: Path) -> None:
    """Whole or not at all: the name appears by one rename."""
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    install = binaries.bin_dir.parent
    home = draft / WHEEL / install.name
    (home / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy(binaries.bin_dir / program, home / "bin" / program)
    shutil.copytree(install / "lib" / "postgresql", home / "lib" / "postgresql")
    shutil.copytree(install / "share", home / "share")
    libraries = install.parent.parent / f"{WHEEL}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    _open_to_all(draft)
    draft.rename(target)


def _open_to_all(tree: Path) -> None:
    """Folders and programs 0755, files 0644, whatever the source and the umask said."""
    for parent, _, names in os.walk(tree):
        folder = Path(parent)
        folder.chmod(0o755)
        for name in names:
            file = folder / name
            file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)


def _fingerprint(binaries: Binaries) -> str:
    """Changes with the content: the wheel's RECORD holds a hash of each file."""
    try:
        record = metadata.distribution(WHEEL).read_text("RECORD") or ""
    except metadata.PackageNotFoundError:
        record = ""
    install = binaries.bin_dir.parent.name
    prefixes = (f"{WHEEL}/{install}/", f"{WHEEL}.libs/")
    lines = sorted(line for line in record.splitlines() if line.startswith(prefixes))
    lines.append(str((binaries.bin_dir / "postgres").stat().st_size))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _unreachable(binaries: Binaries, account: Account) -> PostgresError:
    return PostgresError(
        f"The user {account.name or account.uid} cannot read PostgreSQL's programs in "
        f"{binaries.bin_dir}.",
        advice="Install PostgreSQL where every user can read it, or give DATABASE_URL.",
    )
