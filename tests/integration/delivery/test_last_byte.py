"""The last-byte check: a letter that names another person never leaves, and stops the rest (promise P1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.delivery.stage import crowd, letter, make_office, reload, rows, send

from hatobin.accounts.models import AuditEntry
from hatobin.delivery.models import Delivery
from hatobin.delivery.rules.last_byte import check_recipient, strange_addresses
from hatobin.intake.sink import SinkThread
from hatobin.wire.address import parse_address
from hatobin.wire.message_facts import read_facts

TARO = "taro@example.jp"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("memo", "text"),
    [
        ("連絡係は TARO@example.jp です", "{{ 氏名 }} 様 {{ メモ }}"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "{{ 氏名 }} 様 {{ メモ }}"),
        ("taro", "{{ 氏名 }} 様 {{ メモ }}@example.jp"),  # put together only by merging
        ("総務/taro@example.jp", "{{ 氏名 }} 様 {{ メモ }}"),
        ("担当 -taro@example.jp", "{{ 氏名 }} 様 {{ メモ }}"),
        ("taro@example.jp-naisen12", "{{ 氏名 }} 様 {{ メモ }}"),
        ("taro@\u200bexample.jp", "{{ 氏名 }} 様 {{ メモ }}"),
    ],
)
def test_a_value_with_another_persons_address_stops_the_whole_letter(
    sink: SinkThread, memo: str, text: str
) -> None:
    people = [
        ("hanako@example.jp", {"氏名": "山田花子", "メモ": memo}),
        (TARO, {"氏名": "鈴木太郎", "メモ": ""}),
        ("jiro@example.jp", {"氏名": "佐藤二郎", "メモ": ""}),
    ]
    office = make_office(sink, people, connections=1)
    office.letter = letter(text=text, names=("氏名", "メモ"))
    dispatch = office.release()
    found = send(dispatch)

    assert (found.cancelled, sink.counters.messages) == (3, 0)
    stopped = reload(dispatch)
    assert (stopped.state, stopped.stop_code) == ("stopped", "last-byte")
    first = rows(dispatch)[0]
    assert stopped.stop_detail == {
        "rule": "other-person",
        "place": "text",
        "delivery": str(first.pk),
    }
    assert first.reason == "last-byte"
    log = AuditEntry.objects.of(office.workspace.pk).get(action="dispatch.halted")
    assert log.actor == "engine"
    assert "taro" not in str(log.detail)


@pytest.mark.django_db(transaction=True)
def test_the_readers_own_the_senders_and_nobodys_addresses_may_stand_in_a_letter(
    sink: SinkThread,
) -> None:
    own = [(TARO, {"氏名": f"{TARO} さん"}), ("kouhou@office.example", {"氏名": "広報課"})]
    office = make_office(sink, own)
    office.letter = letter(text="{{ 氏名 }} 様 講師: koushi@elsewhere.example")
    assert send(office.release()).accepted == 2


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("To: <taro@example.jp>", None),
        ('To: "taro" <TARO@example.jp>', None),
        ("To: <jiro@example.jp>", "recipient"),
        ("To: <taro@example.jp>, <jiro@example.jp>", "recipient"),
        ("To: <taro@example.jp>\r\nTo: <taro@example.jp>", "recipient"),
        ("From: <a@b.example>", "recipient"),
        ("To: <taro@example.jp>\r\nCc: <taro@example.jp>", "other-recipient"),
        ("To: <taro@example.jp>\r\nbcc: <jiro@example.jp>", "other-recipient"),
        ("To: <taro@example.jp>\r\nResent-To: <jiro@example.jp>", "other-recipient"),
    ],
)
def test_exactly_one_recipient_stands_in_the_headers(head: str, rule: str | None) -> None:
    taro = parse_address(TARO)
    facts = read_facts(f"{head}\r\nSubject: s\r\n\r\ntext\r\n".encode())
    found = check_recipient(facts, taro)
    assert (found.rule if found else None) == rule


@pytest.mark.django_db(transaction=True)
def test_a_row_that_belongs_to_somebody_else_is_refused(sink: SinkThread) -> None:
    office = make_office(sink, crowd(3), connections=1)
    dispatch = office.release()
    second = rows(dispatch)[1]
    Delivery.objects.of(office.workspace.pk).filter(pk=second.pk).update(address_key=bytes(32))
    found = send(dispatch)
    assert found.accepted <= 1, "the one before it may have had its mark"
    assert found.accepted + found.cancelled == 3
    assert reload(dispatch).stop_detail["rule"] == "row"
    assert rows(dispatch)[1].reason == "last-byte"


def test_strange_addresses_are_found_in_every_place() -> None:
    facts = read_facts(
        b"To: <taro@example.jp>\r\nSubject: jiro@example.jp\r\nX-Note: saburo@example.jp\r\n\r\n"
        b"taro@example.jp news@office.example shiro&#64;example.jp\r\n"
    )
    expected = frozenset({"news@office.example"})
    found = strange_addresses(facts, parse_address(TARO), expected)
    assert found == {
        "jiro@example.jp": "subject",
        "saburo@example.jp": "x-note",
        "shiro@example.jp": "text",
    }
    html = replace(facts, headers=(), text="", html="<a href='mailto:goro%40example.jp'>")
    assert list(strange_addresses(html, parse_address(TARO), expected)) == ["goro@example.jp"]
