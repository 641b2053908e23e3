"""Search: any part of a name or address is found, though nothing of it can be read in the tables."""

from __future__ import annotations

import pytest
from tests.integration.audience.story import (
    addresses,
    choice,
    csv_file,
    dump,
    imported,
    many_people,
    people_of,
    staged,
)

from hatobin.accounts.rules import Actor
from hatobin.audience import queries
from hatobin.audience.choices import FieldChoice, Mapping
from hatobin.audience.services.imports import run_import, start_import

HEADER = ("メール", "姓", "名", "ﾌﾘｶﾞﾅ", "会社", "電話", "備考")
KINDS = ("family-name", "given-name", "kana", "company", "phone", "text")
PEOPLE = [
    (
        "hanako.yamada@sakura.example.jp",
        "山田",
        "花子",
        "ﾔﾏﾀﾞ ﾊﾅｺ",
        "さくら商事㈱",
        "03-1234-5678",
        "白い猫",
    ),
    (
        "taro@momiji.example.jp",
        "髙橋",
        "太郎",
        "タカハシ タロウ",
        "もみじ",
        "090-9999-0000",
        "黒い犬",
    ),
    ("山田@example.jp".replace("山田", "yamada2"), "山本", "田鶴", "やまもと たづる", "", "", ""),
]


@pytest.fixture
def office(actor: Actor) -> Actor:
    upload = staged(actor, csv_file(PEOPLE, HEADER))
    fields = tuple(
        FieldChoice(column=n, name=HEADER[n], kind=kind) for n, kind in enumerate(KINDS, 1)
    )
    start_import(actor, upload.pk, choice(mapping=Mapping(address=0, fields=fields)), queue=False)
    run_import(upload.pk)
    return actor


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("花子", [0]),
        ("山田", [0]),
        ("山田花子", [0]),
        ("山田　花子", [0]),
        ("花子 山田", [0]),
        ("ヤマダ", [0]),
        ("やまだ はなこ", [0]),
        ("ﾊﾅｺ", [0]),
        ("ＨＡＮＡＫＯ", [0]),
        ("hanako.yam", [0]),
        ("yamada", [0, 2]),
        ("sakura.example", [0]),
        ("商事(株)", [0]),
        ("0312345678", [0]),
        ("1234-56", [0]),
        ("髙", [1]),
        ("たかはし", [1]),
        ("山", [0, 2]),
        ("@", [0, 1, 2]),
        ("白い猫", []),
        ("山田太郎", []),
        ("hanako taro", []),
        ("", [0, 1, 2]),
    ],
)
def test_any_part_of_a_name_or_address_is_found(
    office: Actor, typed: str, found: list[int]
) -> None:
    assert addresses(people_of(office, search=typed)) == [PEOPLE[n][0] for n in found]


def test_nothing_of_it_stands_readable_in_any_table(office: Actor) -> None:
    everything = dump()
    for person in PEOPLE:
        for secret in filter(None, person):
            assert secret not in everything, secret
            assert secret.encode().hex() not in everything, secret


def test_pages_follow_each_other_without_gap(actor: Actor) -> None:
    status = imported(actor, many_people(25))
    pages = [
        queries.people(actor, status.list_id, search=search, page=page, per_page=10)
        for search in ("", "太郎", "example.jp")
        for page in (1, 2, 3)
    ]
    for three in (pages[:3], pages[3:6], pages[6:]):
        assert [len(page.items) for page in three] == [10, 10, 5]
        seen = [row.address for page in three for row in page.items]
        assert seen == [f"p{n}@example.jp" for n in range(25)]
        assert {(page.total, page.pages, page.complete) for page in three} == {(25, 3, True)}
    beyond = queries.people(actor, status.list_id, page=99, per_page=10)
    assert (beyond.page, len(beyond.items)) == (3, 5)


def test_the_nth_person_is_the_nth_letter(actor: Actor) -> None:
    status = imported(actor, many_people(12))
    assert status.list_id
    chosen = queries.people_at(actor, status.list_id, [12, 1, 5, 13, 0])
    assert [person.person.address for person in chosen] == [
        "p0@example.jp",
        "p4@example.jp",
        "p11@example.jp",
    ]
    assert [person.position for person in chosen] == [2, 6, 13]
