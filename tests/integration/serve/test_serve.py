"""One command starts everything, keeps it alive, and stops all of it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.doubles.service import Service, until


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("serve") / "data"
    with Service(folder) as running:
        yield running


def test_the_first_start_prints_a_one_time_link_for_the_owner(service: Service) -> None:
    found = re.search(r"http://\S+/setup/\S+", service.output)
    assert found, service.output
    status, page = service.get(found.group().removeprefix(service.url))
    assert status == 200
    assert "<form" in page
    assert service.get("/setup/guess")[0] == 422


def test_a_second_serve_on_the_same_folder_is_refused_with_a_reason(service: Service) -> None:
    done = service.run("serve")
    assert done.returncode == 1
    assert "already running" in done.stderr
    assert str(service.process.pid) in done.stderr


def test_another_folder_on_the_same_port_is_refused_with_a_reason(
    service: Service, tmp_path: Path
) -> None:
    other = Service(tmp_path / "other", HATOBIN_PORT=str(service.port))
    done = other.run("serve")
    assert done.returncode == 1
    assert "HATOBIN_PORT" in done.stderr


@pytest.mark.parametrize("name", ["sender", "worker", "sandbox", "web"])
def test_a_child_that_is_killed_comes_back(service: Service, name: str) -> None:
    first = service.child(name)
    first.send_signal(signal.SIGKILL)
    until(lambda: service.child(name).pid != first.pid, f"a new {name}")
    until(lambda: service.get("/healthz")[0] == 200, "the pages")


def test_the_database_that_is_killed_comes_back(service: Service) -> None:
    pid = int((service.folder / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(pid).send_signal(signal.SIGKILL)
    until(lambda: not psutil.pid_exists(pid) or service.get("/healthz")[0] != 200, "the end of it")
    until(lambda: service.get("/healthz")[0] == 200, "the pages again")


def test_a_database_that_cannot_be_started_is_tried_until_it_can(service: Service) -> None:
    version = service.folder / "postgres" / "PG_VERSION"
    hidden = version.rename(version.with_name("PG_VERSION.away"))
    _postmaster(service.folder).send_signal(signal.SIGKILL)
    until(lambda: "database cannot be started" in service.output, "serve to say so")
    hidden.rename(version)
    until(lambda: service.get("/healthz")[0] == 200, "the pages again")


def test_the_doctor_finds_a_running_service_well(service: Service) -> None:
    done = service.run("doctor", "--json")
    assert done.returncode == 0, done.stdout


def test_ctrl_c_stops_all_of_it_and_the_next_start_finds_its_data(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    with Service(folder, "--demo") as first:
        email, password = first.sign_in()
        assert password in first.output
        children = psutil.Process(first.process.pid).children(recursive=True)
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        assert first.stop() == 0
        until(lambda: not any(each.is_running() for each in children), "the children's end")
        assert not psutil.pid_exists(postmaster)
    with Service(folder, "--demo") as second:
        assert second.sign_in() == (email, password)
        assert password in second.output


def test_the_sandbox_says_nothing_about_what_is_as_it_should_be(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    with Service(tmp_path / "data", "--demo") as service:
        done = service.run(
            "send", "--list-file", str(root / "docs/examples/people.csv"),
            "--from", "News <news@office.example>", "--subject", "x", "--egress", "sandbox",
            "--text-file", str(root / "docs/examples/body.txt"), "--fallback", "会社名=個人", "--yes", "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "sandbox mailbox listens" in service.output
        for unwanted in ("auth_require", "login_data", "Requiring AUTH"):
            assert unwanted not in service.output
            assert unwanted not in done.stderr


def test_children_go_when_the_supervisor_is_killed_and_the_next_takes_the_database_over(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    with Service(folder) as service:
        children = _ours(service)
        assert len(children) >= 4
        postmaster = _postmaster(folder)
        service.process.kill()
        until(lambda: not any(_alive(each) for each in children), "the children's end")
        assert _alive(postmaster), "only a user's last stop ends the database"
    with Service(folder) as again:
        assert _postmaster(folder) == postmaster
        assert again.stop() == 0
    until(lambda: not _alive(postmaster), "the database's end")


def _ours(service: Service) -> list[psutil.Process]:
    """Every process of the service but those of the database."""
    database = _postmaster(service.folder)
    servers = {database, *database.children(recursive=True)}
    every = psutil.Process(service.process.pid).children(recursive=True)
    return [each for each in every if each not in servers]


def _postmaster(folder: Path) -> psutil.Process:
    text = (folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return psutil.Process(int(text.split()[0]))


def _alive(process: psutil.Process) -> bool:
    """A process that ended counts as gone even where nobody reaps orphans (a container's pid 1)."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
