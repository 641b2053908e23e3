"""``hatobin sink`` as a process of its own: it outlives what it is tried against, and can be killed itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from hatobin.intake.sink import JournalEntry, read_journal

_LISTENING = re.compile(r"([0-9a-f.:]+):([0-9]+)(?=[,;])")


class SinkProcess:
    """``with SinkProcess(folder, "--fault", "dot=close") as sink``: ``sink.port``, ``sink.entries()``.

    The journal is ``folder/journal.jsonl``; it goes on where an earlier process left it.
    """

    def __init__(self, folder: Path, *words: str, port: int = 0) -> None:
        self.journal = folder / "journal.jsonl"
        self._words = ("--port", str(port), "--quiet", "--journal", str(self.journal), *words)
        self._said = folder / f"sink-{time.monotonic_ns()}.txt"
        self.addresses: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hatobin", "sink", *self._words],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while "listening on" not in self.said():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"the sink did not start: {self.said()}")
            time.sleep(0.02)
        line = self.said().splitlines()[0]
        self.addresses = [(host, int(port)) for host, port in _LISTENING.findall(line)]
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def port(self) -> int:
        return self.addresses[0][1]

    @property
    def pid(self) -> int:
        return self._process.pid

    def said(self) -> str:
        """What it printed so far."""
        return self._said.read_text()

    def kill(self) -> None:
        """As a power cut would."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def entries(self) -> list[JournalEntry]:
        """The journal so far."""
        return read_journal(self.journal)

    def wait_for_taken(self, count: int, *, within: float = 60) -> list[JournalEntry]:
        """The entries that count as taken, once there are ``count``."""
        deadline = time.monotonic() + within
        while len(taken := [entry for entry in self.entries() if entry.taken]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(taken)} of {count} messages were taken")
            time.sleep(0.02)
        return taken
