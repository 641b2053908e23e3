"""Colours: every pair of text and ground can be read, by day and by night (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "src/hatobin/console/static"
GROUNDS = ("paper", "ground", "sunken", "raised")
TEXT = 4.5
CONTROL = 3.0

PAIRS = [
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-strong", "ink-soft", "link", "dove")
        for ground in GROUNDS
    ),
    *((ink, "paper", TEXT) for ink in ("action", "good", "bad", "care", "tell", "seal")),
    *((tone, f"{tone}-soft", TEXT) for tone in ("good", "bad", "care", "tell")),
    *((ink, "dove-soft", TEXT) for ink in ("dove-strong", "ink", "action")),
    *(("on-action", ground, TEXT) for ground in ("action", "action-hover", "action-active")),
    ("on-dove", "dove", TEXT),
    ("on-disabled", "disabled", CONTROL),
    ("action", "action-soft", TEXT),
    ("line-control", "paper", CONTROL),
    ("focus", "paper", CONTROL),
    ("good-fill", "paper", CONTROL),
    ("bad-fill", "paper", CONTROL),
]


def colours(theme: int) -> dict[str, str]:
    """Our names to #rrggbb; ``theme`` 0 is light, 1 is dark."""
    vendor = (STATIC / "vendor/tokens.css").read_text(encoding="utf-8")
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", vendor))
    own = (STATIC / "console/css/tokens.css").read_text(encoding="utf-8")
    found = {}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\(([^,]+), (.+)\);", own):
        value = (light, dark)[theme]
        token = re.fullmatch(r"var\(--([\w-]+)\)", value)
        found[name] = tokens[token[1]] if token else value
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(theme: int) -> None:
    shown = colours(theme)
    weak = {
        (ink, ground): round(contrast(shown[ink], shown[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(shown[ink], shown[ground]) < least
    }
    assert weak == {}


def test_the_measure_itself_knows_black_and_white() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert contrast("#cccccc", "#ffffff") < TEXT
