"""The whole job by one command: a Japanese office's CP932 list, one letter each, read on the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hatobin.audience.demo_people import as_csv, office_people
from tests.acceptance import office_letter
from tests.doubles.wire_tap import WireTap


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of its own below a path with a space."""
    made = tmp_path / "data folder"
    made.mkdir()
    return made


def run(folder: Path, *words: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own."""
    environment = {
        k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "HATOBIN_DATA_DIR"}
    }
    environment |= {"HATOBIN_DATA_DIR": str(folder), "LANG": "en_US.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "hatobin", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def words(folder: Path, port: int, **changes: str) -> list[str]:
    """The command line of the issue, with changes."""
    (folder / "people.csv").write_bytes(as_csv(office_people()))
    (folder / "body.txt").write_text(office_letter.TEXT, encoding="utf-8")
    (folder / "body.html").write_text(office_letter.HTML, encoding="utf-8")
    options = {
        "list-file": str(folder / "people.csv"),
        "from": "さくら市 広報課 <kouhou@sakura-city.example>",
        "postal-address": "さくら市中央1-1",
        "contact": "広報課 00-0000-0000",
        "subject": office_letter.SUBJECT,
        "text-file": str(folder / "body.txt"),
        "html-file": str(folder / "body.html"),
        "fallback": "会社名=個人",
        "egress": f"smtp://127.0.0.1:{port}",
    } | changes
    return ["send", *[w for k, v in options.items() for w in (f"--{k}", v)], "--yes", "--json"]


def test_a_thousand_people_get_a_letter_each_and_the_sums_add_up(folder: Path) -> None:
    sample = office_people()
    with WireTap() as tap:
        done = run(folder, *words(folder, tap.port))
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report | {"refused_rows": []} == {
            "audience": 1000, "accepted": 1000, "bounced": 0, "expired": 0, "suppressed": 0,
            "cancelled": 0, "in_doubt": 0, "waiting": 0, "refused_rows": [],
        }  # fmt: skip
        assert {each["row"] for each in report["refused_rows"]} == set(sample.broken)
        assert all(each["reason"] for each in report["refused_rows"])
        office_letter.assert_each_alone(tap.taken, sample)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": "{{ 指名 }} 様"}, "指名"),
        ({"from": "not an address"}, "address"),
        ({"subject": "two\nlines"}, "subject"),
        ({"egress": "ftp://127.0.0.1"}, "egress"),
    ],
    ids=["unknown merge name", "broken sender", "line break in the subject", "no egress"],
)
def test_what_cannot_be_sent_is_refused_before_anything_leaves(
    folder: Path, change: dict[str, str], said: str
) -> None:
    with WireTap() as tap:
        done = run(folder, *words(folder, tap.port, **change))
        assert done.returncode == 2, done.stdout
        assert said in done.stderr.lower() or said in done.stderr
        assert "error" in json.loads(done.stdout)
        assert tap.taken == []


def test_a_relay_that_is_down_leaves_everybody_waiting_and_says_so(folder: Path) -> None:
    (folder / "few.csv").write_text(
        "氏名,メールアドレス\n花子,hanako@example.jp\n", encoding="utf-8"
    )
    (folder / "few.txt").write_text("{{ 氏名 }} 様", encoding="utf-8")
    with WireTap() as tap:
        closed = tap.port
    line = words(
        folder, closed, **{"list-file": str(folder / "few.csv"), "wait": "3", "subject": "x"}
    )
    line[line.index("--text-file") + 1] = str(folder / "few.txt")
    line[line.index("--html-file") + 1] = str(folder / "few.txt")
    done = run(folder, *line)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["waiting"] == 1
    assert "wait" in done.stderr
