"""``hatobin lanes``, ``retry`` and ``move``: an operator looks, ends a rest, and moves what waits after a yes."""

from __future__ import annotations

import pytest
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def office(terminal: Terminal) -> None:
    words = ("--email", "hanako@office.example", "--workspace", "Office")
    terminal.run("createowner", *words, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810")
    for name in ("Relay", "Spare"):
        made = terminal.run(
            "egress", "add", name, "--kind", "relay", "--host", "127.0.0.1", "--port", "1", "--tls", "none",
        )  # fmt: skip
        assert made.status == 0, made.err


def test_a_quiet_office_has_no_lanes(terminal: Terminal) -> None:
    found = terminal.run("lanes", "--json")
    assert found.status == 0, found.err
    assert (found.json["lanes"], found.json["waiting"], found.json["senders"]) == ([], 0, 0)
    said = terminal.run("lanes", HATOBIN_LANGUAGE="ja")
    assert "待機中：0" in said.out


def test_a_rest_is_ended_by_name(terminal: Terminal) -> None:
    assert terminal.run("retry", "Relay").status == 0
    assert terminal.run("retry", "Relay", "--site", "*").status == 0
    unknown = terminal.run("retry", "Nowhere")
    assert unknown.status == 2
    assert "Relay, Spare" in unknown.err


def test_nothing_is_moved_without_a_yes_nor_into_the_sandbox(terminal: Terminal) -> None:
    unasked = terminal.run("move", "Relay", "Spare", "--json")
    assert (unasked.status, unasked.error["code"]) == (2, "not-confirmed")
    assert "“Relay” to “Spare” (127.0.0.1:1)" in unasked.err
    done = terminal.run("move", "Relay", "Spare", "--yes", "--json")
    assert done.json == {"letters": 0, "in_hand": 0}
    refused = terminal.run("move", "Relay", "sandbox", "--yes", "--json")
    assert (refused.status, refused.error["code"]) == (2, "move-sandbox")
    same = terminal.run("move", "Relay", "Relay", "--yes", "--json")
    assert same.error["code"] == "same-way"


def test_while_a_stop_stands_it_is_told_what_waits_and_nothing_is_tried(terminal: Terminal) -> None:
    terminal.script(
        "from tests.integration.campaigns.stage import make_stage\n"
        "from hatobin.delivery.services.egress import save_relay\n"
        "stage = make_stage(name='Waiting')\n"
        "relay = save_relay(stage.alice, name='Relay', host='127.0.0.1', port=1, tls='none')\n"
        "stage.on_its_way(relay)\n"
    )
    here = ("--workspace", "Waiting")
    assert terminal.run("stop", *here, "--reason", "wrong list").status == 0
    found = terminal.run("lanes", *here, "--json").json
    assert (found["stopped"], found["waiting"], found["still"]) == (True, 0, 3)
    said = terminal.run("lanes", *here).out
    assert "An emergency stop stands since" in said
    assert "wrong list" in said
    assert "        3  Relay" in said
    assert "Waiting: 3." in said
    assert "automatically" not in said
    refused = terminal.run("retry", "Relay", *here)
    assert refused.status != 0
    assert "An emergency stop stands since" in refused.err
    assert terminal.run("stop", "--lift", *here).status == 0
    assert terminal.run("retry", "Relay", *here).status == 0
    terminal.script(
        "from hatobin.delivery.models import Dispatch\n"
        "Dispatch.objects.across_workspaces().filter(state='sending').update(state='paused')\n"
    )
    assert "Paused or held back: 3" in terminal.run("lanes", *here).out
