"""``hatobin send``: the exit status is 0 only when nothing is left to do, and stderr says what is."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.doubles.service import until
from tests.doubles.wire_tap import WireTap
from tests.integration.cli.terminal import Terminal

CALL_BACK = """
from hatobin.accounts.services.access import actor_of_operator
from hatobin.campaigns.models import Campaign
from hatobin.campaigns.services.control import {verb}
for row in Campaign.objects.across_workspaces().filter(dispatch__state="held"):
    {verb}(actor_of_operator(row.workspace_id, "hanako"), row.pk)
    print(row.pk)
"""
STATES = """
from hatobin.delivery.models import Dispatch
print([row.state for row in Dispatch.objects.across_workspaces()])
"""


@pytest.fixture(scope="module", autouse=True)
def files(terminal: Terminal) -> None:
    terminal.write(
        "people.csv", "氏名,メールアドレス\r\n花子,hanako@example.jp\r\n次郎,jiro@example.jp\r\n"
    )
    terminal.write("body.txt", "お知らせです。\n")


def line(terminal: Terminal, port: int, *more: str) -> list[str]:
    beside = terminal.folder.parent
    return [
        "send", "--list-file", str(beside / "people.csv"), "--text-file", str(beside / "body.txt"),
        "--from", "さくら市 <news@sakura.example>", "--postal-address", "中央1-1", "--contact", "広報課",
        "--kind", "notice", "--subject", "お知らせ", "--egress", f"smtp://127.0.0.1:{port}",
        "--wait", "3", "--yes", "--json", *more,
    ]  # fmt: skip


def finished(running: subprocess.Popen[str]) -> tuple[int, dict[str, int], str]:
    out, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    return running.returncode, json.loads(out), err


@pytest.mark.parametrize(("verb", "said"), [("call_back", "called back"), ("stop", "stopped it")])
def test_a_letter_stopped_by_somebody_else_ends_with_1_and_says_why(
    terminal: Terminal, verb: str, said: str
) -> None:
    with WireTap() as tap:
        running = terminal.start(*line(terminal, tap.port, "--hold", "600"))
        until(lambda: bool(terminal.script(CALL_BACK.format(verb=verb))), "the stop", within=60)
        status, sums, err = finished(running)
        assert (status, sums["cancelled"], sums["waiting"]) == (1, 2, 0)
        assert said in err
        assert "2 × “Not sent: cancelled”" in err
        assert "send to them alone" in err
        assert tap.taken == []


def test_a_person_whose_data_another_import_changed_is_told(terminal: Terminal) -> None:
    other = terminal.write("other.csv", "氏名,メールアドレス\r\n新しい花子,hanako@example.jp\r\n")
    with WireTap() as tap:
        running = terminal.start(*line(terminal, tap.port, "--hold", "8"))
        until(lambda: "held" in terminal.script(STATES), "the hold", within=60)
        done = terminal.run("import", other, "--list", "ほか", "--basis", "given", "--json")
        assert done.json["changed"] + done.json["added"] == 1, done.err
        status, sums, err = finished(running)
        assert (status, sums["accepted"], sums["cancelled"]) == (1, 1, 1)
        assert "1 × “Not sent: cancelled”: The person's data changed" in err
        assert [each.rcpts[0] for each in tap.taken] == ["jiro@example.jp"]


def test_people_on_the_do_not_mail_list_alone_are_no_failure(terminal: Terminal) -> None:
    terminal.script("""
from hatobin.accounts.models import Workspace
from hatobin.accounts.services.access import actor_of_operator
from hatobin.suppression.services import add_by_staff
add_by_staff(actor_of_operator(Workspace.objects.get().pk, "hanako"), "jiro@example.jp")
""")
    with WireTap() as tap:
        done = terminal.run(*line(terminal, tap.port))
        assert done.status == 0, done.err
        assert (done.json["accepted"], done.json["suppressed"]) == (1, 1)


def test_the_reasons_are_japanese_on_a_japanese_terminal(terminal: Terminal) -> None:
    japanese = Terminal(terminal.folder, language="ja_JP.UTF-8")
    with WireTap() as tap:
        running = japanese.start(*line(terminal, tap.port, "--hold", "600"))
        until(
            lambda: bool(terminal.script(CALL_BACK.format(verb="call_back"))), "the stop", within=60
        )
        status, _sums, err = finished(running)
        assert status == 1
        assert "一時保留中に取り消されました" in err
        assert "1人ずつの結果" in err
