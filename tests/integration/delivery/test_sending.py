"""Sending end to end: a released letter becomes one envelope per person at a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.factories import make_list
from tests.integration.delivery.stage import (
    BASE_URL,
    check_promises,
    copies,
    crowd,
    ids_of,
    letter,
    make_office,
    reload,
    rows,
    running_sender,
    send,
    until,
)

from hatobin.common.errors import Invalid
from hatobin.delivery.models import LaneShare
from hatobin.delivery.queries import sums
from hatobin.delivery.services.release import release_test
from hatobin.delivery.tokens import read_link_token
from hatobin.intake.sink import Delay, Rule, SinkThread
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress
from hatobin.wire.message_facts import read_facts

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_people_get_one_letter_each_with_their_own_name_and_link(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release()
    found = send(dispatch)

    assert (found.audience, found.accepted) == (3, 3)
    check_promises(dispatch, sink)
    ledger = {row.pk: row for row in rows(dispatch)}
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


def test_a_test_letter_goes_to_the_tester_only_with_the_persons_data(sink: SinkThread) -> None:
    office = make_office(sink)
    hanako = rows(office.release(hold=timedelta(hours=1)))[0].contact
    dispatch = release_test(
        office.alice,
        contact_id=hanako.pk,
        recipient="alice@office.example",
        egress_id=office.relay.pk,
        letter=office.letter,
        sender=office.sender,
        base_url=BASE_URL,
    )
    assert send(dispatch).accepted == 1
    (envelope,) = sink.envelopes
    assert envelope.rcpts == ["alice@office.example"]
    assert "山田花子 様" in read_facts(envelope.data).text


def test_a_test_letter_to_a_suppressed_address_is_refused(sink: SinkThread) -> None:
    office = make_office(sink)
    contact = rows(office.release(hold=timedelta(hours=1)))[0].contact
    suppress(
        office.workspace.pk,
        ["alice@office.example"],
        reason=SuppressionReason.MANUAL,
        source="test",
    )
    with pytest.raises(Invalid) as refused:
        release_test(
            office.alice,
            contact_id=contact.pk,
            recipient="alice@office.example",
            egress_id=office.relay.pk,
            letter=office.letter,
            sender=office.sender,
            base_url=BASE_URL,
        )
    assert refused.value.code == "recipient-suppressed"


def test_two_letters_of_one_office_share_a_road_fairly(sink: SinkThread) -> None:
    office = make_office(sink, crowd(60), connections=1)
    first, second = office.release(), office.release()
    with running_sender():
        until(lambda: not sums(first.pk).waiting, "the first letter")
        until(lambda: not sums(second.pk).waiting, "the second letter")
    ids = [row for each in (first, second) for row in ids_of(rows(each))]
    assert sorted(copies(sink.envelopes)) == sorted(ids)
    early = copies(sink.envelopes[:60])
    assert sum(early[each] for each in ids_of(rows(second))) >= 15


@pytest.mark.alone
def test_two_senders_share_the_work_and_the_limit_and_never_send_a_letter_twice(
    sink: SinkThread,
) -> None:
    sink.misbehave(Rule(stage="dot", action=Delay(0.05)))
    office = make_office(sink, crowd(1100), connections=4)
    dispatch = office.release(hold=timedelta(seconds=2))
    with running_sender(), running_sender():
        both = LaneShare.objects.filter(egress=office.relay, connections__gt=0, in_hand__gt=0)
        until(lambda: both.count() == 2, "both at work", within=30)
        sink.misbehave()
        until(lambda: sums(dispatch.pk).accepted == 1100, "all letters", within=60)
        until(lambda: reload(dispatch).state == "done", "the end")
    check_promises(dispatch, sink)
    assert sink.counters.most_at_once <= 4, "the limit is of both together"


def test_a_small_letter_and_a_test_overtake_a_large_one_that_a_slow_relay_has_already(
    sink: SinkThread,
) -> None:
    sink.misbehave(Rule(stage="dot", action=Delay(0.4)))
    office = make_office(sink, crowd(300), connections=2)
    large = office.release()
    with running_sender():
        until(lambda: sums(large.pk).accepted > 0, "the large one to be on its way")
        small = replace(office, people=make_list(office.workspace, crowd(3), name="大勢")).release()
        until(lambda: sums(small.pk).accepted == 3, "the small one", within=30)
        assert sums(large.pk).waiting > 200
        sink.misbehave()
        until(lambda: sums(large.pk).accepted == 300, "the large one", within=60)


def test_both_parts_are_merged_and_html_is_escaped(sink: SinkThread) -> None:
    office = make_office(sink, [("hanako@example.jp", {"氏名": "<b>花子</b> & co"})])
    office.letter = letter(html="<p>{{ 氏名 }} 様</p>", text="")
    assert send(office.release()).accepted == 1
    facts = read_facts(sink.envelopes[0].data)
    assert facts.html is not None
    assert "&lt;b&gt;花子&lt;/b&gt; &amp; co 様" in facts.html
    assert "<b>花子</b> & co 様" in facts.text
