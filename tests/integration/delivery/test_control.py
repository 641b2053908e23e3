"""Call back, pause, resume, stop (promise P5), and what is read last, right before the dot (P7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.factories import make_actor
from tests.integration.delivery.stage import (
    check_promises,
    crowd,
    make_office,
    reload,
    rows,
    running_sender,
    send,
    states,
    until,
)

from hatobin.accounts.models import AuditEntry, DataKey, Role
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import Contact
from hatobin.common.errors import Conflict, NotAllowed, NotFound
from hatobin.delivery.models import Lot
from hatobin.delivery.queries import sums
from hatobin.delivery.services.control import call_back, pause, resume, stop
from hatobin.intake.sink import Delay, Rule, SinkThread
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_DOT = Rule(stage="dot", action=Delay(0.03))
CONNECTIONS = 4


def test_called_back_on_hold_nothing_ever_leaves(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release(hold=timedelta(minutes=5))
    call_back(office.alice, dispatch.pk)
    found = send(dispatch)
    assert (found.cancelled, sink.counters.messages) == (3, 0)
    assert {row.reason for row in rows(dispatch)} == {"called-back"}
    after = reload(dispatch)
    assert (after.state, after.stop_code) == ("stopped", "called-back")
    with pytest.raises(Conflict):
        call_back(office.alice, dispatch.pk)
    with pytest.raises(Conflict):
        resume(office.alice, dispatch.pk)


def test_once_sending_has_begun_it_cannot_be_called_back(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release()
    assert send(dispatch).accepted == 3
    with pytest.raises(Conflict) as refused:
        call_back(office.alice, dispatch.pk)
    assert refused.value.code == "hold-over"


def test_stop_means_stop(sink: SinkThread) -> None:
    sink.misbehave(SLOW_DOT)
    office = make_office(sink, crowd(400), connections=CONNECTIONS)
    dispatch = office.release()
    with running_sender():
        sink.wait_for(30)
        stop(office.alice, dispatch.pk)
        at_stop = sink.counters.messages
        until(lambda: reload(dispatch).finished_at, "the end of the dispatch")
        assert sink.counters.messages - at_stop <= CONNECTIONS
        second = office.release()  # the sender is alive and sends other letters
        until(lambda: sums(second.pk).accepted >= 5, "another letter")
        stop(office.alice, second.pk)
        until(lambda: reload(second).finished_at, "the end of the second")
    found = sums(dispatch.pk)
    assert found.adds_up
    assert (found.waiting, found.accepted + found.cancelled) == (0, 400)
    assert found.in_doubt == 0
    assert reload(dispatch).stop_code == "person"


def test_pause_holds_the_rest_and_resume_sends_each_once(sink: SinkThread) -> None:
    sink.misbehave(SLOW_DOT)
    office = make_office(sink, crowd(120), connections=CONNECTIONS)
    dispatch = office.release()
    with running_sender():
        sink.wait_for(20)
        pause(office.alice, dispatch.pk)
        at_pause = sink.counters.messages
        until(lambda: set(states(dispatch)) == {"accepted", "waiting"}, "calm")
        assert sink.counters.messages - at_pause <= CONNECTIONS
        assert pause(office.alice, dispatch.pk).state == "paused"
        resume(office.alice, dispatch.pk)
        sink.misbehave()
        until(lambda: sums(dispatch.pk).accepted == 120, "the rest")
    check_promises(dispatch, sink)


def test_who_unsubscribes_between_claim_and_dot_gets_nothing(sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="data", recipient="hanako*", action=Delay(2.0)))
    office = make_office(sink)
    dispatch = office.release()
    with running_sender():
        until(lambda: sink.counters.faults, "hanako's letter is on its way")
        suppress(
            office.workspace.pk,
            ["hanako@example.jp"],
            reason=SuppressionReason.UNSUBSCRIBED,
            source="x",
        )
        until(lambda: not sums(dispatch.pk).waiting, "the end")
    assert states(dispatch) == ["suppressed", "accepted", "accepted"]
    assert all("hanako" not in envelope.rcpts[0] for envelope in sink.envelopes)
    assert sink.counters.unfinished == 1, "her letter was taken back before its dot"


def test_who_was_suppressed_after_the_release_is_not_even_connected_for(sink: SinkThread) -> None:
    office = make_office(sink)
    dispatch = office.release(hold=timedelta(seconds=1))
    suppress(
        office.workspace.pk,
        [address for address, _fields in crowd(0)] + ["hanako@example.jp", "taro@example.jp"],
        reason=SuppressionReason.MANUAL,
        source="x",
    )
    found = send(dispatch)
    assert (found.suppressed, found.accepted) == (2, 1)
    assert sink.counters.unfinished == 0


def test_whose_data_changed_after_the_release_gets_nothing(sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="data", recipient="taro*", action=Delay(2.0)))
    office = make_office(sink)
    dispatch = office.release()
    contacts = Contact.objects.of(office.workspace.pk).order_by("pk")
    contacts.filter(pk=contacts[0].pk).update(revision=2)
    with running_sender():
        until(lambda: sink.counters.faults, "taro's letter is on its way")
        contacts.filter(pk=contacts[1].pk).update(revision=2)
        until(lambda: not sums(dispatch.pk).waiting, "the end")
    assert states(dispatch) == ["cancelled", "cancelled", "accepted"]
    assert [row.reason for row in rows(dispatch)][:2] == ["contact-changed"] * 2
    assert sink.counters.messages == 1


def test_the_brake_is_for_those_who_may_and_is_on_the_audit_log(sink: SinkThread) -> None:
    office = make_office(sink)
    approver = make_actor(office.workspace, Role.APPROVER)
    viewer = make_actor(office.workspace, Role.VIEWER)
    stranger = make_office(sink, name="もみじ町役場").alice
    dispatch = office.release(hold=timedelta(minutes=5))
    for act in (call_back, pause, resume, stop):
        with pytest.raises(NotAllowed):
            act(viewer, dispatch.pk)
        with pytest.raises(NotFound):
            act(stranger, dispatch.pk)
    with pytest.raises(Conflict):
        pause(office.alice, dispatch.pk)
    stop(approver, dispatch.pk)
    stop(approver, dispatch.pk)
    log = AuditEntry.objects.of(office.workspace.pk).filter(subject=str(dispatch.pk))
    assert [entry.action for entry in log.order_by("pk")] == [
        "dispatch.released",
        "dispatch.stopped",
    ]


def test_a_dispatch_that_is_paused_for_its_keys_keeps_its_letters_in_the_queue(
    sink: SinkThread,
) -> None:
    office = make_office(sink, crowd(3))
    dispatch = office.release()
    keys = DataKey.objects.of(office.workspace.pk)
    kept = {key.pk: bytes(key.wrapped) for key in keys}
    vault_of.cache_clear()
    keys.update(wrapped=bytes(60))
    send(dispatch, wait=3)
    assert reload(dispatch).state == "paused"
    lots = Lot.objects.of(office.workspace.pk).filter(node=None)
    assert sorted(row for lot in lots for row in lot.ids) == [row.pk for row in rows(dispatch)]
    for number, wrapped in kept.items():
        keys.filter(pk=number).update(wrapped=wrapped)
    vault_of.cache_clear()
    resume(office.alice, dispatch.pk)
    assert send(dispatch).accepted == 3
