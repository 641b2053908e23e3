"""Importing: every row is taken or named, people are merged, and what people wished stays."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from tests.factories import make_list, make_workspace
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

from hatobin.accounts.models import AuditEntry
from hatobin.accounts.rules import Actor
from hatobin.audience import queries
from hatobin.audience.choices import FieldChoice, ImportChoice, Mapping
from hatobin.audience.mapping import columns_of
from hatobin.audience.models import (
    Contact,
    ContactList,
    Field,
    Import,
    ImportState,
    Subscription,
    UploadChunk,
)
from hatobin.audience.services.imports import (
    cancel_import,
    import_file,
    refused_file,
    run_import,
    start_import,
)
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress

HANAKO = ("hanako@example.jp", "山田花子")
TARO = ("taro@example.jp", "鈴木太郎")


def test_a_file_becomes_people_on_a_list_in_the_order_of_the_file(actor: Actor) -> None:
    status = imported(actor, csv_file([TARO, HANAKO]))

    assert (status.state, status.rows, status.added, status.percent) == ("done", 2, 2, 100)
    people = people_of(actor)
    assert [(p.address, p.fields["氏名"], p.position) for p in people] == [
        ("taro@example.jp", "鈴木太郎", 2),
        ("hanako@example.jp", "山田花子", 3),
    ]
    assert not UploadChunk.objects.of(actor.workspace_id).exists()
    acts = AuditEntry.objects.of(actor.workspace_id).values_list("action", flat=True)
    assert {"import.uploaded", "import.started", "import.finished"} <= set(acts)


def test_every_row_that_is_not_taken_is_named_with_its_number_and_reason(actor: Actor) -> None:
    data = csv_file(
        [
            HANAKO,
            ("", "住所なし"),
            ("taro", "鈴木太郎"),
            ("a@example.jp", "山田\r\nBcc: x@example.jp"),
            ("b@example.jp", "あ\x01い"),
            ("c@example.jp", "長" * 10_001),
            ("d@example.jp", "い\0う"),
            ("e@example.jp", "多い", "余り"),
            ("HANAKO@EXAMPLE.JP", "もう一人の花子"),
        ]
    )
    status = imported(actor, data)

    assert (status.rows, status.added, status.refused, status.duplicates) == (9, 1, 7, 1)
    refused = queries.problems(actor, status.id).items
    assert [problem.row for problem in refused] == [3, 4, 5, 6, 7, 8, 9]
    assert [problem.reason for problem in refused if problem.row != 4] == [
        "no-address",
        "line-break",
        "control-character",
        "cell-too-long",
        "nul",
        "too-many-cells",
    ]
    assert all(problem.sentence for problem in refused)
    (merged,) = queries.problems(actor, status.id, "duplicate", cells=True).items
    assert (merged.row, merged.params) == (10, {"first_row": 2})
    assert merged.cells == ("HANAKO@EXAMPLE.JP", "もう一人の花子")
    assert [p.fields["氏名"] for p in people_of(actor)] == ["山田花子"]


def test_the_refused_rows_come_back_as_a_file_for_excel(actor: Actor) -> None:
    data = csv_file([HANAKO, ("=cmd|' /C calc'!A0", "悪い"), ("taro", '-鈴木"太郎')])
    status = imported(actor, data)
    name, content = refused_file(actor, status.id)

    assert name.endswith(".csv")
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[0].split(",")[2:] == ["メールアドレス", "氏名"]
    assert lines[1].startswith("3,")
    assert ",'=cmd|' /C calc'!A0," in lines[1]
    assert lines[2].endswith(',"\'-鈴木""太郎"')
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize("first", list("=+-@＝＋－−＠"))
def test_no_cell_of_either_file_runs_as_a_formula(actor: Actor, first: str) -> None:
    bad = f"{first}cmd|' /C calc'!A0"
    status = imported(actor, csv_file([HANAKO, ("taro", bad), (HANAKO[0], bad)]))
    for kind in ("refused", "duplicate"):
        _name, content = refused_file(actor, status.id, kind)
        (row,) = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
        assert row[-1] == f"'{bad}"
        assert not any(cell.startswith(tuple("=+-@＝＋－−＠")) for cell in row)


def test_carrier_addresses_and_international_domains_are_taken(actor: Actor) -> None:
    wanted = ["foo..bar@docomo.ne.jp", "foo.@ezweb.ne.jp", "info@日本語.jp"]
    status = imported(
        actor, csv_file([(address, "花子") for address in [*wanted, "foo..bar@example.jp"]])
    )

    assert (status.added, status.refused) == (3, 1)
    assert addresses(people_of(actor)) == [*wanted[:2], "info@xn--wgv71a119e.jp"]
    assert len(people_of(actor, search="info@日本語")) == 1
    again = imported(actor, csv_file([("INFO@xn--wgv71a119e.jp", "花子")]))
    assert (again.added, again.unchanged) == (0, 1)


def test_the_same_file_again_changes_nothing(actor: Actor) -> None:
    imported(actor, csv_file([HANAKO, TARO]))
    status = imported(actor, csv_file([HANAKO, TARO]))

    assert (status.added, status.changed, status.unchanged) == (0, 0, 2)
    assert set(Contact.objects.of(actor.workspace_id).values_list("revision", flat=True)) == {1}
    assert ContactList.objects.of(actor.workspace_id).count() == 1


def test_given_fields_replace_and_fields_the_file_does_not_have_stay(actor: Actor) -> None:
    header = ("メール", "氏名", "会社")
    imported(
        actor,
        csv_file(
            [(*HANAKO, "さくら商事"), (*TARO, "もみじ"), ("c@example.jp", "次郎", "")], header
        ),
    )
    header = ("氏名", "メール", "電話")
    status = imported(
        actor,
        csv_file([("佐藤花子", HANAKO[0], "03-1234-5678"), ("", TARO[0], "")], header),
    )

    assert (status.added, status.changed, status.unchanged) == (0, 2, 0)
    people = {person.address: person for person in people_of(actor)}
    assert people["hanako@example.jp"].fields == {
        "氏名": "佐藤花子",
        "会社": "さくら商事",
        "電話": "03-1234-5678",
    }
    assert people["taro@example.jp"].fields["氏名"] == ""
    revisions = (
        Contact.objects.of(actor.workspace_id).order_by("id").values_list("revision", flat=True)
    )
    assert list(revisions) == [2, 2, 1]
    assert queries.lists(actor)[0].field_names == ("氏名", "会社", "電話")


def test_newcomers_stand_behind_those_who_are_on_the_list(actor: Actor) -> None:
    imported(actor, csv_file([HANAKO]))
    status = imported(actor, csv_file([TARO, HANAKO]))

    assert (status.added, status.unchanged) == (1, 1)
    assert addresses(people_of(actor)) == [HANAKO[0], TARO[0]]


def test_somebody_of_another_list_is_added_to_this_one_as_the_same_person(actor: Actor) -> None:
    imported(actor, csv_file([HANAKO]), list_name="会員")
    status = imported(actor, csv_file([HANAKO]), list_name="セミナー")

    assert (status.added, status.unchanged) == (1, 0)
    assert Contact.objects.of(actor.workspace_id).count() == 1
    assert Subscription.objects.of(actor.workspace_id).count() == 2


def test_who_said_no_is_imported_but_stays_suppressed(actor: Actor) -> None:
    suppress(
        actor.workspace_id, [HANAKO[0]], reason=SuppressionReason.UNSUBSCRIBED, source="letter:1"
    )
    status = imported(actor, csv_file([("Hanako@Example.JP", "山田花子"), TARO]))

    assert (status.added, status.suppressed) == (2, 1)
    assert [person.suppressed for person in people_of(actor)] == [True, False]
    assert status.list_id
    assert queries.count(actor.workspace_id, status.list_id).sendable == 1
    open_people = list(queries.iter_people(actor.workspace_id, status.list_id))
    assert [person.suppressed for person in open_people] == [True, False]
    (only,) = queries.people_at(actor, status.list_id, [1, 2])
    assert only.person.address == TARO[0]


def test_who_left_the_list_does_not_come_back_by_an_import(actor: Actor) -> None:
    imported(actor, csv_file([HANAKO, TARO]))
    places = Subscription.objects.of(actor.workspace_id)
    places.filter(position=2).update(state=Subscription.State.UNSUBSCRIBED)
    status = imported(actor, csv_file([("hanako@example.jp", "佐藤花子"), TARO]))

    assert (status.added, status.changed, status.suppressed) == (0, 1, 1)
    assert [person.state for person in people_of(actor)] == ["unsubscribed", "subscribed"]


def test_the_basis_of_the_first_import_stays(actor: Actor) -> None:
    imported(actor, csv_file([HANAKO]))
    upload = staged(actor, csv_file([HANAKO]))
    start_import(actor, upload.pk, choice(basis="trading"), queue=False)
    run_import(upload.pk)

    assert Subscription.objects.of(actor.workspace_id).get().basis == "consent"


def test_an_ordinary_column_is_readable_and_everything_else_is_sealed(actor: Actor) -> None:
    data = csv_file([(*HANAKO, "正会員")], header=("メール", "氏名", "区分"))
    fields = (
        FieldChoice(column=1, name="氏名", kind="name"),
        FieldChoice(column=2, name="区分", personal=False),
    )
    upload = staged(actor, data)
    wanted = choice(mapping=Mapping(address=0, fields=fields))
    start_import(actor, upload.pk, wanted, queue=False)
    run_import(upload.pk)

    assert Contact.objects.of(actor.workspace_id).get().fields == {"区分": "正会員"}
    assert people_of(actor)[0].fields == {"氏名": "山田花子", "区分": "正会員"}
    everything = dump()
    for secret in ("hanako@example.jp", "山田花子", "花子", "hanako"):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def test_no_valid_row_fails_and_tells_why_and_other_columns_can_be_tried(actor: Actor) -> None:
    upload = staged(actor, csv_file([HANAKO, TARO]))
    wrong = Mapping(address=1, fields=(FieldChoice(column=0, name="氏名"),))
    start_import(actor, upload.pk, choice(mapping=wrong), queue=False)
    run_import(upload.pk)

    status = queries.import_status(actor, upload.pk)
    assert (status.state, status.error_code, status.refused) == ("failed", "no-valid-rows", 2)
    assert status.error
    assert status.advice
    assert queries.problems(actor, upload.pk).total == 2
    assert not ContactList.objects.of(actor.workspace_id).exists()

    start_import(actor, upload.pk, choice(), queue=False)
    run_import(upload.pk)
    status = queries.import_status(actor, upload.pk)
    assert (status.state, status.added, status.error_code) == ("done", 2, "")
    assert queries.problems(actor, upload.pk).total == 0


def one(name: str, **more: object) -> Mapping:
    return Mapping(address=0, fields=(FieldChoice(column=1, name=name, **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"mapping": Mapping(address=None)}, "no-address-column", "address"),
        ({"mapping": Mapping(address=7)}, "no-address-column", "address"),
        ({"mapping": one("")}, "field-name-empty", "fields.1"),
        ({"mapping": one("あ" * 101)}, "field-name-too-long", "fields.1"),
        ({"mapping": one("{{氏名}}")}, "field-name-letters", "fields.1"),
        ({"mapping": one("氏名\r\nBcc")}, "field-name-letters", "fields.1"),
        ({"mapping": one("氏\u200b名")}, "field-name-letters", "fields.1"),
        ({"mapping": one("Hatobin")}, "field-name-reserved", "fields.1"),
        ({"mapping": one("hatobin.unsubscribe_url")}, "field-name-reserved", "fields.1"),
        ({"mapping": one("氏名", kind="secret")}, "unknown-kind", "fields.1"),
        (
            {"mapping": Mapping(address=0, fields=(FieldChoice(column=0, name="氏名"),))},
            "column-twice",
            "fields.0",
        ),
        (
            {"mapping": Mapping(address=0, fields=(FieldChoice(column=9, name="氏名"),))},
            "no-column",
            "fields.9",
        ),
        ({"list_name": "  "}, "missing", "list_name"),
        ({"list_name": "会" * 121}, "too-long", "list_name"),
        ({"list_name": "会員\x1b"}, "control-character", "list_name"),
        ({"list_name": "会員\u202e"}, "control-character", "list_name"),
        ({"list_name": "会\u200b員"}, "control-character", "list_name"),
        ({"basis": ""}, "basis-missing", "basis"),
        ({"basis": "because"}, "basis-missing", "basis"),
    ],
)
def test_a_choice_that_cannot_be_kept_is_refused_beside_its_field(
    actor: Actor, changes: dict[str, object], code: str, field: str
) -> None:
    upload = staged(actor, csv_file([HANAKO]))
    with pytest.raises(Invalid) as refused:
        start_import(actor, upload.pk, choice(**changes), queue=False)  # type: ignore[arg-type]

    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.message
    upload.refresh_from_db()
    assert upload.state == ImportState.STAGED


def test_two_columns_cannot_have_one_name_even_in_another_width(actor: Actor) -> None:
    upload = staged(actor, csv_file([("a@example.jp", "1", "2")], ("メール", "TEL", "ＴＥＬ")))
    fields = (FieldChoice(column=1, name="TEL"), FieldChoice(column=2, name="ＴＥＬ"))
    with pytest.raises(Invalid) as refused:
        start_import(
            actor, upload.pk, choice(mapping=Mapping(address=0, fields=fields)), queue=False
        )
    assert (refused.value.code, refused.value.field) == ("field-name-twice", "fields.2")


def test_a_sealed_column_does_not_flow_into_an_ordinary_field(actor: Actor) -> None:
    Field.objects.create(workspace_id=actor.workspace_id, name="区分", personal=False)
    upload = staged(actor, csv_file([HANAKO], ("メール", "区分")))
    with pytest.raises(Invalid) as refused:
        start_import(actor, upload.pk, choice(columns=["区分"]), queue=False)
    assert refused.value.code == "field-is-ordinary"


def test_an_import_is_started_once_and_runs_once(actor: Actor) -> None:
    upload = staged(actor, csv_file([HANAKO]))
    start_import(actor, upload.pk, choice(), queue=False)
    with pytest.raises(Conflict):
        start_import(actor, upload.pk, choice(), queue=False)
    run_import(upload.pk)
    run_import(upload.pk)

    assert Subscription.objects.of(actor.workspace_id).count() == 1
    with pytest.raises(Conflict):
        cancel_import(actor, upload.pk)


@pytest.mark.parametrize("started", [False, True])
def test_an_import_that_waits_is_cancelled_at_once(actor: Actor, started: bool) -> None:
    upload = staged(actor, csv_file([HANAKO]))
    if started:
        start_import(actor, upload.pk, choice(), queue=False)
    cancel_import(actor, upload.pk)
    run_import(upload.pk)

    assert queries.import_status(actor, upload.pk).state == "cancelled"
    assert not UploadChunk.objects.of(actor.workspace_id).exists()
    assert not Contact.objects.of(actor.workspace_id).exists()


def test_another_workspace_finds_neither_list_nor_import(actor: Actor, stranger: Actor) -> None:
    status = imported(actor, csv_file([HANAKO]))
    foreign = staged(stranger, csv_file([TARO]))
    assert status.list_id

    with pytest.raises(NotFound):
        start_import(stranger, foreign.pk, choice(list_id=status.list_id), queue=False)
    for ask in (queries.import_status, queries.problems, refused_file, cancel_import):
        with pytest.raises(NotFound):
            ask(stranger, status.id)
    with pytest.raises(NotFound):
        start_import(stranger, status.id, choice(), queue=False)


def test_two_workspaces_keep_the_same_person_apart(actor: Actor, stranger: Actor) -> None:
    imported(actor, csv_file([HANAKO]))
    imported(stranger, csv_file([("hanako@example.jp", "別の花子")]))

    assert people_of(actor)[0].fields["氏名"] == "山田花子"
    keys = Contact.objects.across_workspaces().values_list("address_key", flat=True)
    assert len({bytes(key) for key in keys}) == 2


def test_an_import_continues_a_list_that_is_chosen_by_its_id(actor: Actor) -> None:
    status = imported(actor, csv_file([HANAKO]))
    upload = staged(actor, csv_file([TARO]))
    start_import(actor, upload.pk, choice("", list_id=status.list_id), queue=False)
    run_import(upload.pk)

    assert addresses(people_of(actor)) == [HANAKO[0], TARO[0]]


@pytest.mark.slow
def test_twenty_thousand_people_are_imported_with_the_right_names(actor: Actor) -> None:
    """Into a workspace of which the planner knows only that nobody was in it: it knows the others."""
    for number in range(3):
        make_list(
            make_workspace(f"別の役所{number}"), [(f"a{n}@example.jp", {}) for n in range(40)]
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audience_contact, audience_subscription")
        cursor.execute(
            "SET LOCAL statement_timeout = '30s'"
        )  # each takes less than one; a bad plan, minutes
    status = imported(actor, many_people(20_000))

    assert (status.rows, status.added, status.refused) == (20_000, 20_000, 0)
    assert status.list_id
    people = list(queries.iter_people(actor.workspace_id, status.list_id))
    assert len(people) == 20_000
    for person in people[::997]:
        number = person.position - 2
        assert person.person.address == f"p{number}@example.jp"
        assert person.person.fields == {"氏名": f"太郎{number}"}
    assert Import.objects.of(actor.workspace_id).get().rows == 20_000


def test_a_choice_without_list_or_name_says_so(actor: Actor) -> None:
    upload = staged(actor, csv_file([HANAKO]))
    wanted = ImportChoice(mapping=Mapping(address=0), basis="consent")
    with pytest.raises(Invalid) as refused:
        start_import(actor, upload.pk, wanted, queue=False)
    assert refused.value.field == "list_name"


def test_a_program_imports_in_one_call_and_corrects_columns_by_name(actor: Actor) -> None:
    data = csv_file([(*HANAKO, "03-1234-5678", "x")], header=("メール", "氏名", "連絡先", "メモ"))
    upload = import_file(
        actor,
        file_name="会員.csv",
        data=data,
        list_name="会員",
        basis="consent",
        columns=columns_of("連絡先=電話\nメモ=\n"),
        queue=False,
    )
    run_import(upload.pk)

    assert people_of(actor)[0].fields == {"氏名": "山田花子", "電話": "03-1234-5678"}
    with pytest.raises(Invalid) as refused:
        import_file(
            actor,
            file_name="a.csv",
            data=data,
            list_name="会員",
            basis="consent",
            columns={"FAX": "x"},
        )
    assert (refused.value.code, refused.value.field) == ("no-column", "columns")
    with pytest.raises(Invalid) as refused:
        columns_of("連絡先=電話\nメモ")
    assert (refused.value.code, refused.value.row) == ("bad-columns", 2)
    assert Import.objects.of(actor.workspace_id).count() == 1


def test_a_title_row_cp932_and_a_line_break_in_a_cell_are_no_trouble(actor: Actor) -> None:
    text = '会員名簿\r\n氏名,メール,住所\r\n髙橋①,taro@example.jp,"東京都\r\n千代田区"\r\n'
    status = imported(actor, text.encode("cp932"))

    assert status.added == 1
    (person,) = people_of(actor)
    assert person.position == 3
    assert person.fields == {"氏名": "髙橋①", "住所": "東京都\n千代田区"}
