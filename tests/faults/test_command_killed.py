"""``hatobin send`` killed in the middle and given again, as cron or a careful operator would (promise P3)."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.doubles.service import until
from tests.integration.cli.terminal import Terminal

from hatobin.intake.sink import SinkOptions, SinkThread, parse_rule

pytestmark = pytest.mark.alone

PEOPLE = 120


def words(folder: Path, port: int) -> list[str]:
    with (folder / "people.csv").open("w", encoding="cp932", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["氏名", "メールアドレス"])
        rows.writerows([f"読者{n}", f"reader{n}@example.jp"] for n in range(PEOPLE))
    (folder / "body.txt").write_text("{{ 氏名 }} 様\n\nこんにちは。\n", encoding="utf-8")
    options = {
        "--list-file": str(folder / "people.csv"),
        "--from": "さくら市 <kouhou@sakura-city.example>",
        "--postal-address": "さくら市中央1-1",
        "--contact": "広報課 00-0000-0000",
        "--subject": "お知らせ",
        "--text-file": str(folder / "body.txt"),
        "--egress": f"smtp://127.0.0.1:{port}",
    }
    return ["send", "--yes", "--json", *(each for pair in options.items() for each in pair)]


def test_the_same_command_again_goes_on_and_nobody_gets_a_second_letter(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "data")
    with SinkThread(SinkOptions(rules=(parse_rule("dot=delay 0.2"),))) as sink:
        command = words(tmp_path, sink.port)
        first = subprocess.Popen(
            [sys.executable, "-m", "hatobin", *command],
            env=terminal.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: sink.counters.messages >= 15, "some letters")
        first.send_signal(signal.SIGKILL)
        first.wait()
        again = terminal.run(*command)
        found = json.loads(again.out)
        assert "goes on" in again.err
        assert found["audience"] == PEOPLE
        assert found["accepted"] + found["in_doubt"] == PEOPLE
        assert again.status == (1 if found["in_doubt"] else 0)
        seen = Counter(each.rcpts[0] for each in sink.envelopes)
        assert max(seen.values()) == 1
        assert found["accepted"] <= len(seen) <= PEOPLE
