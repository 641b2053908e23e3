"""Installed as a wheel, ``hatobin serve`` needs neither make nor a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.doubles.service import Service

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout and unpacked where Python looks first."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert built.returncode == 0, built.stderr or built.stdout
    (wheel,) = folder.glob("hatobin-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_it_carries_all_that_a_user_needs_and_nothing_of_the_workshop(site: Path) -> None:
    package = site / "hatobin"
    for needed in (
        "console/static/vendor/htmx.js",
        "console/static/vendor/tokens.css",
        "console/static/vendor/LICENSES.txt",
        "locale/ja/LC_MESSAGES/django.mo",
        "delivery/sql/step.sql",
        "delivery/shaping.toml",
        "console/templates/console/base.html",
        "public/templates/public/unsubscribe.html",
    ):
        assert (package / needed).is_file(), needed
    assert not (site / "tests").exists()
    assert not list(site.rglob("node_modules"))


def test_serve_runs_from_the_wheel_alone(site: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import hatobin; print(hatobin.__file__)"],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(site))
    with Service(tmp_path / "data", "--demo", PYTHONPATH=str(site)) as service:
        status, page = service.get("/sign-in/")
        assert status == 200
        assert 'lang="ja"' in page
        assert "サインイン" in page or "ログイン" in page
        for asset in ("vendor/htmx.js", "vendor/tokens.css", "console/css/base.css"):
            assert service.get(f"/static/{asset}")[0] == 200
