"""A modes file: what it says, and how each mistake in it is named with line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatobin.intake.sink import (
    Answer,
    ConnectionLimit,
    Delay,
    Greylist,
    ModesRefused,
    RateLimit,
    Rule,
    read_modes,
)  # fmt: skip
from hatobin.intake.sink.modes import Modes
from hatobin.intake.sink.replies import KNOWN

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "sink-modes.toml"

WHOLE = """
seed = 42

[[fault]]
name = "late"
stage = "rcpt"
domain = "slow.example"
server = "127.0.0.*"
share = 0.25
times = 3
since = 1
until = 2.5
action = "delay 1-2 then 451 Later"

[[connections]]
at_once = 5
at_once_reply = "421 Too many"
messages = 20
messages_reply = "close"

[[rate]]
per = "domain"
messages = 100
seconds = 60
hold = 600
stage = "dot"
domain = "gmail.example"
reply = "like yahoo"

[[greylist]]
seconds = 300
"""


def read(folder: Path, text: str) -> Modes:
    path = folder / "modes.toml"
    path.write_text(text, encoding="utf-8")
    return read_modes(path)


def test_a_whole_file(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Modes(
        seed=42,
        rules=(
            Rule(
                name="late", stage="rcpt", recipient="*@slow.example", server="127.0.0.*",
                share=0.25, times=3, since=1, until=2.5,
                action=Delay(1, 2, then=Answer(451, "Later")),
            ),
        ),
        limits=(
            ConnectionLimit(
                at_once=5, at_once_reply=Answer(421, "Too many"), messages=20, messages_reply=None
            ),
            RateLimit(
                messages=100, seconds=60, per="domain", stage="dot", domain="gmail.example",
                hold=600, reply=KNOWN["yahoo"],
            ),
            Greylist(seconds=300),
        ),
    )  # fmt: skip


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == Modes()


def test_the_example_in_the_documentation_shows_every_table() -> None:
    modes = read_modes(EXAMPLE)
    assert {type(limit) for limit in modes.limits} == {ConnectionLimit, RateLimit, Greylist}
    assert {
        "connect",
        "starttls",
        "tls",
        "mail",
        "rcpt",
        "data",
        "body",
        "dot",
        "between",
        "any",
    } == {rule.stage for rule in modes.rules}
    assert modes.seed == 7


FAULT = '[[fault]]\nstage = "rcpt"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed = 1.5", "line 1: seed: write a whole number"),
        ("seed = 1\n\nfualt = 3", "line 3: fualt: not known"),
        ("\n[fault]\nstage = 'rcpt'", "line 2: fault: write it as [[fault]]"),
        ("[[fault]]\naction = 'close'", "line 1: fault.stage: is missing"),
        ("# x\n" + FAULT, "line 2: fault.action: is missing"),
        (FAULT + "action = 'explode'", "line 3: fault.action: 'explode' is not an action"),
        (FAULT + "action = 4", "line 3: fault.action: write a text in quotes"),
        ("[[fault]]\nstage = 'lunch'\naction = 'close'", "line 2: fault.stage: 'lunch' is not a stage"),
        (FAULT + "action = 'close'\nshare = 2", "line 4: fault.share: write a number from 0 to 1"),
        (FAULT + "action = 'close'\nshare = true", "line 4: fault.share: write a number from 0 to 1"),
        (FAULT + "action = 'close'\nnth = 1.5", "line 4: fault.nth: write a whole number"),
        (FAULT + "action = 'close'\ntimes = -1", "line 4: fault.times: write a number of 0 or more"),
        (FAULT + "action = 'close'\nchance = 1", "line 4: fault.chance: not known; there are action"),
        (FAULT + "action = 'close'\nsince = nan", "line 4: fault.since: write a number"),
        (FAULT + "action = 'close'\nsince = 5\nuntil = 5", "line 1: fault: until must be later"),
        (FAULT + "action = 'alert'", "line 1: fault: 'alert' can only be done at stage tls"),
        (FAULT + "action = 'close'\ndomain = 'a'\nrecipient = 'b'", "line 5: fault.recipient: give either"),
        ("[[fault]]\nstage='mail'\naction='close'\ndomain='a'", "line 1: fault: nobody knows the recipient"),
        ("[[connections]]", "line 1: connections: say at_once or messages"),
        ("[[connections]]\nat_once = 1\nat_once_reply = 'close'", "line 3: connections.at_once_reply"),
        ("[[connections]]\nmessages = 1\nmessages_reply = '250 ok'", "'250 ok' refuses nothing"),
        ("[[rate]]\nseconds = 1", "line 1: rate.messages: is missing"),
        ("[[rate]]\nmessages = 0\nseconds = 1", "line 2: rate.messages: write a number above 0"),
        ("[[rate]]\nmessages = 1\nseconds = 1\nper = 'planet'", "line 4: rate.per: 'planet' is not one of"),
        ("[[rate]]\nmessages = 1\nseconds = 1\nstage = 'mail'\nper = 'domain'", "line 1: rate: nobody"),
        ("[[greylist]]\ndomain = 'a'", "line 1: greylist.seconds: is missing"),
        ("[[fault]\nstage = 1", "modes.toml: not TOML: "),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ModesRefused) as refused:
        read(tmp_path, text)
    assert told in str(refused.value)


def test_all_mistakes_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    text = FAULT + 'name = """\nshare = 9\n"""\naction = "explode"\n\n' + FAULT + "share = 9\n"
    with pytest.raises(ModesRefused) as refused:
        read(tmp_path, text)
    lines = [line.split(": ")[0:2] for line in str(refused.value).splitlines()]
    assert lines == [
        ["modes.toml, line 6", "fault.action"],
        ["modes.toml, line 8", "fault.action"],
        ["modes.toml, line 10", "fault.share"],
    ]
