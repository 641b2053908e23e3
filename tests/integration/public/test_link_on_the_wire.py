"""The link that a reader really has: taken from the bytes that came over the wire."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from tests.incidents.office import parsed, relay, send
from tests.integration.campaigns.stage import deliveries, make_stage, token_of

from hatobin.campaigns.services import checks
from hatobin.delivery import queries as delivery_queries
from hatobin.delivery.runner import send_until_settled
from hatobin.feedback.services.unsubscribe import unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_one_click_link_of_a_sent_letter_works_for_its_reader_alone() -> None:
    stage = make_stage()
    with relay(stage) as sink:
        send(stage, stage.draft())
        (taros,) = [each for each in sink.envelopes if each.rcpts == ["taro@example.jp"]]
    message = parsed(taros)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.search(r"<(https?://[^>]+)>", message["List-Unsubscribe"])
    assert link
    body = message.get_body(("plain",))
    assert body is not None
    assert link.group(1) in body.get_content(), "the visible link is the same"

    answer = Client(enforce_csrf_checks=True).post(
        urlsplit(link.group(1)).path,
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    again = checks.check(stage.alice, stage.draft().id)
    assert (again.people, again.sendable) == (2, 2)


def test_who_says_no_during_the_hold_gets_nothing_and_the_sums_add_up() -> None:
    stage = make_stage()
    with relay(stage) as sink:
        dispatch = stage.release(stage.draft(), timedelta())
        unsubscribe(token_of(deliveries(dispatch)[0]), channel="one-click")
        send_until_settled(dispatch.pk, timedelta(seconds=60))
        got = sorted(rcpt for each in sink.envelopes for rcpt in each.rcpts)
    assert got == ["jiro@example.com", "taro@example.jp"]
    sums = delivery_queries.sums(dispatch.pk)
    assert (sums.audience, sums.accepted, sums.suppressed) == (3, 2, 1)
