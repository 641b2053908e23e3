"""Several processes, one server."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration.postgres.helpers import another_process, ask, leave, said

from hatobin.config.postgres import EmbeddedPostgres


def test_the_server_goes_on_for_bob_when_alice_who_started_it_leaves(data_dir: Path) -> None:
    alice = EmbeddedPostgres(data_dir)
    cluster = alice.start()
    with another_process(data_dir) as bob:
        assert said(bob) == cluster.url()
        pid = alice.status().pid
        alice.stop()
        assert alice.status().pid == pid
        assert ask(cluster, "SELECT 1") == 1
        leave(bob)
    assert not alice.status().running


def test_two_first_starts_at_once_make_one_database(data_dir: Path) -> None:
    with another_process(data_dir) as bob, another_process(data_dir) as charlie:
        assert said(bob).startswith("postgresql://")
        assert said(charlie).startswith("postgresql://")
        leave(bob)
        assert EmbeddedPostgres(data_dir).status().running
        leave(charlie)
    assert not EmbeddedPostgres(data_dir).status().running


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    alice = EmbeddedPostgres(data_dir)
    alice.start()
    pid = alice.status().pid
    assert pid is not None
    assert os.getsid(pid) != os.getsid(0)
    alice.stop()


def test_a_forked_child_that_leaves_takes_nothing_away(data_dir: Path) -> None:
    alice = EmbeddedPostgres(data_dir)
    cluster = alice.start()
    child = os.fork()
    if child == 0:
        alice.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(cluster, "SELECT 1") == 1
    alice.stop()
    assert not alice.status().running


def test_a_program_that_ends_by_an_error_leaves_no_server_behind(data_dir: Path) -> None:
    with another_process(data_dir) as bob:
        assert said(bob)
        assert EmbeddedPostgres(data_dir).status().running
        bob.send_signal(signal.SIGINT)  # KeyboardInterrupt in the middle of its work
        bob.wait(timeout=60)
    assert not EmbeddedPostgres(data_dir).status().running
