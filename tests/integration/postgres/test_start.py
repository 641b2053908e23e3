"""First start, next start, and what may stand in the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.integration.postgres.helpers import another_process, ask, do, wait_until

from hatobin.config.postgres import (
    EmbeddedPostgres,
    PostgresError,
    accounts,
    binaries,
    initdb,
    layout,
    locks,
    running_cluster,
)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_is_found_again_in_a_folder_with_a_long_and_strange_name(tmp_path: Path) -> None:
    strange = tmp_path / 'Alice\'s, "日本語" folder' / ("鳩" * 60) / ("long" * 50)
    strange.mkdir(parents=True, mode=0o700)
    above = [folder for folder in strange.parents if folder.is_relative_to(tmp_path)]
    modes = [_mode(folder) for folder in above]
    data_dir = strange / "data % \\ dir"

    with EmbeddedPostgres(data_dir) as cluster:
        do(cluster, "CREATE TABLE letter (subject text)", "INSERT INTO letter VALUES ('鳩便')")
        assert len(os.fsencode(cluster.socket_dir / f".s.PGSQL.{cluster.port}")) <= 107
    with EmbeddedPostgres(data_dir) as cluster:
        assert ask(cluster, "SELECT subject FROM letter") == "鳩便"

    assert [_mode(folder) for folder in above] == modes


def test_a_server_can_be_found_only_while_it_runs(data_dir: Path) -> None:
    user = EmbeddedPostgres(data_dir)
    assert running_cluster(data_dir) is None
    assert not user.status().running
    assert not data_dir.exists()

    cluster = user.start()
    assert running_cluster(data_dir) == cluster
    assert user.start() == cluster
    assert user.ensure_running() is False
    status = user.status()
    assert (status.running, status.version) == (True, cluster.version.split(".")[0])
    assert status.data_bytes > 1_000_000
    assert status.free_bytes > 0

    user.stop()
    user.stop()
    assert running_cluster(data_dir) is None
    assert not cluster.socket_dir.exists()


def test_what_we_make_is_private_and_a_folder_that_was_there_keeps_its_mode(data_dir: Path) -> None:
    data_dir.mkdir()
    data_dir.chmod(0o755)
    with EmbeddedPostgres(data_dir) as cluster:
        assert _mode(data_dir) == 0o755
        assert _mode(cluster.socket_dir) == 0o700
        for path in data_dir.iterdir():
            assert _mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_first_start_that_was_killed_is_made_good_by_the_next(data_dir: Path) -> None:
    with another_process(data_dir) as first:
        wait_until((data_dir / "postgres.new" / "base").is_dir, "initdb writes")
        first.kill()
        first.wait()
    assert not (data_dir / "postgres").exists()

    with EmbeddedPostgres(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1
    assert not (data_dir / "postgres.new").exists()


def test_half_a_cluster_from_an_earlier_day_is_thrown_away(data_dir: Path) -> None:
    debris = data_dir / "postgres.new" / "base"
    debris.mkdir(parents=True)
    (debris / "half").write_bytes(b"\0" * 100)

    with EmbeddedPostgres(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1


def test_a_cluster_keeps_the_version_that_made_it(data_dir: Path) -> None:
    newest = binaries.find(None)
    others = [found for major in range(15, newest.major) if (found := _installed(major))]
    if not others:
        pytest.skip("this machine has none of: a second PostgreSQL version")
    where = layout.prepare(data_dir)
    server_lock = locks.take(where, where.server_lock)
    assert server_lock is not None
    initdb.create(where, others[-1], accounts.server_account(where.cluster), server_lock)
    os.close(server_lock)

    with EmbeddedPostgres(data_dir) as cluster:
        assert cluster.version == others[-1].version
        assert str(ask(cluster, "SHOW server_version")).startswith(others[-1].version)


def _installed(major: int) -> binaries.Binaries | None:
    try:
        return binaries.find(major)
    except PostgresError:
        return None


def test_a_cluster_of_a_version_that_is_not_installed_is_refused_clearly(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    if os.geteuid() == 0:
        os.chown(data_dir / "postgres", 65534, 65534)

    with pytest.raises(PostgresError, match="made by PostgreSQL 9") as refusal:
        EmbeddedPostgres(data_dir).start()
    assert "Install PostgreSQL 9" in refusal.value.advice


def test_somebody_elses_files_are_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "thesis.txt").write_text("years of work")
    if os.geteuid() == 0:
        os.chown(data_dir / "postgres", 65534, 65534)

    with pytest.raises(PostgresError, match="holds files but no database"):
        EmbeddedPostgres(data_dir).start()
    assert (data_dir / "postgres" / "thesis.txt").read_text() == "years of work"


def test_a_file_in_place_of_the_data_folder_is_refused_clearly(data_dir: Path) -> None:
    data_dir.write_text("a file")
    with pytest.raises(PostgresError) as refusal:
        EmbeddedPostgres(data_dir).start()
    assert "HATOBIN_DATA_DIR" in refusal.value.advice
