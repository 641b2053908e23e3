"""Root, ordinary users, and users without a name."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.postgres.helpers import as_user, ask, need_root, open_folder

from hatobin.config.postgres import Cluster, EmbeddedPostgres, accounts, binaries, runtime

_NAMELESS = 54321


def test_root_runs_the_server_without_roots_rights(cluster: Cluster) -> None:
    need_root()
    pid = EmbeddedPostgres(cluster.data_dir).status().pid
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert cluster.server_uid not in {0, None}
    assert set(fields["Uid"].split()) == {str(cluster.server_uid)}
    assert "0" not in fields["Gid"].split()
    assert fields["Groups"].strip() == ""
    assert int(fields["CapEff"], 16) == 0
    assert (cluster.data_dir / "postgres").stat().st_uid == cluster.server_uid


def test_root_serves_from_a_folder_the_server_cannot_reach(tmp_path: Path) -> None:
    need_root()
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    with EmbeddedPostgres(locked / "data") as cluster:
        assert ask(cluster, "SELECT 1") == 1
        assert not runtime.can_reach(locked, accounts.server_account(cluster.data_dir / "postgres"))
    for folder in (locked, locked / "data"):
        there = folder.stat()
        assert (there.st_uid, stat.S_IMODE(there.st_mode)) == (0, 0o700)


def test_an_ordinary_user_has_a_server_of_their_own() -> None:
    need_root()
    nobody = pwd.getpwnam("nobody").pw_uid
    with open_folder() as folder:
        (folder / "home").mkdir(mode=0o700)
        os.chown(folder / "home", nobody, nobody)
        data_dir = folder / "home" / "data"
        assert as_user(nobody, lambda: _start_and_stop(data_dir)) == "nobody uses peer"
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {nobody}


def test_root_joins_an_ordinary_users_database_and_leaves_no_files_of_its_own() -> None:
    need_root()
    nobody = pwd.getpwnam("nobody").pw_uid
    with open_folder() as folder:
        os.chown(folder, nobody, nobody)
        data_dir = folder / "data"
        as_user(nobody, lambda: _start_and_stop(data_dir))
        (data_dir / "postgres.log").unlink()
        with EmbeddedPostgres(data_dir) as cluster:
            assert cluster.server_uid == nobody
            assert ask(cluster, "SELECT 1") == 1
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {nobody}
        assert as_user(nobody, lambda: _start_and_stop(data_dir)) == "nobody uses peer"


def test_a_user_without_a_name_is_served_by_password_or_told_what_to_do() -> None:
    """Containers run under bare numbers; whether initdb can be helped depends on the kernel."""
    need_root()
    assert accounts.name_of(_NAMELESS) is None
    with open_folder() as folder:
        os.chown(folder, _NAMELESS, _NAMELESS)
        answer = as_user(_NAMELESS, lambda: _start_nameless(folder / "data"))
        if answer.startswith("PostgresError"):
            assert "/etc/passwd" in answer
            return
        assert answer == f"{_NAMELESS} uses scram-sha-256"
        rules = (folder / "data" / "postgres" / "pg_hba.conf").read_text(encoding="utf-8")
        assert "peer" not in rules


def _start_and_stop(data_dir: Path) -> str:
    """Who uses which method."""
    with EmbeddedPostgres(data_dir) as cluster:
        assert ask(cluster, "SELECT 1") == 1
        method = "scram-sha-256" if cluster.password else "peer"
        return f"{accounts.name_of(os.geteuid()) or os.geteuid()} uses {method}"


def _start_nameless(data_dir: Path) -> str:
    """With a Python that this user can run; in a container it is our own."""
    sys.executable = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    return _start_and_stop(data_dir)


def test_programs_that_the_servers_user_cannot_reach_are_copied_once(tmp_path: Path) -> None:
    need_root()
    original = binaries.find(None)
    if not original.is_from_wheel:
        pytest.skip("this machine has none of: the wheel's PostgreSQL")
    hidden = _behind_a_locked_door(original, tmp_path)
    account = accounts.server_account(tmp_path / "none")
    with open_folder() as folder:
        root = folder / "runtime"
        copied = runtime.reachable(hidden, account, root)
        assert copied.bin_dir.is_relative_to(root)
        stamp = copied.bin_dir.stat().st_mtime_ns
        assert runtime.reachable(hidden, account, root) == copied
        assert copied.bin_dir.stat().st_mtime_ns == stamp
        _make_a_cluster(copied, account, folder)
    assert stat.S_IMODE((tmp_path / "locked").stat().st_mode) == 0o700


def _behind_a_locked_door(original: binaries.Binaries, tmp_path: Path) -> binaries.Binaries:
    """The same programs, seen through a folder that only root may enter."""
    install = original.bin_dir.parent
    home = tmp_path / "locked" / binaries.WHEEL / install.name
    home.mkdir(parents=True)
    (tmp_path / "locked").chmod(0o700)
    libraries = install.parent.parent / f"{binaries.WHEEL}.libs"
    copies = ((install / name, home / name) for name in ("bin", "lib", "share"))
    for source, target in (*copies, (libraries, tmp_path / "locked" / libraries.name)):
        if source.is_dir():
            subprocess.run(["cp", "-r", source, target], check=True)
    return replace(original, bin_dir=home / "bin")


def _make_a_cluster(copied: binaries.Binaries, account: accounts.Account, folder: Path) -> None:
    """initdb runs postgres, reads share and loads lib: all that a server needs."""
    target = folder / "cluster"
    target.mkdir(mode=0o700)
    os.chown(target, account.uid, account.gid)
    made = subprocess.run(
        [copied.bin_dir / "initdb", "-D", target, "--auth=peer", "--locale=C", "--no-sync"],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr


def test_programs_that_can_be_reached_stay_where_they_are() -> None:
    found = binaries.find(None)
    me = accounts.Account(uid=os.geteuid(), gid=os.getegid(), name="me")
    assert runtime.reachable(found, me, Path("/nonexistent")) == found
