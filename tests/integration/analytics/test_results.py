"""Results: sums that always add up, a row per person, and files for the office."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from tests.factories import make_actor
from tests.integration.campaigns.stage import HELLO, Stage, deliveries, make_stage

from hatobin.accounts.models import AuditEntry, Role
from hatobin.analytics import queries
from hatobin.analytics.services.files import csv_of_state
from hatobin.campaigns.queries import CampaignView
from hatobin.common.errors import Invalid, NotAllowed, NotFound
from hatobin.delivery.models import Delivery

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 24, 0, 0, 30, tzinfo=UTC)  # nine o'clock in Tokyo
CAST = (
    ("hanako@example.jp", {"氏名": "山田花子"}),
    ("taro@example.jp", {"氏名": "鈴木太郎"}),
    ("jiro@example.com", {"氏名": "=SUM(A1:A9)"}),
    ("saburo@example.com", {"氏名": "＋81-3"}),
)


@pytest.fixture
def stage() -> Stage:
    return make_stage(CAST)


@pytest.fixture
def letter(stage: Stage) -> CampaignView:
    """Released; Hanako accepted at nine, Taro refused a minute later, the others still wait."""
    letter = stage.draft(HELLO)
    hanako, taro, _jiro, _saburo = deliveries(stage.release(letter, timedelta(minutes=5)))
    ended(hanako, "accepted", at=NINE, reply_code=250, reply_text="2.0.0 Ok")
    ended(
        taro,
        "bounced",
        at=NINE + timedelta(minutes=1),
        reason="no-such-user",
        reply_code=550,
        reply_status="5.1.1",
        reply_text="<{recipient}>: no such user",
    )
    return letter


def ended(row: Delivery, state: str, *, at: datetime, **values: object) -> None:
    Delivery.objects.of(row.workspace_id).filter(pk=row.pk).update(
        state=state, ended_at=at, attempts=1, **values
    )


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_sums_add_up_and_say_why(stage: Stage, letter: CampaignView) -> None:
    result = queries.outcome(stage.alice, letter.id)
    sums = result.sums
    assert (sums.audience, sums.accepted, sums.bounced, sums.waiting) == (4, 1, 1, 2)
    assert sums.audience == (
        sums.accepted + sums.bounced + sums.expired + sums.suppressed
        + sums.cancelled + sums.in_doubt + sums.waiting
    )  # fmt: skip
    assert [(each.state, each.reason, each.count) for each in result.reasons] == [
        ("bounced", "no-such-user", 1)
    ]


def test_domains_and_minutes(stage: Stage, letter: CampaignView) -> None:
    result = queries.outcome(stage.alice, letter.id)
    shown = [(d.domain, d.total, d.accepted, d.failed, d.waiting) for d in result.domains]
    assert shown == [("example.com", 2, 0, 0, 2), ("example.jp", 2, 1, 1, 0)]
    assert result.other_domains == 0
    minutes = [(minute.at, minute.accepted, minute.failed) for minute in result.timeline]
    nine = NINE.replace(second=0)
    assert minutes == [(nine, 1, 0), (nine + timedelta(minutes=1), 0, 1)]


def test_a_person_is_found_by_a_part_of_the_name(stage: Stage, letter: CampaignView) -> None:
    found = queries.rows(stage.alice, letter.id, search="太郎")
    assert found.total == 1
    assert queries.rows(stage.alice, letter.id, states=["waiting"]).total == 2


def test_the_file_opens_in_a_japanese_spreadsheet(stage: Stage, letter: CampaignView) -> None:
    with translation.override("ja"):
        content = b"".join(csv_of_state(stage.alice, letter.id))
    assert content.startswith("\ufeff".encode())
    assert content.count(b"\r\n") == content.count(b"\n") == 5
    head, hanako, taro, *_others = table(content)
    assert head[1:3] == ["Mail address", "氏名"] or head[2] == "氏名"
    assert hanako[:3] == ["1", "hanako@example.jp", "山田花子"]
    assert hanako[-1] == "2026-11-24 09:00:30"
    assert taro[5:7] == ["550 5.1.1", "<taro@example.jp>: no such user"]


def test_a_cell_that_would_run_as_a_formula_is_only_text(
    stage: Stage, letter: CampaignView
) -> None:
    rows = table(b"".join(csv_of_state(stage.alice, letter.id, "waiting")))
    assert [row[2] for row in rows[1:]] == ["'=SUM(A1:A9)", "'＋81-3"]


def test_one_state_alone(stage: Stage, letter: CampaignView) -> None:
    rows = table(b"".join(csv_of_state(stage.alice, letter.id, "bounced")))
    assert [row[1] for row in rows[1:]] == ["taro@example.jp"]
    assert len(table(b"".join(csv_of_state(stage.alice, letter.id, "expired")))) == 1
    with pytest.raises(Invalid):
        csv_of_state(stage.alice, letter.id, "no-such-state")


def test_who_did_not_get_it_is_one_file(stage: Stage, letter: CampaignView) -> None:
    jiro, saburo = Delivery.objects.of(stage.workspace.pk).filter(state="waiting")
    ended(jiro, "in-doubt", at=NINE)
    ended(saburo, "cancelled", at=NINE)
    assert queries.outcome(stage.alice, letter.id).sums.not_received == 3
    rows = table(b"".join(csv_of_state(stage.alice, letter.id, "not-received")))
    assert [row[1] for row in rows[1:]] == [address for address, _fields in CAST[1:]]


def test_an_answer_is_shown_as_the_server_gave_it(stage: Stage, letter: CampaignView) -> None:
    (taro,) = queries.rows(stage.alice, letter.id, states=["bounced"]).rows
    assert taro.answer == "550 5.1.1 <taro@example.jp>: no such user"
    waiting = queries.rows(stage.alice, letter.id, states=["waiting"]).rows
    assert {each.answer for each in waiting} == {""}


def test_every_export_is_written_down_before_it_leaves(stage: Stage, letter: CampaignView) -> None:
    csv_of_state(stage.alice, letter.id, "bounced")
    entry = AuditEntry.objects.of(stage.workspace.pk).get(action="result.exported")
    assert (entry.subject, entry.detail) == (str(letter.id), {"state": "bounced", "rows": 1})


def test_who_may_see_what(stage: Stage, letter: CampaignView) -> None:
    viewer = make_actor(stage.workspace, Role.VIEWER)
    approver = make_actor(stage.workspace, Role.APPROVER)
    assert queries.outcome(viewer, letter.id).sums.audience == 4
    with pytest.raises(NotAllowed):
        queries.rows(viewer, letter.id)
    assert queries.rows(approver, letter.id).total == 4
    for actor in (viewer, approver):
        with pytest.raises(NotAllowed):
            csv_of_state(actor, letter.id)


def test_a_draft_and_a_foreign_letter_have_no_result(stage: Stage, letter: CampaignView) -> None:
    with pytest.raises(NotFound):
        queries.outcome(stage.alice, stage.draft(HELLO).id)
    with pytest.raises(NotFound):
        queries.outcome(make_stage(name="もみじ町役場").alice, letter.id)
