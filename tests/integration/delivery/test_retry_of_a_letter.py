"""A letter's own schedule and deadline: when what was put off is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.doubles.mail_service import MailService
from tests.integration.delivery.stage import due_now, make_office, reload, rows, send
from tests.integration.delivery.test_service_road import office_of, played

from hatobin.common import clock
from hatobin.delivery.models import Attempt, Delivery, Dispatch
from hatobin.delivery.rules.shaping.retry import STANDARD, RetrySchedule
from hatobin.intake.sink import Answer, Rule, SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

OWN = RetrySchedule.from_text("2 min, 3 min, then 40 min")


@pytest.fixture
def busy(sink: SinkThread) -> SinkThread:
    """Hanako's mailbox is full."""
    sink.misbehave(Rule(stage="rcpt", recipient="hanako*", action=Answer(452, "4.2.2 Full")))
    return sink


def pause_after(row: Delivery, number: int) -> float:
    """Minutes between a try and the next one."""
    tried = Attempt.objects.of(row.workspace_id).get(delivery=row, number=number)
    assert tried.next_at == row.next_attempt_at
    return (row.next_attempt_at - tried.at).total_seconds() / 60


@pytest.mark.parametrize(
    ("retry", "pauses"),
    [
        pytest.param(OWN, [(2, 2), (3, 3), (36, 44)], id="its-own"),
        pytest.param(None, [(5, 5), (7, 7), (8, 8)], id="its-destinations"),
    ],
)
def test_a_letter_that_was_put_off_follows_its_own_schedule(
    busy: SinkThread, retry: RetrySchedule | None, pauses: list[tuple[float, float]]
) -> None:
    dispatch = make_office(busy).release(retry=retry)
    for number, (least, most) in enumerate(pauses, 1):
        assert send(dispatch).waiting == 1
        assert least - 0.1 <= pause_after(rows(dispatch)[0], number) <= most + 0.1
        due_now(dispatch)
    busy.misbehave()
    assert send(dispatch).accepted == 3


def test_it_is_given_up_at_the_time_of_its_own(busy: SinkThread) -> None:
    office = make_office(busy)
    patient = office.release(expires_in=timedelta(minutes=4), retry=OWN)
    assert patient.expires_at - patient.hold_until == timedelta(minutes=4)
    assert send(patient).waiting == 1, "the next try is after 2 minutes"
    due_now(patient)
    assert send(patient).waiting == 1, "and after 3 more"
    hasty = office.release(expires_in=timedelta(seconds=80), retry=OWN)
    found = send(hasty)
    assert (found.accepted, found.expired) == (2, 1), "2 minutes would be too late"


def test_a_try_that_would_come_too_late_comes_right_before_the_end(busy: SinkThread) -> None:
    """Else a short time would end at the first "not now" of a greylisting server."""
    dispatch = make_office(busy).release(expires_in=timedelta(minutes=5))
    assert send(dispatch).waiting == 1, "the usual first wait is 5 minutes"
    assert 250 / 60 <= pause_after(rows(dispatch)[0], 1) <= 270 / 60


def test_a_mail_service_that_says_later_is_asked_again_by_the_letters_schedule(
    sink: SinkThread, settings: Any
) -> None:
    with MailService() as service:
        settings.HATOBIN = settings.HATOBIN.model_copy(update={"mail_service_url": service.url})
        service.answers = [played("unknown-refusal")]
        dispatch = office_of(sink, 1).release(retry=OWN)
        assert send(dispatch).waiting == 1
    assert 1.9 <= pause_after(rows(dispatch)[0], 1) <= 2.1


def test_what_was_released_before_schedules_were_kept_goes_by_its_destination(
    busy: SinkThread,
) -> None:
    dispatch = make_office(busy).release()
    assert (reload(dispatch).retry, reload(dispatch).give_up_after) == ("", timedelta(hours=1))
    assert dispatch.expires_at > clock.now()
    assert send(dispatch).waiting == 1
    assert abs(pause_after(rows(dispatch)[0], 1) * 60 - STANDARD.waits[0]) < 6


def test_a_schedule_that_somebody_spoilt_in_the_database_stops_the_letter(
    sink: SinkThread,
) -> None:
    dispatch = make_office(sink).release(retry=OWN)
    Dispatch.objects.of(dispatch.workspace_id).filter(pk=dispatch.pk).update(retry="now and then")
    assert send(dispatch).cancelled == 3
    assert (reload(dispatch).stop_code, sink.envelopes) == ("content-changed", [])
