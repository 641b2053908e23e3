"""What a lane is said to be: never more than a server said, and never that a person is needed when none is."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from hatobin.delivery.rules.lane_words import mood_of, mood_text
from hatobin.delivery.rules.shaping_words import why_text


def mood(**more: object) -> str:
    plain: dict[str, object] = {
        "why": "", "in_lane": 0, "due": 0, "later": 0, "on_hold": 0, "still": 0, "resting": False,
        "has_sender": True,
    }  # fmt: skip
    return mood_of(**(plain | more))  # type: ignore[arg-type]


def test_what_begins_by_itself_does_not_wait_for_a_person() -> None:
    assert mood(on_hold=3) == "on-hold"
    assert mood(on_hold=3, still=1) == "still"
    assert mood(on_hold=3, due=1) == "soon"


@pytest.mark.parametrize("why", ["slowed", "rate-set", "one-by-one"])
def test_connections_that_broke_are_no_request_of_a_server(why: str) -> None:
    asked = mood_text("slow", why=why)
    assert mood(why=why, in_lane=1) == mood(why="after-failures", in_lane=1) == "slow"
    with override("ja"):
        said = str(mood_text("slow", why="after-failures"))
        assert said == "接続が切れることがあったため、接続数を減らして送っています。"
        assert str(asked) != said


@pytest.mark.parametrize(
    ("kind", "demanded", "said"),
    [
        ("refused", False, "先方のサーバーに接続できません。"),
        ("starttls-not-offered", True, "暗号化した接続を受け付けないため"),
        ("starttls-not-offered", True, "配信ペースの設定で、暗号化が必須"),
        ("certificate", False, "暗号化した接続ができないため"),
        ("shutting-down", False, "応答していますが、いまはメールを受け付けていません"),
    ],
)
def test_a_server_that_was_reached_is_not_called_unreachable(
    kind: str, demanded: bool, said: str
) -> None:
    with override("ja"):
        assert said in str(mood_text("unreachable", kind=kind, tls_demanded=demanded))
        why = why_text("dead", {"kind": kind}, {})
        assert ("接続できないため" in why) == (kind == "refused")
