"""Which row holds the labels, and what stands in each column."""

from __future__ import annotations

import pytest

from hatobin.audience.sheets import Guess, Preview, SheetSource, inspect
from hatobin.audience.sheets.labels import column_letters, meaning_of, unique_labels


def look(text: str) -> Preview:
    return inspect(SheetSource.from_bytes(text.encode()))


def guesses(text: str) -> dict[str, Guess]:
    return {column.label: column.guess for column in look(text).columns}


def test_titles_above_the_header_are_told_apart() -> None:
    found = look(
        "2026年度 会員名簿,,\n\n作成日,2026年4月1日,\n番号,氏名,メール\n1,花子,a@example.jp\n"
    )
    assert found.reading.header_row == 4
    assert found.title_rows == (("2026年度 会員名簿",), ("作成日", "2026年4月1日"))
    assert found.total_rows == 1


@pytest.mark.parametrize(
    "titles",
    [
        "2026年度名簿,,\n作成者: info@boss.example.jp,,\n\n",
        "連絡先,info@boss.example.jp,\n",
        "名簿,担当,info@boss.example.jp\n",
        "メール info@boss.example.jp へ,,\n",
    ],
)
def test_a_title_with_an_address_does_not_hide_the_header(titles: str) -> None:
    found = look(titles + "No,メール,氏名\n1,a@example.jp,花子\n2,b@example.jp,太郎\n")
    assert [column.label for column in found.columns] == ["No", "メール", "氏名"]
    assert found.total_rows == 2


def test_a_note_among_people_is_no_header() -> None:
    found = look(
        "花子,hanako@example.jp,会員\n会社員（氏名不詳）,メール不可,会員\n次郎,c@example.jp,会員\n"
    )
    assert (found.reading.header_row, found.total_rows) == (0, 3)


def test_a_header_is_found_where_the_first_people_have_no_address() -> None:
    found = look("番号,氏名,メール\n1,花子,\n2,太郎,b@example.jp\n")
    assert (found.reading.header_row, found.total_rows) == (1, 2)


def test_a_header_of_unknown_words_is_found() -> None:
    found = look("Wer,Wohin,Wie\nHanako,a@example.jp,x\n")
    assert found.reading.header_row == 1


def test_a_file_that_starts_with_a_person_has_no_header() -> None:
    found = look("0001,山田 花子,hanako@example.jp\n0002,佐藤 太郎,taro@example.jp\n")
    assert found.reading.header_row == 0
    assert [column.label for column in found.columns] == ["列A", "列B", "列C"]
    assert [column.guess for column in found.columns] == ["other", "name", "address"]
    assert found.total_rows == 2


def test_a_first_person_without_address_is_no_header() -> None:
    found = look("0001,山田 花子,\n0002,佐藤 太郎,taro@example.jp\n")
    assert found.reading.header_row == 0


def test_a_broken_first_address_is_no_header() -> None:
    assert look("花子,hanako@@example\n太郎,taro@example.jp\n").reading.header_row == 0


@pytest.mark.parametrize("header", ["", "メールアドレス\n", "宛先一覧\n"])
def test_a_file_of_addresses_alone_works(header: str) -> None:
    found = look(f"{header}a@example.jp\nb@example.jp\n")
    assert (found.reading.header_row, found.total_rows) == (1 if header else 0, 2)
    assert [column.guess for column in found.columns] == ["address"]


def test_labels_become_unique_and_never_empty() -> None:
    found = look("氏名,氏名,,メール\n花子,太郎,x,a@example.jp\n")
    assert [column.label for column in found.columns] == ["氏名", "氏名 2", "列C", "メール"]
    assert found.notes == ("duplicate-labels-renamed",)
    assert unique_labels(["列B", "", "a\n b"]) == (("列B", "列B 2", "a b"), True)


def test_the_letters_over_a_column_go_on_after_z() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]


def test_a_postal_address_is_no_mail_address() -> None:
    text = "住所,Address,氏名\n東京都見本区1-2-3,hanako@example.jp,花子\n"
    assert guesses(text) == {"住所": "other", "Address": "address", "氏名": "name"}


def test_of_two_address_columns_the_fuller_one_is_taken() -> None:
    text = "携帯メール,PCメール\n,a@example.jp\nb@example.jp,c@example.jp\n"
    assert guesses(text) == {"携帯メール": "other", "PCメール": "address"}


def rivals(text: str) -> list[str]:
    return [column.label for column in look(text).columns if column.rival]


@pytest.mark.parametrize(
    "header", ["担当者メール", "紹介者アドレス", "連絡先", "PCメール", "メールアドレス"]
)
def test_the_same_address_in_every_row_is_not_the_peoples(header: str) -> None:
    rows = "".join(f"staff@example.jp,花子{n},p{n}@example.jp\n" for n in range(5))
    text = f"{header},氏名,メール\n{rows}"
    assert guesses(text)["メール"] == "address"
    assert rivals(text) == []


@pytest.mark.parametrize(
    "plain", ["メールアドレス", "Email", "E-mail", "メール", "mail address", "Ｅメール"]
)
@pytest.mark.parametrize(
    "other", ["担当者メール", "紹介者メール", "携帯メール", "営業担当アドレス", "連絡先"]
)
def test_the_plain_label_wins_over_one_with_a_word_beside_it(plain: str, other: str) -> None:
    rows = "".join(f"q{n}@example.jp,花子{n},p{n}@example.jp\n" for n in range(5))
    text = f"{other},氏名,{plain}\n{rows}"
    assert (guesses(text)[plain], rivals(text)) == ("address", [])


@pytest.mark.parametrize(
    ("labels", "others"),
    [
        ("PCメール,携帯メール", ["携帯メール"]),
        ("連絡先1,連絡先2", ["連絡先2"]),
        ("メール,Email", ["Email"]),
    ],
)
def test_two_columns_that_are_alike_are_rivals(labels: str, others: list[str]) -> None:
    rows = "".join(f"p{n}@example.jp,q{n}@example.jp\n" for n in range(5))
    assert rivals(f"{labels}\n{rows}") == others


def test_an_address_that_was_typed_twice_is_no_rival() -> None:
    rows = "".join(f"花子,p{n}@example.jp,p{n}@example.jp\n" for n in range(5))
    assert rivals(f"氏名,Eメール,メール\n{rows}") == []


def test_the_content_outweighs_a_label_that_says_nothing() -> None:
    assert guesses("連絡先,誰\na@example.jp,花子\n")["連絡先"] == "address"


def test_a_label_over_mostly_broken_addresses_still_counts() -> None:
    rows = "".join(f"{n},壊れ{n}\n" for n in range(5))
    assert guesses(f"番号,メールアドレス\n{rows}9,a@example.jp\n")["メールアドレス"] == "address"


def test_columns_without_a_telling_label_are_told_by_their_cells() -> None:
    text = "い,ろ,は,に,ほ,へ\n様,100-0001,03-0000-0000,㈱見本,ミホン ハナコ,a@example.jp\n"
    assert list(guesses(text).values()) == [
        "honorific", "postcode", "phone", "company", "kana", "address",
    ]  # fmt: skip


def test_an_empty_column_is_said_to_be_empty() -> None:
    assert guesses("氏名,備考,メール\n花子,,a@example.jp\n")["備考"] == "empty"


def test_a_lone_mei_is_the_name_and_beside_sei_the_given_name() -> None:
    assert guesses("名,メール\n花子,a@example.jp\n")["名"] == "name"
    both = guesses("姓,名,メール\n山田,花子,a@example.jp\n")
    assert (both["姓"], both["名"]) == ("family-name", "given-name")


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("メールアドレス", "address"), ("Ｅ－ｍａｉｌ", "address"), ("E-mail Address", "address"),
        ("mail", "address"), ("Eメール", "address"), ("メアド（必須）", "address"),
        ("アドレス", "address"), ("会社メール", "address"), ("※メール", "address"),
        ("氏　　名", "name"), ("氏名", "name"), ("お名前", "name"), ("ご担当者様名", "name"),
        ("会員名", "name"), ("NAME", "name"), ("宛名", "name"), ("姓名", "name"),
        ("会社名", "company"), ("会社名フリガナ", "kana"), ("氏名（カナ）", "kana"), ("セイ", "kana"),
        ("お名前（姓）", "family-name"), ("Last Name", "family-name"), ("First_Name", "given-name"),
        ("敬称", "honorific"), ("郵便番号", "postcode"), ("〒", "postcode"),
        ("電話番号", "phone"), ("携帯電話", "phone"), ("TEL", "phone"), ("FAX番号", "other"),
        ("住所", "other"), ("メルマガ希望", "other"), ("会員番号", "other"), ("担当部署", "other"),
        ("備考", None), ("", None),
    ],
)  # fmt: skip
def test_labels_of_japanese_offices_are_understood(label: str, meaning: Guess | None) -> None:
    assert meaning_of(label) == meaning
