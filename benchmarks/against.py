"""What we are measured against: smtp-source on the same sink, and the bare signatures of OpenSSL."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

LETTER = 11_000  # octets of smtp-source's letters: as large as ours
SESSIONS = 50


class Missing(Exception):
    """A program that is needed is not there."""


def program(name: str) -> str:
    """Its path; Debian keeps Postfix's in /usr/sbin."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise Missing(f"{name} is not installed (Debian: apt install postfix openssl)")
    return found


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Postfix's sink on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [program("smtp-sink"), "-u", "root", "-c", f"127.0.0.1:{port}", "1000"]
    sink = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, sink)
        yield port
    finally:
        sink.terminate()
        sink.wait(10)


def smtp_source(port: int, letters: int) -> float:
    """Letters a second of ``smtp-source -d``."""
    began = time.monotonic()
    subprocess.run(
        [
            program("smtp-source"), "-d", "-s", str(SESSIONS), "-m", str(letters),
            "-l", str(LETTER), f"127.0.0.1:{port}",
        ],
        check=True,
        timeout=600,
    )  # fmt: skip
    return letters / (time.monotonic() - began)


def openssl_signatures(processes: int = 2, seconds: int = 5) -> float:
    """RSA-2048 signatures a second of ``openssl speed``."""
    done = subprocess.run(
        [
            program("openssl"),
            "speed",
            "-multi",
            str(processes),
            "-seconds",
            str(seconds),
            "rsa2048",
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    line = next(each for each in done.stdout.splitlines() if re.match(r"rsa\s+2048 bits", each))
    numbers = [float(word) for word in line.split() if re.fullmatch(r"[0-9.]+", word)]
    return numbers[-4] if len(numbers) >= 6 else numbers[-2]


def _wait_for(port: int, sink: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and sink.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Missing("smtp-sink did not start; it must run as root, or without -u")
