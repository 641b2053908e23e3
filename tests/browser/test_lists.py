"""People come in: the office's spreadsheet, corrected and read, at a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import DESKTOP, NARROW, Desk, axe_findings, sideways
from tests.samples.people import as_csv, office_people

# A title that speaks of mail is taken for the row with the column names.
TITLE = ("会員名簿", "メール係が保管")


@pytest.fixture
def spreadsheet(tmp_path: Path) -> Path:
    """1,000 people, 12 duplicates, 9 broken rows as CP932, under a misleading title."""
    path = tmp_path / "会員名簿.csv"
    path.write_bytes(as_csv(office_people(), "cp932", title_rows=[TITLE]))
    return path


def is_sound(page: Page) -> None:
    """Nothing hinders a reader, nothing sticks out."""
    assert axe_findings(page) == []
    assert sideways(page) == 0


def choose(page: Page, path: Path) -> None:
    page.goto("/lists/upload/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="内容を確認する").click()


@pytest.mark.parametrize("width", [DESKTOP, NARROW])
def test_a_spreadsheet_is_corrected_read_and_searched(
    desk: Desk, spreadsheet: Path, width: int
) -> None:
    page = desk.window(width=width, scheme="light" if width == DESKTOP else "dark")
    choose(page, spreadsheet)
    name = f"会員 {width}"
    page.get_by_label("配信リスト名").fill(name)
    reading = page.locator("#read")
    expect(reading).to_contain_text("2行目が列の見出し")

    for row in ("1", "2"):
        if not page.locator("[name=header_row]").is_visible():
            page.get_by_text("読み取り方が違うときは").click()
        page.locator("[name=header_row]").fill(row)
        page.get_by_role("button", name="この設定で読み直す").click()
        expect(reading).to_contain_text(f"{row}行目が列の見出し")
    expect(reading).to_contain_text("データ1,021行")
    expect(page.get_by_role("radio", name="「メールアドレス」")).to_be_checked()
    expect(page.get_by_label("配信リスト名")).to_have_value(name)  # what was typed is still there
    is_sound(page)

    page.get_by_role("checkbox", name="「備考」の列を使う").uncheck()
    page.get_by_text("取引関係がある").click()
    page.get_by_role("button", name="配信リストに登録する").click()
    expect(page.get_by_text("1,000 + 0 + 0 + 12 + 9 = 1,021")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("row").filter(has_text="53行目")).to_contain_text("空")
    expect(page.get_by_role("row").filter(has_text="155行目")).to_contain_text("@がない")
    is_sound(page)

    with page.expect_download() as download:
        page.get_by_role("link", name="ファイルに保存").first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert sum(bool(re.match(r"\d+,", line)) for line in lines) == 9

    page.get_by_role("link", name="配信リストを見る").click()
    page.get_by_role("searchbox").fill("髙﨑 見本太")
    page.get_by_role("button", name="検索").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    is_sound(page)
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("髙﨑　見本太郎")
    expect(page.locator("main")).to_contain_text("取引関係がある")
    is_sound(page)


def test_without_a_script_the_same_way_can_be_gone(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "役員.csv"
    path.write_text("氏名,メール\n例示花子,hanako.yakuin@example.jp\n", encoding="utf-8")
    page = desk.window(javascript=False)
    choose(page, path)
    page.get_by_text("取引関係がある").click()
    page.get_by_role("button", name="配信リストに登録する").click()
    expect(page.get_by_text("1 + 0 + 0 + 0 + 0 = 1")).to_be_visible(timeout=30_000)


def test_a_file_of_200_megabytes_is_refused_before_it_is_sent_and_without_a_script_after(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "大きな名簿.csv"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    said = re.compile("50 ?MBを超えています")
    page = desk.window()
    choose(page, path)
    message = page.locator("input[type=file]").evaluate("input => input.validationMessage")
    assert said.search(message)
    assert page.locator("#id_file_error").count() == 0

    page = desk.window(javascript=False)
    choose(page, path)
    expect(page.locator("#id_file_error")).to_contain_text(said, timeout=30_000)


def test_a_person_is_added_corrected_and_taken_off_by_the_keyboard(desk: Desk) -> None:
    page = desk.window("en")
    page.goto("/lists/")
    page.get_by_role("link", name="広報メール会員").click()
    page.get_by_role("link", name="Add a person").click()
    is_sound(page)
    page.get_by_label("Mail address").fill("keyboard@example.jp")
    page.get_by_label("氏名").fill("鍵盤見本")
    page.get_by_role("radio", name="The person agreed").press("Space")
    page.get_by_role("button", name="Put on the list").press("Enter")
    page.get_by_role("searchbox").fill("鍵盤")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="keyboard@example.jp").press("Enter")
    page.get_by_label("会社名").fill("株式会社例示")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("dl")).to_contain_text("株式会社例示")
    page.get_by_role("button", name="Take off this list").press("Enter")
    page.get_by_role("button", name="Take off the list").press("Enter")
    expect(page.locator(".messages")).to_contain_text("off the list")
