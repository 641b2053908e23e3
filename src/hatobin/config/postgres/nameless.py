"""Runs a program under a user that has a name, for initdb in containers with a bare user number.

    python nameless.py PROGRAM ARGUMENT...

initdb looks its user up in the passwd file and gives up when the number is not there. In a user
namespace of its own (user_namespaces(7)) the same number can appear as a user with a name; files still
belong to the real number. Exit status 71 (EX_OSERR): the machine allows no user namespaces.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path
from typing import NoReturn

_CLONE_NEWUSER = 0x10000000
REFUSED = 71


def main(command: list[str]) -> NoReturn:
    """The program takes this process over."""
    known = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0]
    uid = os.geteuid()
    if not known or ctypes.CDLL(None).unshare(_CLONE_NEWUSER) != 0:
        sys.exit(REFUSED)
    try:
        Path("/proc/self/uid_map").write_text(f"{known[0]} {uid} 1\n", encoding="utf-8")
    except OSError:
        sys.exit(REFUSED)
    os.execv(command[0], command)  # noqa: S606 - replaces this process on purpose


if __name__ == "__main__":
    main(sys.argv[1:])
