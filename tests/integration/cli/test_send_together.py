"""Several ``hatobin send`` at once on a folder where nothing is yet."""

from __future__ import annotations

import json

from tests.doubles.wire_tap import WireTap
from tests.integration.cli.terminal import Terminal

COUNT = """
from hatobin.accounts.models import Workspace
print(Workspace.objects.count())
"""


def test_three_commands_on_a_fresh_folder_all_send(terminal: Terminal) -> None:
    people = terminal.write("people.csv", "氏名,メール\r\n花子,hanako@example.jp\r\n")
    body = terminal.write("body.txt", "{{ 氏名 }} 様\n")
    with WireTap() as tap:
        words = [
            "send", "--list-file", people, "--text-file", body, "--subject", "お知らせ",
            "--from", "さくら市 <news@sakura.example>", "--contact", "広報課", "--kind", "notice",
            "--egress", f"smtp://127.0.0.1:{tap.port}", "--yes", "--json",
        ]  # fmt: skip
        running = [terminal.start(*words, "--postal-address", f"支所{n}") for n in range(3)]
        for each in running:
            out, err = each.communicate(timeout=120)
            assert each.returncode == 0, err
            assert json.loads(out)["accepted"] == 1
        bodies = [each.message().get_body(("plain",)) for each in tap.taken]
        texts = [body.get_content() for body in bodies if body is not None]
    said = sorted(next(n for n in range(3) if f"支所{n}" in text) for text in texts)
    assert said == [0, 1, 2]  # each under its own letter, whoever was stored first
    assert terminal.script(COUNT).strip() == "1"
