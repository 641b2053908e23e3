"""One letter that cannot be made never keeps the others of an installation from leaving."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.delivery.stage import (
    checked,
    letter,
    make_office,
    reload,
    running_sender,
    send,
    until,
)

from hatobin.delivery.queries import sums
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_that_does_not_parse_is_halted_and_the_next_one_leaves(sink: SinkThread) -> None:
    office = make_office(sink)
    office.letter = replace(letter(), text="{% comment %}")  # no check would let it through
    bad = office.release()
    office.letter = letter()
    good = office.release()
    with running_sender():
        until(lambda: sums(good.pk).accepted == 3, "the good letter")
        until(lambda: reload(bad).state == "stopped", "the end of the bad one")
    assert (checked(sums(bad.pk)).cancelled, reload(bad).stop_code) == (3, "cannot-read")


def test_a_value_that_a_filter_chokes_on_ends_one_letter_only(sink: SinkThread) -> None:
    people = [
        ("hanako@example.jp", {"氏名": "山田花子", "番号": "nan"}),
        ("taro@example.jp", {"氏名": "鈴木太郎", "番号": "12.6"}),
    ]
    office = make_office(sink, people)
    office.letter = letter(text="{{ 氏名 }} {{ 番号 | round }}", names=("氏名", "番号"))
    found = send(office.release())
    assert (found.accepted, found.cancelled) == (1, 1)
    assert [each.rcpts for each in sink.envelopes] == [["taro@example.jp"]]
