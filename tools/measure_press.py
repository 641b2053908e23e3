"""How much CPU a printed letter costs: 10 KB of Japanese HTML and text, four merged places, the unsubscribe link.

    .venv/bin/python tools/measure_press.py

Prints microseconds per letter, the best of several rounds, and the ratio to SHA-256 over the same octets
(what signing needs anyway), because machines differ and are busy.
"""

from __future__ import annotations

import hashlib
import os
import timeit
from collections.abc import Callable
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hatobin.config.settings")
django.setup()

from hatobin.content.compile import compile_letter  # noqa: E402
from hatobin.content.letters import LegalFooter, LetterDraft  # noqa: E402
from hatobin.content.press import Printed, compile_press  # noqa: E402
from hatobin.content.strangers import StrangerCheck  # noqa: E402
from hatobin.delivery.rules.last_byte import strangers_in  # noqa: E402
from hatobin.wire.address import parse_address  # noqa: E402
from hatobin.wire.press.check import wrong_in_head  # noqa: E402

PARAGRAPH = (
    "<p>いつもご利用いただき、誠にありがとうございます。冬の特別なお知らせをお届けします。"
    '詳しくは<a href="https://shop.example.jp/news/1?from=mail">こちら</a>をご覧ください。</p>'
)
HTML = (
    '<p>{{ 会社 }}</p><p>{{ 氏名 | 敬称: "様" }}</p>'
    + PARAGRAPH * 22
    + "<p>会員番号: {{ 会員番号 }}</p>"
    + PARAGRAPH * 3
    + "<p>{{ 県 }}のお客様へ</p>"
)
CONDITION = "<p>{% if 県 == '北海道' %}送料は無料です。{% else %}送料は500円です。{% endif %}</p>"
FIELDS = {
    "氏名": "山田 花子",
    "会社": "株式会社さくら商事",
    "会員番号": "0012345",
    "県": "北海道",
    "宛先": "hanako@example.jp",
}
OURS = frozenset({"news@example.co.jp", "support@example.co.jp"})
LINK = "https://mail.example.co.jp/u/" + "A1b2C3d4" * 5
ID = "<0190abcdef0190abcdef0190abcdef01@example.co.jp>"


def best(call: Callable[[], object], rounds: int = 9, number: int = 2_000) -> float:
    """Microseconds per call."""
    return min(timeit.repeat(call, number=number, repeat=rounds)) / number * 1e6


def measure(name: str, html: str) -> None:
    draft = LetterDraft(subject="{{ 氏名 }}様、冬のお知らせをお届けします", html=html)
    footer = LegalFooter(
        organisation="さくら商事",
        postal_address="さくら市中央1-1",
        contact="お客様窓口 support@example.co.jp",
    )
    letter = compile_letter(
        draft, kind="marketing", language="ja", field_names=tuple(FIELDS), footer=footer
    )
    press = compile_press(
        letter,
        from_display="株式会社さくら商事",
        from_address=parse_address("news@example.co.jp"),
        reply_to=parse_address("support@example.co.jp"),
        date=datetime(2026, 11, 24, 5, 5, tzinfo=UTC),
        feedback_id="campaign1:1:mass:hatobin",
    )
    check = StrangerCheck(press, expected=OURS, search=strangers_in)
    to = parse_address("hanako@example.jp")

    def print_one() -> Printed:
        return press.print(FIELDS, to=to, message_id=ID, unsubscribe_url=LINK)

    made = print_one()
    message = made.message
    costs = {
        "print": best(print_one),
        "strangers": best(lambda: check.strange(made)),
        "head": best(lambda: wrong_in_head(made.head, b"hanako@example.jp")),
        "sha256": best(lambda: hashlib.sha256(message).digest()),
    }
    total = costs["print"] + costs["strangers"] + costs["head"]
    shown = "  ".join(f"{key} {cost:5.1f}" for key, cost in costs.items())
    ratio = total / costs["sha256"]
    print(f"{name:10} {len(message):6} octets  {shown}  total {total:5.1f} us = {ratio:.2f} sha256")


if __name__ == "__main__":
    measure("base64", HTML)
    measure("condition", HTML + CONDITION)
    measure("address", HTML + "<p>ご登録: {{ 宛先 }} です。</p>")
    english = (
        "<p>Dear customer, thank you. Here is some news for this winter, with a link.</p>" * 80
    )
    measure(
        "quoted", "<p>{{ 会社 }}</p><p>{{ 氏名 }}</p>" + english + "<p>{{ 会員番号 }} {{ 県 }}</p>"
    )
