"""A print is compared with what merging says; a single changed word is told."""

from __future__ import annotations

import pytest
from tests.unit.content.test_press import ALICES, letter_of, press_of
from tests.unit.wire.test_press import ALICE, LINK, MESSAGE_ID

from hatobin.content.press import Printed
from hatobin.content.proof import part_that_differs

LETTER = letter_of(
    subject="{{ 氏名 }}様",
    text="Dear {{ 氏名 }},\nplain words and no more, {{ hatobin.unsubscribe_url }}\n",
    html="<p>Dear {{ 氏名 }},</p><p>formatted words and no more</p>\n",
)
PRESS = press_of(LETTER)


def print_of() -> Printed:
    return PRESS.print(ALICES, to=ALICE, message_id=MESSAGE_ID, unsubscribe_url=LINK)


def test_a_print_says_what_merging_says() -> None:
    assert part_that_differs(print_of(), PRESS.merger, ALICES) is None


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (b"plain words", b"other words", "text"),
        (b"formatted words", b"other words", "html"),
        (b"To: alice@", b"To: bob@", "to"),
        (b"Date:", b"Cc: bob@example.jp\r\nDate:", "to"),
        (b"Message-ID: <", b"Message-ID: <x", "message-id"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: <http", "list-unsubscribe"),
        (b"Subject: ", b"Subject: Re: ", "subject"),
    ],
)
def test_what_differs_is_told(old: bytes, new: bytes, part: str) -> None:
    made = print_of()
    changed = made._replace(head=made.head.replace(old, new), body=made.body.replace(old, new))
    assert part_that_differs(changed, PRESS.merger, ALICES) == part


def test_another_persons_values_are_told() -> None:
    assert part_that_differs(print_of(), PRESS.merger, {"氏名": "佐藤 次郎"}) == "subject"
