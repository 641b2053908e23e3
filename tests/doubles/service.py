"""A real ``hatobin serve`` in a process and data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import psutil

from tests.doubles.ports import free_port

_T = TypeVar("_T")


def until(find: Callable[[], _T], what: str, *, within: float = 60.0) -> _T:
    """Asks again and again until ``find`` answers something true; fails after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = find()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {within} s for {what}"
        time.sleep(0.05)


class Service:
    """``with Service(folder, "--demo") as service``: ready when entered, drained when left."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._words = words
        self._output = folder.parent / f"serve-{self.port}.log"
        kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL"}}
        self.environment = (
            kept
            | {
                "HATOBIN_DATA_DIR": str(folder),
                "HATOBIN_PORT": str(self.port),
                "HATOBIN_SANDBOX_PORT": str(free_port()),
                "HATOBIN_LOG_LEVEL": "INFO",
                "LANG": "en_US.UTF-8",
            }
            | environment
        )

    def __enter__(self) -> Self:
        self._file = self._output.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hatobin", "serve", *self._words],
            env=self.environment,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(self._ready, "the service to be ready", within=120)
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stops it as Ctrl-C would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(60)
        finally:
            self._file.close()

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def sign_in(self) -> tuple[str, str]:
        """The demo's address and password."""
        kept = json.loads((self.folder / "secrets" / "demo.json").read_text(encoding="utf-8"))
        return kept["email"], kept["password"]

    def child(self, name: str) -> psutil.Process:
        """The running child of this name."""

        def find() -> list[psutil.Process]:
            for each in psutil.Process(self.process.pid).children():
                try:
                    if each.cmdline()[-1:] == [name]:
                        return [each]
                except psutil.Error:
                    continue
            return []

        return until(find, f"the {name} process")[0]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; status 0 while nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "hatobin", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.output
        return "is ready" in self.output and self.get("/healthz")[0] == 200
