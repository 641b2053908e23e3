"""Ports that nobody listens on, and that nobody gets by chance before the test uses them.

The system gives ports by chance too: to servers that ask for any, and to every connection that goes out. Ours
are from below that range. Each worker of the suite has a stretch of its own, and begins somewhere in it, so that
other runs on this machine are elsewhere; none is given twice.
"""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST, _EACH, _STRETCHES = 12_000, 4_000, 5  # up to 31,999: Linux begins at 32,768
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _STRETCHES
_numbers = count(os.getpid() * 37 % _EACH)


def free_port(*addresses: str) -> int:
    """A port that is free on this machine's own address, or on all of these."""
    for _ in range(_EACH):
        port = _FIRST + _worker * _EACH + next(_numbers) % _EACH
        if all(_is_free(address, port) for address in addresses or ("127.0.0.1",)):
            return port
    raise AssertionError("no port is free")


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
