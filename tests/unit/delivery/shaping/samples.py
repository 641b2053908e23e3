"""What the tests of shaping share: the shipped file, lanes, replies."""

from __future__ import annotations

from importlib.resources import files

from hatobin.delivery.rules.shaping import LaneState, Shaping, read_shaping
from hatobin.wire.reply import Reply, parse_reply

SHIPPED = files("hatobin.delivery").joinpath("shaping.toml").read_text(encoding="utf-8")
PAUSE = "421-4.7.28 Gmail has detected an unusual rate of mail\r\n421 4.7.28 from your address"


def shaping(installation: str = "", workspace: str = "") -> Shaping:
    return read_shaping(
        ("shaping.toml", SHIPPED),
        ("/etc/hatobin/shaping.toml", installation),
        ("workspace", workspace),
    )


def lane(installation: str = "", domain: str = "example.jp") -> LaneState:
    found = shaping(installation)
    assert not found.problems, found.problems
    return LaneState(found.for_lane(domain))


def reply(text: str) -> Reply:
    return parse_reply(text.encode() + b"\r\n")


OK = reply("250 2.0.0 queued")
