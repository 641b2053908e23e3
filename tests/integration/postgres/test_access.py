"""Who may connect, by which way, and what the log gives away."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from tests.integration.postgres.helpers import as_user, ask, do, need_root

from hatobin.config.postgres import Cluster, EmbeddedPostgres, PostgresError, accounts, sockets


def _server_pid(cluster: Cluster) -> int:
    return EmbeddedPostgres(cluster.data_dir).status().pid or 0


def test_nothing_listens_on_tcp(cluster: Cluster) -> None:
    folder = Path(f"/proc/{_server_pid(cluster)}/fd")
    if not folder.is_dir():
        pytest.skip("this machine has none of: /proc")
    targets = [str(entry.readlink()) for entry in folder.iterdir()]
    own = {match[1] for target in targets if (match := re.match(r"socket:\[(\d+)\]", target))}
    lines = [line for name in ("tcp", "tcp6") for line in _table(name)]
    assert own
    assert own.isdisjoint(line.split()[9] for line in lines)
    assert ask(cluster, "SHOW listen_addresses") == ""


def _table(name: str) -> list[str]:
    path = Path("/proc/net") / name
    return path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []


def test_no_rule_trusts_anybody(cluster: Cluster) -> None:
    rules = (cluster.data_dir / "postgres" / "pg_hba.conf").read_text(encoding="utf-8")
    methods = {line.split()[3] for line in rules.splitlines() if line.startswith("local")}
    assert methods == {"peer", "reject"}
    assert "trust" not in rules


def test_the_applications_role_owns_its_database_and_is_no_superuser(cluster: Cluster) -> None:
    rights = (
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication "
        "FROM pg_roles WHERE rolname = current_user"
    )
    assert ask(cluster, rights) is False
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert ask(cluster, owner) == "hatobin"
    do(cluster, "CREATE DATABASE test_of_alice", "DROP DATABASE test_of_alice")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        do(cluster, "COPY (SELECT 1) TO PROGRAM 'cat'")


def test_a_role_that_is_not_ours_is_refused(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="rejects"):
        psycopg.connect(cluster.url(role="mallory"))


def test_another_user_of_the_machine_cannot_connect(cluster: Cluster) -> None:
    need_root()
    assert "Permission denied" in as_user(54321, lambda: str(ask(cluster, "SELECT 1")))
    assert stat.S_IMODE(cluster.socket_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("jit", "off"),
        ("max_connections", "100"),
        ("log_statement", "none"),
    ],
)
def test_the_server_is_set_for_safety(cluster: Cluster, name: str, value: str) -> None:
    assert ask(cluster, f"SHOW {name}") == value


def test_an_address_in_a_failing_statement_does_not_reach_the_log(cluster: Cluster) -> None:
    do(cluster, "CREATE TABLE IF NOT EXISTS contact (address text PRIMARY KEY, number int)")
    refused = [
        "INSERT INTO contact VALUES ('hanako@example.jp'), ('hanako@example.jp')",
        "INSERT INTO contact VALUES ('taro@example.jp', 'hanako@example.jp')",
        "SELECT no_such_column FROM contact WHERE address = 'hanako@example.jp'",
    ]
    for statement in refused:
        with pytest.raises(psycopg.Error):
            do(cluster, statement)
    assert "hanako" not in (cluster.data_dir / "postgres.log").read_text(encoding="utf-8")


def test_the_url_can_be_taken_apart_by_django(cluster: Cluster) -> None:
    parts = urlsplit(cluster.url("test_hatobin"))
    assert (parts.scheme, parts.username, parts.path) == ("postgresql", "hatobin", "/test_hatobin")
    options = parse_qs(parts.query)
    assert options == {"host": [str(cluster.socket_dir)], "port": ["5432"]}


def test_a_socket_folder_that_is_a_link_or_open_to_others_is_refused(tmp_path: Path) -> None:
    account = accounts.server_account(tmp_path / "none")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link, open_to_all = tmp_path / "link", tmp_path / "open"
    link.symlink_to(tmp_path / "elsewhere")
    open_to_all.mkdir()
    open_to_all.chmod(0o755)

    for folder in (link, open_to_all):
        with pytest.raises(PostgresError, match="socket folder"):
            sockets.prepare(folder, account)
    sockets.prepare(tmp_path / "fresh", account)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o700


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    need_root()
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 54321, 54321)
    with pytest.raises(PostgresError, match="belongs to user number 54321"):
        sockets.prepare(theirs, accounts.server_account(tmp_path / "none"))
