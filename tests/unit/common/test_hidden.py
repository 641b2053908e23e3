"""Invisible characters: refused where they mislead, allowed where writing needs them."""

from __future__ import annotations

import pytest

from hatobin.common.hidden import has_hidden


@pytest.mark.parametrize(
    "text",
    [
        "",
        "春のお知らせ ①㈱髙﨑 〜ｶﾅ〜",
        "ご家族で👨\u200d👩\u200d👧どうぞ",
        "👩🏽\u200d🌾 ❤️\u200d🔥 🏳️\u200d🌈 🙂\u200d↔️ 1️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم",
        "क्\u200dष गर्\u200dयो",
        "外字\ue000",
    ],
)
def test_what_people_write_has_nothing_hidden(text: str) -> None:
    assert not has_hidden(text)


@pytest.mark.parametrize(
    "hidden",
    ["\x00", "\t", "\r\n", "\x7f", "\x85", "\u2028", "\ud800", "\u00ad", "\u061c", "\u180e"]
    + ["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\U000e0067"]
    + [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))],
)
@pytest.mark.parametrize("around", ["{}会員", "会{}員", "会員{}", "me{}mbers", "👨{}", "👨{} 👩"])
def test_what_nobody_sees_is_found(hidden: str, around: str) -> None:
    assert has_hidden(around.format(hidden))
