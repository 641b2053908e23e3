"""Sending end to end: a released letter becomes one envelope per person at a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hatobin.delivery.tokens import read_link_token
from hatobin.intake.sink import SinkThread
from hatobin.wire.message_facts import read_facts
from tests.integration.delivery.stage import (
    BASE_URL,
    check_promises,
    crowd,
    make_office,
    reload,
    rows,
    send,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink() -> Iterator[SinkThread]:
    with SinkThread() as thread:
        yield thread


def test_three_people_get_one_letter_each_with_their_own_name_and_link(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release()
    found = send(dispatch)

    assert (found.audience, found.accepted) == (3, 3)
    check_promises(dispatch, sink)
    ledger = {row.token: row for row in rows(dispatch)}
    for envelope in sink.envelopes:
        facts = read_facts(envelope.data)
        url = facts.list_unsubscribe.strip("<>")
        token = read_link_token(url.removeprefix(f"{BASE_URL}/u/"))
        assert token in ledger
        assert url in facts.text
        assert facts.list_unsubscribe_post == "List-Unsubscribe=One-Click"
        assert envelope.mail_from == "news@office.example"
    names = {e.rcpts[0]: read_facts(e.data).text.split(" 様")[0] for e in sink.envelopes}
    assert names == {
        "hanako@example.jp": "山田花子",
        "taro@example.jp": "鈴木太郎",
        '"foo..bar"@docomo.ne.jp': "佐藤二郎",
    }
    done = reload(dispatch)
    assert done.started_at is not None


def test_many_letters_share_few_connections(sink: SinkThread) -> None:
    office = make_office(sink, crowd(120), connections=2)
    office.relay.messages_per_connection = 25
    office.relay.save()
    dispatch = office.release()
    assert send(dispatch).accepted == 120
    check_promises(dispatch, sink)
    assert sink.counters.most_at_once <= 2
    assert sink.counters.connections >= 5, "a connection is renewed after 25 letters"
    assert sink.counters.connections <= 12


def test_a_letter_on_hold_leaves_only_when_the_hold_is_over(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release(hold=timedelta(seconds=1))
    assert send(dispatch).accepted == 3
    assert reload(dispatch).started_at >= dispatch.hold_until  # type: ignore[operator]
