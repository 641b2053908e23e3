"""A relay that is down, refuses, hangs, hangs up or says "later": what is shown, and what becomes of the letters."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from django.utils import translation
from tests.doubles.ports import free_port
from tests.factories import make_list
from tests.integration.delivery.stage import (
    Office,
    check_promises,
    crowd,
    due_now,
    make_office,
    rows,
    send,
    states,
)

from hatobin.common import clock
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.models import Attempt, Dispatch, Egress
from hatobin.delivery.queries import progress
from hatobin.delivery.rules.reasons import Reason, reason_text
from hatobin.delivery.services.egress import save_relay
from hatobin.intake.sink import Action, Answer, Close, Hang, Rule, SinkOptions, SinkThread, Stage

pytestmark = pytest.mark.django_db(transaction=True)

IMPATIENT = Timeouts(connect=1, greeting=0.4, command=0.4, data=0.4, block=0.4, dot=0.4, quit=0.1)
SHORTLY = 0.2  # seconds for which a troubled road is waited for
JAPANESE = re.compile("[ぁ-ん]")
NOT_HERE = {"starttls", "tls", "auth", "dot", "between"}  # a relay without TLS and password
BEFORE_THE_DOT = [stage for stage in get_args(Stage) if stage not in NOT_HERE]


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink, connections=1)


def trouble(dispatch: Dispatch) -> str:
    """What the screen says about the road, after looking that Japanese and an advice are there too."""
    shown = progress(dispatch.pk)
    with translation.override("ja"):
        for text in (str(shown.trouble), str(shown.trouble_advice)):
            assert bool(JAPANESE.search(text)) == bool(shown.trouble), text
    with translation.override("en"):
        return str(shown.trouble)


def check_it_recovers(dispatch: Dispatch, sink: SinkThread, people: int = 3) -> None:
    """The server behaves again: everybody gets the letter once, and the trouble is over."""
    sink.misbehave()
    due_now(dispatch)
    Egress.objects.of(dispatch.workspace_id).update(resume_at=dispatch.created_at)
    assert send(dispatch).accepted == people
    check_promises(dispatch, sink)
    assert trouble(dispatch) == ""


def test_a_relay_that_is_down_is_tried_until_it_is_up() -> None:
    port = free_port()
    with SinkThread() as other:
        office = make_office(other)
    office.relay.port = port
    office.relay.save()
    dispatch = office.release()
    assert send(dispatch, SHORTLY).waiting == 3
    assert trouble(dispatch) == "No mail server answers on this port."
    shown = progress(dispatch.pk)
    assert shown.resume_at is not None
    assert shown.resume_at < clock.now() + timedelta(seconds=5), "the first failures rest shortly"
    assert {row.attempts for row in rows(dispatch)} == {0}, "nobody's letter was tried"
    with SinkThread(SinkOptions(port=port)) as sink:
        check_it_recovers(dispatch, sink)


def test_a_relay_that_refuses_the_password_gets_no_letter_until_it_is_right() -> None:
    options = SinkOptions(credentials={"alice": "right"}, require_auth=True)
    with SinkThread(options) as sink:
        office = make_office(sink)
        relay = {"name": "中継", "host": "127.0.0.1", "port": sink.port, "tls": "none"}
        road = {**relay, "username": "alice", "egress_id": office.relay.pk}
        office.relay = save_relay(office.alice, **road, password="wrong")  # type: ignore[arg-type]
        dispatch = office.release()
        assert send(dispatch, SHORTLY).waiting == 3
        assert trouble(dispatch) == "User name or password is wrong."
        assert "User name or password is wrong" in progress(dispatch.pk).trouble_words
        assert sink.counters.messages == 0
        save_relay(office.alice, **road, password="right")  # type: ignore[arg-type]
        check_it_recovers(dispatch, sink)


@pytest.mark.parametrize("stage", [each for each in BEFORE_THE_DOT if each != "body"])
def test_a_relay_that_hangs_before_the_dot_has_nothing(
    sink: SinkThread, office: Office, stage: Stage
) -> None:
    sink.misbehave(Rule(stage=stage, action=Hang()))
    dispatch = office.release()
    assert send(dispatch, SHORTLY, IMPATIENT).waiting == 3
    silent = stage in {"connect", "ehlo"}
    assert trouble(dispatch) == (
        "The server took the connection but says nothing."
        if silent
        else "The server does not answer in time."
    )
    check_it_recovers(dispatch, sink)


@pytest.mark.parametrize("stage", BEFORE_THE_DOT)
def test_a_relay_that_hangs_up_before_the_dot_has_nothing(
    sink: SinkThread, office: Office, stage: Stage
) -> None:
    # In the middle of a body our dot may already be out: then nobody can know, and it is said so.
    sink.misbehave(Rule(stage=stage, action=Close(), times=6))
    dispatch = office.release()
    found = send(dispatch, SHORTLY, IMPATIENT)
    assert found.waiting + found.in_doubt == 3
    assert trouble(dispatch) == "The server closed the connection."
    assert sink.counters.messages == 0
    if stage != "body":
        assert found.in_doubt == 0
        check_it_recovers(dispatch, sink)


@pytest.mark.parametrize("action", [Hang(), Hang(keep=True), Close(), Close(keep=True)], ids=str)
def test_a_relay_that_is_silent_after_the_dot_leaves_one_letter_in_doubt(
    sink: SinkThread, office: Office, action: Action
) -> None:
    sink.misbehave(Rule(stage="dot", recipient="hanako*", action=action))
    dispatch = office.release()
    found = send(dispatch, timeouts=IMPATIENT)
    assert (found.in_doubt, found.accepted) == (1, 2)
    (hanako, *_others) = rows(dispatch)
    assert (hanako.state, hanako.reason, hanako.attempts) == ("in-doubt", "no-answer", 1)
    check_promises(dispatch, sink)
    said(Reason.NO_ANSWER)


def test_later_is_tried_again_with_growing_pauses_until_it_is_taken(
    sink: SinkThread, office: Office
) -> None:
    sink.misbehave(
        Rule(stage="rcpt", recipient="hanako*", action=Answer(452, "4.2.2 Full"), times=2)
    )
    dispatch = office.release()
    pauses = []
    for attempt in (1, 2):
        found = send(dispatch)
        assert (found.accepted, found.waiting, found.deferred) == (2, 1, 1)
        hanako = rows(dispatch)[0]
        assert (hanako.attempts, hanako.reason, hanako.reply_code) == (attempt, "deferred", 452)
        assert (hanako.reply_status, "Full" in hanako.reply_text) == ("4.2.2", True)
        tried = Attempt.objects.of(hanako.workspace_id).get(delivery=hanako, number=attempt)
        assert (tried.state, tried.code, tried.next_at) == ("waiting", 452, hanako.next_attempt_at)
        pauses.append(hanako.next_attempt_at - tried.at)
        assert progress(dispatch.pk).next_try_at == hanako.next_attempt_at
        assert trouble(dispatch) == "", "the road is well: it is about one person"
        due_now(dispatch)
    assert pauses[0] < pauses[1]
    assert send(dispatch).accepted == 3
    check_promises(dispatch, sink)
    said(Reason.DEFERRED)


def test_later_ends_with_the_deadline(sink: SinkThread, office: Office) -> None:
    sink.misbehave(Rule(stage="dot", recipient="hanako*", action=Answer(451, "4.3.0 Not now")))
    dispatch = office.release(expires_in=timedelta(seconds=80))
    found = send(dispatch)
    assert (found.accepted, found.expired) == (2, 1)
    assert (rows(dispatch)[0].reason, rows(dispatch)[0].reply_code) == ("expired", 451)
    said(Reason.EXPIRED)


@pytest.mark.parametrize(
    ("stage", "answer", "reason"),
    [
        ("mail", Answer(550, "5.7.1 We do not know this sender"), Reason.SENDER_REFUSED),
        ("rcpt", Answer(550, "5.1.1 <hanako@example.jp>: no such user"), Reason.NO_SUCH_USER),
        ("rcpt", Answer(550, "no such user here"), Reason.NO_SUCH_USER),
        ("rcpt", Answer(552, "5.2.2 Over quota"), Reason.MAILBOX_FULL),
        ("data", Answer(554, "5.7.1 Not today"), Reason.POLICY),
        ("dot", Answer(550, "5.7.1 Looks like spam"), Reason.POLICY),
        ("dot", Answer(552, "5.3.4 Too big"), Reason.TOO_LARGE),
    ],
)
def test_no_is_final_and_keeps_its_reason_and_words(
    sink: SinkThread, office: Office, stage: Stage, answer: Answer, reason: Reason
) -> None:
    sink.misbehave(Rule(stage=stage, action=answer, nth=1))
    dispatch = office.release()
    found = send(dispatch)
    assert (found.bounced, found.accepted) == (1, 2)
    (bounced,) = [row for row in rows(dispatch) if row.state == "bounced"]
    assert (bounced.reason, bounced.reply_code) == (reason, answer.code)
    assert "hanako" not in bounced.reply_text, "the address stays sealed"
    assert bounced.reply_text.replace("{recipient}", "hanako@example.jp") in answer.text
    said(reason)
    due_now(dispatch)
    send(dispatch)
    assert sink.counters.messages == 2
    assert states(dispatch).count("bounced") == 1


def test_a_relay_that_closes_for_a_while_is_about_the_road_and_not_about_a_person(
    sink: SinkThread, office: Office
) -> None:
    sink.misbehave(Rule(stage="rcpt", action=Answer(421, "4.3.2 Back in a minute")))
    dispatch = office.release()
    assert send(dispatch, SHORTLY).waiting == 3
    assert trouble(dispatch) == "The server is closing for a while."
    assert "Back in a minute" in progress(dispatch.pk).trouble_words
    assert {row.attempts for row in rows(dispatch)} == {0}
    check_it_recovers(dispatch, sink)


def test_a_letter_at_which_the_relay_hangs_up_lets_the_others_go_first(
    sink: SinkThread, office: Office
) -> None:
    no = Answer(421, "4.7.28 hanako@example.jp gets too much mail")
    sink.misbehave(Rule(stage="rcpt", action=no, recipient="hanako@*"))
    dispatch = office.release()
    found = send(dispatch)
    assert (found.accepted, found.waiting) == (2, 1)
    (waiting,) = [row for row in rows(dispatch) if row.state == "waiting"]
    assert (waiting.attempts, waiting.reply_code) == (0, 421)
    assert waiting.reply_text == "{recipient} gets too much mail"


def test_a_relay_that_closes_after_each_letter_is_not_hammered(
    sink: SinkThread, office: Office
) -> None:
    sink.misbehave(Rule(stage="dot", action=Answer(421, "4.3.2 Overloaded, come back later")))
    dispatch = replace(office, people=make_list(office.workspace, crowd(60), name="大勢")).release()
    send(dispatch, SHORTLY)
    tried = [row for row in rows(dispatch) if row.attempts]
    assert 0 < len(tried) <= 12, "those that were on their way, and one ahead after each rest"
    assert {row.state for row in rows(dispatch)} == {"waiting"}
    assert sink.counters.connections <= 12
    assert trouble(dispatch) == "The server is closing for a while."
    check_it_recovers(dispatch, sink, 60)


def test_a_relay_that_closes_between_letters_is_no_trouble(
    sink: SinkThread, office: Office
) -> None:
    sink.misbehave(Rule(stage="between", action=Answer(421, "4.3.2 Closing"), share=0.2))
    dispatch = replace(
        office, people=make_list(office.workspace, crowd(100), name="大勢")
    ).release()
    assert send(dispatch).accepted == 100
    assert not Attempt.objects.of(dispatch.workspace_id).exists()
    check_promises(dispatch, sink)


def said(reason: Reason) -> None:
    """The reason has its sentence in both languages."""
    with translation.override("ja"):
        assert JAPANESE.search(reason_text(reason)), reason
    with translation.override("en"):
        assert reason_text(reason).isascii()
