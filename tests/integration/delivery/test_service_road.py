"""By a mail service: one letter, one request; the request is the dot, and every answer is recorded."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from tests.doubles.mail_service import MailService
from tests.integration.delivery.stage import Office, crowd, make_office, rows, send, states

from hatobin.common import clock
from hatobin.delivery.egress.providers import client_for
from hatobin.delivery.egress.smtp_client import Envelope
from hatobin.delivery.models import Attempt, Delivery, Dispatch, Route
from hatobin.delivery.runner.holding import ReadyLetter
from hatobin.delivery.runner.ledger import Slip
from hatobin.delivery.runner.service import Service
from hatobin.delivery.services.control import pause
from hatobin.delivery.services.egress import save_provider
from hatobin.delivery.statements import statement
from hatobin.intake.sink import SinkThread
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress
from hatobin.wire.address import parse_address

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = Path(__file__).parents[2] / "samples" / "providers"


def played(name: str) -> dict[str, Any]:
    return dict(json.loads((SAMPLES / "mailgun.json").read_text())[name])


@pytest.fixture
def server(settings: Any) -> Iterator[MailService]:
    """A stand-in for the service."""
    with MailService() as service:
        settings.HATOBIN = settings.HATOBIN.model_copy(update={"mail_service_url": service.url})
        yield service


def office_of(sink: SinkThread, count: int) -> Office:
    office = make_office(sink, crowd(count))
    road = save_provider(
        office.alice,
        name="Mailgun",
        provider="mailgun",
        settings={"domain": "mg.office.example"},
        credentials={"api_key": "himitsu"},
        connections=2,
    )
    return replace(office, relay=road)


def test_each_letter_is_one_request_with_one_recipient(
    sink: SinkThread, server: MailService
) -> None:
    server.answers = [played("accepted")]
    dispatch = office_of(sink, 6).release()
    assert send(dispatch).accepted == 6
    assert len(server.asked) == 6
    readers = set()
    for asked in server.asked:
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        form = message_from_bytes(head + asked.body, policy=policy.HTTP)
        fields = [
            part.get_param("name", header="content-disposition") for part in form.iter_parts()
        ]
        assert fields.count("to") == 1
        readers |= {
            part.get_content().strip()
            for part in form.iter_parts()
            if part.get_param("name", header="content-disposition") == "to"
        }
    assert readers == {f"reader{number:04}@example.jp" for number in range(6)}
    assert set(Route.objects.values_list("host", flat=True)) == {"mailgun"}


def test_no_answer_is_in_doubt_and_nothing_is_asked_twice(
    sink: SinkThread, server: MailService
) -> None:
    server.answers = ["hang-up"]
    dispatch = office_of(sink, 1).release()
    assert send(dispatch).in_doubt == 1
    assert len(server.asked) == 1
    assert rows(dispatch)[0].reason == "no-answer"


def test_a_wrong_key_is_the_roads_trouble_and_nobodys_bounce(
    sink: SinkThread, server: MailService
) -> None:
    server.answers = [played("bad-key")]
    office = office_of(sink, 3)
    dispatch = office.release()
    send(dispatch, wait=5)
    assert states(dispatch) == ["waiting"] * 3
    office.relay.refresh_from_db()
    assert office.relay.trouble_code == "key-refused"
    tried = Attempt.objects.of(dispatch.workspace_id)
    assert {each.reason for each in tried} == {"key-refused"}
    server.answers = [played("accepted")]
    assert send(dispatch).accepted == 3


def test_too_fast_lets_the_letter_wait_and_no_one_fails(
    sink: SinkThread, server: MailService
) -> None:
    slow = played("throttled")
    slow["headers"]["Retry-After"] = "2"
    server.answers = [slow, played("accepted")]
    dispatch = office_of(sink, 3).release()
    assert send(dispatch).accepted == 3
    assert len(server.asked) == 4
    assert all(row.attempts == 1 for row in rows(dispatch))


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"status": 200, "headers": {}, "body": "welcome to the network"}, "in-doubt"),
        ("hang-up", "in-doubt"),
        (played("trouble"), "waiting"),
    ],
)
def test_a_service_that_makes_no_sense_is_left_alone_for_a_while(
    sink: SinkThread, server: MailService, answer: Any, state: str
) -> None:
    server.answers = [answer]
    office = office_of(sink, 30)
    dispatch = office.release()
    send(dispatch, wait=5)
    found = Counter(states(dispatch))
    assert len(server.asked) <= 8, "two connections, and one letter ahead after each rest"
    assert found["waiting"] >= 22
    assert state in found
    assert {row.attempts for row in rows(dispatch) if row.state == "waiting"} == {0}
    office.relay.refresh_from_db()
    assert office.relay.trouble_code


def test_whether_a_letter_may_still_leave_is_what_its_mark_asked(
    sink: SinkThread, server: MailService
) -> None:
    office = office_of(sink, 2)
    dispatch = office.release()
    Dispatch.objects.of(dispatch.workspace_id).filter(pk=dispatch.pk).update(state="sending")
    Delivery.objects.of(dispatch.workspace_id).update(state="dot-sent")
    first, second = rows(dispatch)
    assert (is_wanted(first), is_wanted(second)) == (True, True)
    wish = SuppressionReason.UNSUBSCRIBED
    suppress(office.workspace.pk, ["reader0000@example.jp"], reason=wish, source="link")
    assert (is_wanted(first), is_wanted(second)) == (False, True)
    pause(office.alice, dispatch.pk)
    assert not is_wanted(second)


def is_wanted(row: Delivery) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("still"), {"id": row.pk, "claim": row.claim})
        return bool(cursor.fetchall())


def test_words_that_no_database_can_hold_are_kept_without_what_it_cannot_hold(
    sink: SinkThread, server: MailService
) -> None:
    odd = played("bad-recipient")
    odd["body"] = {"message": odd["body"]["message"] + "\0 \ud83d"}
    server.answers = [odd, played("accepted")]
    dispatch = office_of(sink, 2).release()
    found = send(dispatch)
    assert (found.accepted, found.bounced) == (1, 1)
    words = {row.state: row.reply_text for row in rows(dispatch)}
    assert words["bounced"].endswith(" ?")
    assert "\0" not in words["bounced"]


def test_a_mark_that_grew_old_in_the_queue_sends_nothing(server: MailService) -> None:
    server.answers = [played("accepted")]
    values = {"domain": "mg.office.example", "api_key": "himitsu"}
    service = Service(client_for("mailgun", values, api_url=server.url), 1)
    slip = Slip(
        id=1, claim=1, lot=1, node=1, dispatch_id=uuid4(), egress_id=uuid4(), site="*", marked=True
    )
    letter = ReadyLetter(
        slip=slip,
        attempts=0,
        expires_at=clock.now(),
        envelope=Envelope(
            "news@office.example",
            parse_address("hanako@example.jp"),
            b"From: <news@office.example>\r\nTo: <hanako@example.jp>\r\n\r\nHello\r\n",
        ),
    )
    slip.asked_at = time.monotonic() - 2
    assert asyncio.run(service.send(letter, no)) is None
    assert server.asked == []
    renewed = asyncio.run(service.send(letter, yes))
    assert renewed is not None
    assert renewed.outcome == "accepted"
    slip.asked_at = time.monotonic()
    fresh = asyncio.run(service.send(letter, no))
    assert fresh is not None
    assert fresh.outcome == "accepted"
    service.close()
    assert asyncio.run(service.send(letter, yes)) is None, "closed: certainly not sent"


async def yes(_slip: Slip) -> bool:
    return True


async def no(_slip: Slip) -> bool:
    return False
