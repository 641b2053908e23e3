"""Processes that die without a word, and the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
from tests.integration.postgres.helpers import (
    another_process,
    ask,
    do,
    has_ended,
    said,
    wait_until,
)

from hatobin.config.postgres import EmbeddedPostgres, accounts, sockets


def _kill_server(user: EmbeddedPostgres) -> int:
    pid = user.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: has_ended(pid), "the server is dead")
    return pid


def test_a_killed_server_is_started_again_with_its_data(data_dir: Path) -> None:
    user = EmbeddedPostgres(data_dir)
    cluster = user.start()
    do(cluster, "CREATE TABLE letter AS SELECT 1000 AS people")
    _kill_server(user)

    assert user.ensure_running() is True
    assert user.ensure_running() is False
    assert ask(cluster, "SELECT people FROM letter") == 1000
    user.stop()


def test_a_killed_connection_does_not_take_the_server_down(data_dir: Path) -> None:
    user = EmbeddedPostgres(data_dir)
    cluster = user.start()
    with suppress(psycopg.OperationalError), psycopg.connect(cluster.url()) as alice:
        os.kill(alice.info.backend_pid, signal.SIGKILL)
        alice.execute("SELECT 1")

    def answers() -> bool:
        with suppress(psycopg.OperationalError):
            return ask(cluster, "SELECT 1") == 1
        return False

    wait_until(answers, "the server has recovered")
    assert user.ensure_running() is False
    user.stop()


def test_a_child_that_a_killed_server_left_busy_does_not_block_the_next(data_dir: Path) -> None:
    user = EmbeddedPostgres(data_dir)
    cluster = user.start()
    busy = psycopg.connect(cluster.url())
    pid = busy.info.backend_pid

    def count_for_ever() -> None:
        with suppress(psycopg.OperationalError):
            busy.execute("SELECT count(*) FROM generate_series(1, 1e12) a, generate_series(1, 9)")

    counting = threading.Thread(target=count_for_ever)
    counting.start()
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
    wait_until(lambda: ask(cluster, running) == 2, "the query runs")
    _kill_server(user)

    assert user.ensure_running() is True
    assert has_ended(pid)
    assert ask(cluster, "SELECT 1") == 1
    counting.join(timeout=30)
    busy.close()
    user.stop()


def test_a_stale_pid_file_whose_number_belongs_to_another_process_is_no_obstacle(
    data_dir: Path,
) -> None:
    user = EmbeddedPostgres(data_dir)
    cluster = user.start()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    _kill_server(user)
    user.stop()

    account = accounts.server_account(data_dir / "postgres")
    bystander = subprocess.Popen(["sleep", "600"], user=account.uid if account.is_other else None)
    text = "\n".join([str(bystander.pid), *lines[1:]]) + "\n"
    pid_file.write_text(text, encoding="utf-8")
    sockets.prepare(cluster.socket_dir, account)
    (cluster.socket_dir / ".s.PGSQL.5432.lock").write_text(text, encoding="utf-8")
    try:
        assert not EmbeddedPostgres(data_dir).status().running
        with EmbeddedPostgres(data_dir) as again:
            assert ask(again, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_server_of_a_killed_process_is_taken_over_by_the_next(data_dir: Path) -> None:
    with another_process(data_dir) as bob:
        url = said(bob)
        bob.kill()
        bob.wait()
    alice = EmbeddedPostgres(data_dir)
    before = alice.status()
    assert before.running

    cluster = alice.start()
    assert cluster.url() == url
    assert alice.status().pid == before.pid
    alice.stop()
    assert not alice.status().running
