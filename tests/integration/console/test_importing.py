"""A file comes in through the screen: whatever an office has, and whatever can be wrong with it."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from tests.integration.audience.story import csv_file
from tests.integration.console.desk import Desk, beside, desk_of, proposed, words_of
from tests.samples.people import TITLE_ROWS, as_csv, as_xlsx, office_people
from tests.samples.workbooks import inline_row, xls, xlsx_parts, zipped

from hatobin.accounts.models import Role
from hatobin.audience.models import Contact, ContactList, Import, ImportState
from hatobin.audience.reasons import ROW_REASONS
from hatobin.campaigns.services import drafts

pytestmark = pytest.mark.django_db

MB = 1024 * 1024
HANAKO = csv_file([("hanako@example.jp", "山田花子")])
BOOK = xlsx_parts(inline_row(1, "花子", "hanako@example.jp"))
COLUMN_BOMB = b"a@example.jp" + b",x" * 3_000 + b"\r\n"


@pytest.fixture
def desk() -> Desk:
    return desk_of()


def state(desk: Desk) -> str:
    return Import.objects.of(desk.workspace.pk).latest("id").state


def refused(page: Any) -> dict[int, str]:
    """Row number > reason, as the result page was given them."""
    return {each.row: each.sentence for each in page.context["refused"].items}


def reason(code: str) -> str:
    """What a row with this problem is told in Japanese."""
    with translation.override("ja"):
        return str(ROW_REASONS[code])


# The whole way


def test_the_office_list_goes_in_and_every_row_is_accounted_for(desk: Desk) -> None:
    sample = office_people()
    data = as_csv(sample, "cp932", title_rows=TITLE_ROWS)
    preview = desk.staged(data, "会員名簿.csv")
    shown = words_of(desk.client.get(preview))
    for words in (
        "会員名簿.csv",
        "3行目が列の見出し",
        "データ1,021行",
        "（見本）",
        "髙﨑　見本太郎",
    ):
        assert "".join(words.split()) in "".join(shown.split())

    result = desk.read(desk.confirm(preview))
    read = words_of(result)
    assert "1,000 + 0 + 0 + 12 + 9 = 1,021" in read
    titles = len(TITLE_ROWS)
    assert set(refused(result)) == {row + titles for row in sample.broken}
    assert refused(result)[54] == reason("no-address")
    assert all(f"{row:,}行目 {reason}" in read for row, reason in refused(result).items())
    assert "前の行と同じアドレスの行が12行ありました" in read

    file = desk.client.get(reverse("console:import-refused", args=[result.context["found"].id]))
    assert file.content.startswith(codecs.BOM_UTF8)
    lines = file.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "行,理由,会員番号,氏名,フリガナ,会社名,メールアドレス,敬称,備考"
    assert lines[1].startswith(f"54,{reason('no-address')},900050,壊行　その50")
    again = desk.client.get(
        reverse("console:import-refused", args=[result.context["found"].id]), {"kind": "duplicate"}
    )
    assert again.content.decode().count("と同じメールアドレスです") == 12


@pytest.mark.parametrize(
    ("encoding", "bom", "name"),
    [
        ("cp932", False, "Shift_JIS"),
        ("utf-8", False, "UTF-8"),
        ("utf-8", True, "UTF-8 with BOM"),
        ("utf-16", False, "UTF-16"),
        ("iso2022_jp_ext", False, "ISO-2022-JP"),
    ],
)
@pytest.mark.parametrize(("delimiter", "said"), [(",", "Comma"), ("\t", "Tab"), (";", "Semicolon")])
def test_each_encoding_and_separator_is_said_in_words_and_read_right(
    encoding: str, bom: bool, name: str, delimiter: str, said: str
) -> None:
    desk = desk_of(language="en")
    text = f"名簿\r\n氏名{delimiter}メール{delimiter}備考\r\n"
    text += f'山田花子{delimiter}hanako@example.jp{delimiter}"一\r\n二"\r\n'
    data = (("\ufeff" if bom else "") + text).encode(encoding)
    page = desk.client.get(desk.staged(data))

    assert name in page.context["words"]
    assert f"separated by: {said}" in page.context["words"]
    assert "column names in row 2, 1 row" in page.context["words"]
    assert page.context["sample"][0][1] == ["山田花子", "hanako@example.jp", "一\r\n二"]
    assert page.context["titles"] == ["名簿"]


def test_of_a_workbook_with_several_sheets_another_one_can_be_chosen(desk: Desk) -> None:
    preview = desk.staged(as_xlsx(office_people(), sheets=("会員名簿", "メモ")), "台帳.xlsx")
    page = desk.client.get(preview)
    assert "シート「会員名簿」" in words_of(page)
    assert "メモ (1)" in words_of(page)

    other = desk.client.get(preview, {"sheet": "メモ"})
    assert "シート「メモ」" in words_of(other)
    assert "メールアドレスらしい列が見つかりません" in words_of(other)
    missing = desk.client.get(preview, {"sheet": "ない"})
    assert "ファイルにそのシートはありません" in beside(missing, "id_sheet")


def test_formulas_are_read_as_their_last_values_and_said_to_be(desk: Desk) -> None:
    row = '<row r="1"><c r="A1" t="str"><f>A2&amp;"様"</f><v>花子様</v></c>'
    row += '<c r="B1" t="inlineStr"><is><t>hanako@example.jp</t></is></c></row>'
    page = desk.client.get(desk.staged(zipped(xlsx_parts(row)), "式.xlsx"))
    assert "数式のセルがあります" in words_of(page)
    assert "花子様" in words_of(page)


def test_two_columns_of_addresses_are_a_doubt(desk: Desk) -> None:
    two = "氏名,PCメール,携帯メール\r\n花子,a@example.jp,b@example.jp\r\n".encode()
    doubt = "メールアドレスの列が複数あります（PCメール,携帯メール）"
    assert doubt in words_of(desk.client.get(desk.staged(two))).replace(" ", "")
    assert "列が複数あります" not in words_of(desk.client.get(desk.staged(HANAKO)))


# A wrong guess


def test_a_wrong_reading_is_said_beside_its_control_and_nothing_can_be_stored_by_it(
    desk: Desk,
) -> None:
    preview = desk.staged("氏名,メール\r\n髙﨑①,taro@example.jp\r\n".encode("cp932"))
    wrong = desk.client.get(preview, {"encoding": "utf-8"})
    assert wrong.status_code == 200
    assert "読み取れません" in beside(wrong, "id_encoding")
    assert "髙﨑①" in words_of(wrong)

    response = desk.confirm(f"{preview}?encoding=utf-8", list_name="会員")
    assert response.status_code == 200
    assert state(desk) == ImportState.STAGED
    assert desk.confirm(f"{preview}?encoding=cp932&header_row=1").status_code == 302


@pytest.mark.parametrize(
    "query", ["encoding=klingon", "header_row=x", "header_row=-1", "delimiter=%01", "sheet=a"]
)
def test_a_reading_that_does_not_exist_is_no_server_error(desk: Desk, query: str) -> None:
    assert desk.client.get(f"{desk.staged(HANAKO)}?{query}").status_code == 200


def test_the_row_with_the_names_and_the_separator_can_be_corrected(desk: Desk) -> None:
    preview = desk.staged("会の名簿,控え\r\n氏名|メール\r\n花子|hanako@example.jp\r\n".encode())
    query = f"{preview}?delimiter=%7C&header_row=2"
    page = desk.client.get(query)
    assert [row.label for row in page.context["rows"]] == ["氏名", "メール"]
    desk.read(desk.confirm(query, list_name="会員"))
    assert Contact.objects.of(desk.workspace.pk).count() == 1


def test_a_file_without_column_names_is_said_to_have_none_and_its_columns_get_names(
    desk: Desk,
) -> None:
    preview = desk.staged("1,山田花子,hanako@example.jp\r\n2,鈴木一郎,i@example.jp\r\n".encode())
    page = desk.client.get(preview)
    assert "列に名前を付けて" in words_of(page)
    assert [(row.label, row.name) for row in page.context["rows"]][:2] == [
        ("列A", "列A"),
        ("列B", "氏名"),
    ]
    desk.client.cookies["hatobin_language"] = "en"
    english = desk.client.get(preview)
    assert [row.name for row in english.context["rows"]][:2] == ["Column A", "Name"]


# What was typed stays


def test_what_is_missing_is_said_beside_it_and_what_was_typed_stays(desk: Desk) -> None:
    preview = desk.staged(HANAKO)
    changed = {
        "list_name": "秋の会",
        "basis": "",
        "column:1:name": "お名前",
        "column:1:kind": "name",
    }
    response = desk.confirm(preview, **changed)

    assert beside(response, "id_basis")
    page = response.content.decode()
    assert 'value="秋の会"' in page
    assert 'value="お名前"' in page
    assert state(desk) == ImportState.STAGED


def test_a_name_that_is_used_twice_is_said_beside_its_column(desk: Desk) -> None:
    data = csv_file([("a@example.jp", "花子", "山田")], header=("メール", "名", "姓"))
    response = desk.confirm(desk.staged(data), **{"column:2:name": "名"})
    assert "「名」" in beside(response, "column:2")
    assert state(desk) == ImportState.STAGED


def test_without_an_address_column_the_person_is_asked_for_one(desk: Desk) -> None:
    preview = desk.staged(csv_file([("花子", "東京")], header=("氏名", "住所")))
    response = desk.confirm(preview)
    assert "メールアドレスの列を選んでください" in beside(response, "id_address")
    failed = desk.read(desk.confirm(preview, address="1"))
    assert "何も登録されていません" in words_of(failed)
    assert refused(failed) == {2: reason("no-at")}
    assert not ContactList.objects.of(desk.workspace.pk).exists()
    assert desk.client.get(preview).status_code == 200


def test_a_file_of_more_columns_than_django_takes_fields_goes_in(desk: Desk) -> None:
    header = ("メール", *(f"項目{number}" for number in range(400)))
    data = csv_file([("a@example.jp", *("値" for _ in range(400)))], header=header)
    result = desk.read(desk.confirm(desk.staged(data)))
    assert "1 + 0 + 0 + 0 + 0 = 1" in words_of(result)


# What is no list


@pytest.mark.parametrize(
    ("data", "japanese", "english"),
    [
        (b"", "ファイルが空", "The file is empty."),
        (b"\r\n \r\n", "ファイルが空", "The file is empty."),
        ("メール,氏名\r\n".encode(), "データの行が", "has no rows of data"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "名簿として", "This file is not a list."),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "名簿として", "This file is not a list."),
        (b"MZ\x90\x00" + bytes(99), "名簿として", "This file is not a list."),
        (zipped({"a.txt": "a"}), "名簿として", "This file is not a list."),
        (zipped({**BOOK, "xl/media/x": bytes(20 * MB)}), "展開", "far too large when unpacked"),
        (xls([("氏名",)], password=True), "パスワード", "protected with a password"),
        (zipped(BOOK)[:-40], "壊れ", "damaged"),
        (COLUMN_BOMB, "1,000列", "more than 1000 columns"),
        (b'a@example.jp,"b\r\n' * 3, "引用符", "A quotation mark is opened"),
    ],
    ids=[
        "empty", "blank", "header", "pdf", "picture", "program", "zip", "zip bomb", "password",
        "damaged", "column bomb", "open quote",
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_beside_the_field_in_both_languages(
    desk: Desk, data: bytes, japanese: str, english: str
) -> None:
    desk.client.cookies["hatobin_language"] = "en"
    assert english in beside(desk.upload(data), "id_file")
    desk.client.cookies["hatobin_language"] = "ja"
    said = beside(desk.upload(data), "id_file")
    assert said
    assert not any(word in said for word in ("The ", "This ", "file"))
    assert not Import.objects.of(desk.workspace.pk).exists()


def test_a_file_over_the_limit_is_refused_with_a_page(desk: Desk, settings: Any) -> None:
    settings.HATOBIN = settings.HATOBIN.model_copy(update={"upload_limit_mb": 1})
    response = desk.upload(b"a@example.jp\r\n" * 100_000)
    assert response.status_code == 413
    said = beside(response, "id_file")
    assert "1MBを超えています" in said.replace(" ", "")
    assert "ファイルを選" not in said
    assert desk.upload(HANAKO).status_code == 302


def test_without_a_file_one_is_asked_for(desk: Desk) -> None:
    assert beside(desk.client.post(reverse("console:upload")), "id_file")


def test_rows_that_would_hurt_are_refused_alone_and_the_page_stays_small(desk: Desk) -> None:
    rows = [
        ("good@example.jp", "花子"),
        ("nul@example.jp", "花\0子"),
        ("long@example.jp", "子" * 100_000),
        ("inject@example.jp", "花子\r\nBcc: everybody@example.jp"),
        ("inject@example.jp\r\nBcc: everybody@example.jp", "花子"),
        ("=cmd|'/c calc'!A1", "=1+1"),
    ]
    preview = desk.staged(csv_file(rows))
    page = desk.client.get(preview)
    assert len(page.content) < 200_000
    result = desk.read(desk.confirm(preview))

    assert "1 + 0 + 0 + 0 + 5 = 6" in words_of(result)
    assert list(refused(result)) == [3, 4, 5, 6, 7]
    assert "「氏名」" in refused(result)[5]
    assert len(result.content) < 200_000
    file = desk.client.get(reverse("console:import-refused", args=[result.context["found"].id]))
    assert ",'=cmd|" in file.content.decode()
    desk.client.cookies["hatobin_language"] = "en"
    english = refused(
        desk.client.get(reverse("console:import-result", args=[result.context["found"].id]))
    )
    assert "line break" in english[5]


# States


def test_an_import_that_waits_can_be_cancelled_and_says_that_nothing_was_written(
    desk: Desk,
) -> None:
    waiting = desk.confirm(desk.staged(HANAKO))["Location"]
    page = desk.client.get(waiting)
    assert 'http-equiv="refresh"' in page.content.decode()
    assert "hx-trigger" in desk.client.get(waiting, headers={"HX-Request": "true"}).content.decode()
    number = page.context["found"].id
    response = desk.client.post(reverse("console:import-cancel", args=[number]), follow=True)
    assert "何も登録されませんでした" in words_of(response)
    assert not Contact.objects.of(desk.workspace.pk).exists()
    asked_again = desk.client.get(waiting, headers={"HX-Request": "true"})
    assert asked_again["HX-Refresh"] == "true"


def test_a_preview_of_an_import_that_was_started_leads_to_its_result(desk: Desk) -> None:
    preview = desk.staged(HANAKO)
    confirmed = desk.confirm(preview)
    assert desk.client.get(preview)["Location"] == confirmed["Location"]
    assert desk.client.post(preview, {})["Location"] == confirmed["Location"]


def test_from_a_letter_the_way_leads_back_to_it_with_the_list(desk: Desk) -> None:
    letter = drafts.create(desk.actor, "秋のお知らせ")
    query = f"?letter={letter.id}"
    upload = desk.client.get(reverse("console:upload") + query)
    assert reverse("console:letter-people", args=[letter.id]) in upload.content.decode()
    preview = desk.staged(HANAKO, query=query)
    assert preview.endswith(query)
    result = desk.read(desk.confirm(preview))
    found = ContactList.objects.of(desk.workspace.pk).get()
    back = f"{reverse('console:letter-people', args=[letter.id])}?list={found.pk}"
    assert back in result.content.decode()


def test_a_letter_that_is_not_here_is_no_trouble(desk: Desk) -> None:
    for number in ("x", "00000000-0000-7000-8000-000000000000", "1&next=//evil.example"):
        assert desk.staged(HANAKO, query=f"?letter={number}").endswith("/")


# Who may


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
def test_who_may_not_change_lists_brings_no_file(desk: Desk, role: str) -> None:
    preview = desk.staged(HANAKO)
    number = preview.strip("/").rpartition("/")[2]
    other = desk_of(role, desk.workspace)
    before = Import.objects.of(desk.workspace.pk).count()

    assert other.client.get(reverse("console:upload")).status_code == 403
    assert other.upload(HANAKO).status_code == 403
    assert other.client.get(preview).status_code == 403
    assert other.client.post(preview, proposed(desk.client.get(preview))).status_code == 403
    other.client.post(reverse("console:import-cancel", args=[number]))
    assert Import.objects.of(desk.workspace.pk).count() == before
    assert state(desk) == ImportState.STAGED


def test_a_viewer_sees_sums_and_reasons_but_no_cell_and_no_file(desk: Desk) -> None:
    data = csv_file([("hanako@example.jp", "山田花子"), ("nobody", "秘密太郎")])
    result = desk.read(desk.confirm(desk.staged(data)))
    number = result.context["found"].id
    assert "秘密太郎" in words_of(result)

    viewer = desk_of(Role.VIEWER, desk.workspace)
    seen = viewer.client.get(reverse("console:import-result", args=[number]))
    assert "1 + 0 + 0 + 0 + 1 = 2" in words_of(seen)
    assert "3行目" in words_of(seen)
    for secret in ("秘密太郎", "nobody", "会員.csv"):
        assert secret not in seen.content.decode()
    assert viewer.client.get(reverse("console:import-refused", args=[number])).status_code == 403


def test_another_workspace_finds_no_such_import(desk: Desk) -> None:
    preview = desk.staged(HANAKO)
    other = desk_of(workspace=None)
    assert other.client.get(preview).status_code == 404
