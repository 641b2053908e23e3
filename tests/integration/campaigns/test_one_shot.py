"""The whole job at once, as a command or a program gives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils.translation import override
from tests.factories import make_workspace
from tests.integration.campaigns.stage import Stage, deliveries, make_stage

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.access import actor_of_operator
from hatobin.audience.queries import lists
from hatobin.campaigns import queries
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, drafts, one_shot
from hatobin.campaigns.services.one_shot import Order
from hatobin.common.errors import Conflict, Invalid
from hatobin.senders import queries as senders

pytestmark = pytest.mark.django_db(transaction=True)

FILE = (
    "氏名,メールアドレス,会社 名\r\n"
    "山田花子,hanako@example.jp,①㈱髙島\r\n"
    "鈴木太郎,TARO@example.jp,\r\n"
    "太郎ふたたび,taro@example.jp,\r\n"
    "こわれた行,no-at-sign,\r\n"
).encode("cp932")


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def operator(stage: Stage) -> Actor:
    return actor_of_operator(stage.workspace.pk, "root")


@pytest.fixture
def order(stage: Stage) -> Order:
    return Order(
        file_name="名簿.csv",
        data=FILE,
        sender_name="さくら市",
        sender_address="news@office.example",
        subject="{{ 氏名 }}さんへ",
        text="{{ 会社 名 }} {{ 氏名 }} 様\n",
        egress_id=stage.egress.pk,
        fallbacks={"会社 名": "個人"},
    )


def test_a_file_and_a_text_become_a_checked_letter_and_then_leave(
    operator: Actor, order: Order
) -> None:
    shot = one_shot.prepare(operator, order)
    assert (shot.check.people, shot.check.sendable, shot.duplicates) == (2, 2, 1)
    assert [row.row for row in shot.refused_rows] == [5]
    assert shot.check.can_send, shot.check.findings
    assert queries.campaign(operator, shot.campaign_id).status is Status.DRAFT

    dispatch = one_shot.send(operator, shot, hold=timedelta(minutes=1))
    report = one_shot.report(shot, dispatch)
    assert (report.sums.audience, report.sums.waiting, report.clean) == (2, 2, False)
    assert len(deliveries(dispatch)) == 2


@pytest.mark.parametrize(
    ("language", "words"), [("ja", "コマンドから送信 "), ("en", "Sent by command, ")]
)
def test_letter_and_list_are_named_in_the_language_of_the_workspace(
    stage: Stage, operator: Actor, order: Order, language: str, words: str
) -> None:
    Workspace.objects.filter(pk=stage.workspace.pk).update(language=language)
    with override("en" if language == "ja" else "ja"):
        shot = one_shot.prepare(operator, order)
    letter = queries.campaign(operator, shot.campaign_id)
    assert letter.name.startswith(words)
    assert letter.list_name.startswith(words)


def test_only_the_people_of_the_file_get_it_however_often_it_is_sent(
    operator: Actor, order: Order
) -> None:
    one_shot.prepare(operator, order)
    fewer = replace(order, data=FILE.split(b"\r\n")[0] + b"\r\nA,a@example.jp,B\r\n")
    again = one_shot.prepare(operator, fewer)
    assert again.check.people == 1


def test_what_is_guessed_wrong_is_corrected_by_the_order(operator: Actor, order: Order) -> None:
    renamed = replace(
        order, columns={"氏名": "宛名", "会社 名": ""}, text="{{ 宛名 }}", subject="x"
    )
    shot = one_shot.prepare(operator, renamed)
    assert shot.check.can_send, shot.check.findings
    with pytest.raises(Invalid) as refused:
        one_shot.prepare(operator, replace(order, columns={"ない列": "x"}))
    assert refused.value.params["label"] == "ない列"


def test_a_merge_name_that_the_file_lacks_is_a_finding_and_nothing_leaves(
    operator: Actor, order: Order
) -> None:
    shot = one_shot.prepare(operator, replace(order, text="{{ 住所 }}"))
    assert not shot.check.can_send
    assert [finding.code for finding in shot.check.findings] == ["unknown-merge-name"]
    with pytest.raises((Conflict, Invalid)):
        one_shot.send(operator, shot)


def test_a_file_without_one_valid_row_sends_nothing(operator: Actor, order: Order) -> None:
    before = queries.campaigns(operator).total
    with pytest.raises(Invalid) as refused:
        one_shot.prepare(operator, replace(order, data="氏名,メール\r\n花子,なし\r\n".encode()))
    assert refused.value.field in {"file", "address"}
    assert queries.campaigns(operator).total == before


def test_the_legal_facts_come_from_the_order_or_from_the_workspace(order: Order) -> None:
    fresh = make_workspace("新しい町")
    operator = actor_of_operator(fresh.pk, "root")
    road = make_stage(name="ほか").egress
    road.workspace = fresh
    road.save()
    order = replace(order, egress_id=road.pk)
    with pytest.raises(Invalid):
        one_shot.prepare(operator, order)
    given = replace(order, organisation="新しい町", postal_address="1-1", contact="000-000")
    assert one_shot.prepare(operator, given).check.can_send
    assert one_shot.prepare(operator, order).check.can_send
    stored = senders.profile(operator)
    assert stored is not None
    assert stored.organisation == "新しい町"


def test_another_address_in_an_order_stands_under_that_letter_alone(
    operator: Actor, order: Order
) -> None:
    before = senders.profile(operator)
    assert before is not None
    shot = one_shot.prepare(operator, replace(order, postal_address="支所 2-2"))
    shown = checks.preview(operator, shot.campaign_id)
    assert "支所 2-2" in shown.text
    assert before.organisation in shown.text
    copy = drafts.duplicate(operator, shot.campaign_id)
    assert "支所 2-2" in checks.preview(operator, copy.id).text
    after = senders.profile(operator)
    assert after is not None
    assert after.postal_address == before.postal_address
    assert (
        "支所" not in checks.preview(operator, one_shot.prepare(operator, order).campaign_id).text
    )
    with pytest.raises(Invalid) as refused:
        one_shot.prepare(operator, replace(order, contact="two\nlines"))
    assert refused.value.field == "contact"


def test_nobody_said_yes_and_nothing_of_it_stays(operator: Actor, order: Order) -> None:
    letters, before = queries.campaigns(operator).total, {each.id for each in lists(operator)}
    shot = one_shot.prepare(operator, order)
    one_shot.discard(operator, shot)
    assert queries.campaigns(operator).total == letters
    assert {each.id for each in lists(operator)} == before


def test_a_letter_that_cannot_be_kept_leaves_no_list(operator: Actor, order: Order) -> None:
    before = {each.id for each in lists(operator)}
    with pytest.raises(Invalid):
        one_shot.prepare(operator, replace(order, subject="two\nlines"))
    assert {each.id for each in lists(operator)} == before
