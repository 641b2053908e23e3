"""The ``hatobin`` command in a process of its own that need not import everything anew.

A nursery imports the libraries once, before any setting is read; each command is forked from it, with its own
environment, arguments, standard streams and end. Of 1.4 seconds for a small command 0.4 remain. The language
of the terminal is read while importing, so the nursery serves English terminals only.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
_LANGUAGE = "en_US.UTF-8"
_LIBRARIES = (
    "hatobin.config.entry", "anymail.backends.mailgun", "croniter", "dateutil.parser",
    "django.contrib.auth.hashers", "django.core.cache", "django.core.management",
    "django.db.backends.postgresql.base", "django.db.models", "django.forms", "django.template",
    "django.urls", "django.views.generic", "dns.asyncresolver", "procrastinate", "psycopg_pool",
    "requests", "sqlparse",
)  # fmt: skip


def serves(environment: Mapping[str, str]) -> bool:
    """Whether a command in this environment may be forked: an English terminal, and Python as it is here."""
    return (
        environment.get("LANG") == _LANGUAGE
        and "HATOBIN_LANGUAGE" not in environment
        and all(
            os.environ.get(name) == value
            for name, value in environment.items()
            if name.startswith(("LC_", "PYTHON"))
        )
    )


def run(
    words: Sequence[str], environment: Mapping[str, str], answers: str, within: float = 120.0
) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(answers.encode())
        given.seek(0)
        status = _ended(_start(words, environment, (given, out, err)), within)
        return status, _read(out), _read(err)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _start(
    words: Sequence[str], environment: Mapping[str, str], streams: Sequence[IO[bytes]]
) -> socket.socket:
    """Hands the order over; the socket will say the process's number, and then its status."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = json.dumps(
        {"words": list(words), "environment": dict(environment), "cwd": str(Path.cwd())}
    )
    with theirs:
        files = [*(each.fileno() for each in streams), theirs.fileno()]
        socket.send_fds(_nursery(), [order.encode()], files)
    return ours


def _ended(told: socket.socket, within: float) -> int:
    with told:
        told.settimeout(within)
        pid = int(told.recv(100))
        try:
            status = int(told.recv(100))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise
        return os.waitstatus_to_exitcode(status)


@functools.cache
def _nursery() -> socket.socket:
    """Started when first needed; it ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gone = ("HATOBIN_", "DATABASE_URL", "LC_ALL", "LC_MESSAGES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(gone)}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.doubles.warm_command", str(theirs.fileno())],
            cwd=ROOT,
            env=kept | {"LANG": _LANGUAGE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(_end, process, ours)
    return ours


def _end(process: subprocess.Popen[bytes], orders: socket.socket) -> None:
    orders.close()
    process.wait(30)


def _serve(orders: socket.socket) -> list[str] | None:
    """In a forked child the words of its command; in the nursery nothing, at the end."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # children leave it alone, and share its memory
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        text, files, _flags, _address = socket.recv_fds(orders, 1 << 20, 4)
        if not text:
            return None
        if not os.fork():
            orders.close()
            return _child(json.loads(text), files)
        for each in files:
            os.close(each)


def _child(order: Mapping[str, Any], files: Sequence[int]) -> list[str]:
    """Goes on as the command in a fork of its own; this process waits for it, and says how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, told = files
    pid = os.fork()
    if pid:
        os.write(told, str(pid).encode())
        status = os.waitpid(pid, 0)[1]
        with contextlib.suppress(OSError):  # nobody waits any more
            os.write(told, str(status).encode())
        os._exit(0)
    for number, each in enumerate(streams):
        os.dup2(each, number)
    for each in files:
        os.close(each)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()
    words: list[str] = order["words"]
    return words


if __name__ == "__main__":
    given = _serve(socket.socket(fileno=int(sys.argv[1])))
    if given is not None:
        sys.argv = ["hatobin", *given]
        runpy.run_module("hatobin", run_name="__main__")
