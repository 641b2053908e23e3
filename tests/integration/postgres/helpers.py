"""Small tools for the stories about the embedded PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from hatobin.config.postgres import Cluster

SOURCE = Path(__file__).parents[3] / "src"

# Starts the database, says its URL and waits for a line on stdin before it leaves.
USER_PROGRAM = """
import sys
from pathlib import Path
from hatobin.config.postgres import EmbeddedPostgres, PostgresError
import psycopg
user = EmbeddedPostgres(Path(sys.argv[1]))
try:
    cluster = user.start()
except PostgresError as error:
    print("refused:", error, flush=True)
    sys.exit(3)
with psycopg.connect(cluster.url()) as connection:
    connection.execute("SELECT 1")
print(cluster.url(), flush=True)
sys.stdin.readline()
user.stop()
"""


def ask(cluster: Cluster, question: str) -> object:
    """The first value of the answer, as the application's role."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def do(cluster: Cluster, *statements: str) -> None:
    """Runs statements as the application's role."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def wait_until(condition: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    """Polls with a deadline."""
    give_up = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > give_up:
            pytest.fail(f"waited {limit_s:.0f} s in vain: {what}")
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return "State:\tZ" in status


@contextmanager
def another_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another hatobin process using the database; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER_PROGRAM, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])},
        cwd="/",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of another process: its URL, or why it was refused."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    """Asks another process to leave in good order."""
    process.communicate("leave\n", timeout=60)
    assert process.returncode == 0


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="hatobin-test-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def need_root() -> None:
    """For stories about leaving root's rights behind."""
    if os.geteuid() != 0:
        pytest.skip("not root: nothing to leave behind")


def as_user(uid: int, action: Callable[[], str]) -> str:
    """What ``action`` says, run under another user. Forked and not executed anew: that user may be
    unable to read root's Python.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            answer = action()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        answer = file.read()
    os.waitpid(child, 0)
    return answer
