"""An operator at a terminal: the real command, in a process and a data folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.doubles import warm_command

_FOREIGN = ("DATABASE_URL", "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """What ``--json`` says of a refusal; no traceback, and the same sentence on stderr."""
        assert "Traceback" not in self.err, self.err
        error: dict[str, str] = self.json["error"]
        assert error["message"] in self.err
        return error


@dataclass
class Terminal:
    """``terminal.run("doctor", "--json")``."""

    folder: Path
    language: str = "en_US.UTF-8"

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of the machine's own settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in _FOREIGN and not name.startswith("HATOBIN_")
        }
        return kept | {"HATOBIN_DATA_DIR": str(self.folder), "LANG": self.language} | more

    def run(self, *words: str, answers: str | None = None, **environment: str) -> Done:
        """One command; without ``answers`` nobody sits at the keyboard."""
        whole = self.environment(**environment)
        if warm_command.serves(whole):
            return Done(*warm_command.run(words, whole, answers or ""))
        done = subprocess.run(
            [sys.executable, "-m", "hatobin", *words],
            env=whole,
            input=answers if answers is not None else "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def script(self, code: str) -> str:
        """Somebody else on the same data folder: this Python, with Django set up; what it prints."""
        whole = f"from hatobin.config.runtime import Runtime\nwith Runtime().open():\n{indent(code, '    ')}"
        done = subprocess.run(
            [sys.executable, "-c", whole],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, line: str, *words: str) -> Done:
        """A line of a shell in which ``"$@"`` is the command: for what a list of words cannot say."""
        done = subprocess.run(
            ["bash", "-c", line, "bash", sys.executable, "-m", "hatobin", *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """One command that goes on by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "hatobin", *words],
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, text: str, encoding: str = "utf-8") -> str:
        """A file beside the data folder; its path."""
        path = self.folder.parent / name
        path.write_bytes(text.encode(encoding))
        return str(path)
