"""The five steps, as somebody goes who would have put these addresses into Bcc."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hatobin.intake.sink import SinkOptions, SinkThread, parse_rule
from tests.browser import letters
from tests.browser.desk import NARROW, Desk, Language
from tests.browser.letters import DEMO_LIST, SMALL
from tests.doubles.ports import free_port
from tests.doubles.service import until


def test_a_spreadsheet_goes_out_as_one_letter_per_person(page: Page) -> None:
    letter = letters.new_letter(page, "春のご案内")
    letters.bring_file(page, letter, "春の名簿", SMALL)
    letters.go_on(page)

    # The letter: a subject with a field, a bold word, a chip at the caret, a word for the nameless.
    page.locator("input[name=subject]").fill("春のご案内")
    page.locator("#fallbacks summary").click()
    page.locator("input[name='fallback:氏名']").fill("お客")
    sheet = page.locator("#sheet")
    sheet.click()
    page.locator("[data-insert^='氏名 |']").click()
    sheet.press("End")
    sheet.press("Enter")
    page.locator("[data-tool=bold]").click()
    page.keyboard.type("大切な")
    page.locator("[data-tool=bold]").click()
    page.keyboard.type("お知らせです。")
    expect(page.locator("[data-save-line][data-kind=good]")).to_be_visible()
    letters.go_on(page)

    # The check: the number, and everybody's letter one after another without loading the page.
    expect(page.locator(".big-number")).to_contain_text("3")
    frame = page.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text("山田 花子様")
    page.locator("#preview-next").click()
    expect(frame.locator("body")).to_contain_text("髙橋 一郎様")
    page.locator("#preview-next").click()
    expect(frame.locator("body")).to_contain_text("お客様")
    expect(page.get_by_role("status").filter(has_text="3 / 3")).to_be_visible()
    page.locator("#preview-text").click()
    expect(page.locator(".letter-text")).to_contain_text("配信を停止できます")
    chips = page.get_by_role("navigation").locator("a.chip")
    chips.filter(has_text="最初の人").click()
    expect(page.locator(".letter-text")).to_contain_text("山田 花子様")
    chips.filter(has_text="最後の人").click()
    expect(page.locator(".letter-text")).to_contain_text("お客様")
    assert page.url.endswith("/check/")

    # A test is the letter that is shown; the answer stands where the button is.
    page.locator(".test-form button").click()
    page.wait_for_url("**/check/?person=3#tested")
    answer = page.locator(".banner[role=status]")
    expect(answer).to_be_focused()
    expect(answer).to_be_in_viewport()

    # The number, and then it goes by itself.
    letters.release(page, letter, "３人")
    letters.wait_for_state(page, "held")
    letters.wait_for_end(page)
    assert letters.adds_up(page)["accepted"] == 3
    expect(page.locator("table tbody tr")).to_have_count(3)
    expect(page.locator("table tbody tr").first).to_contain_text("hanako@example.jp")

    # What arrived: one letter each, nobody else in it.
    for name, address in (
        ("山田 花子様", SMALL[0][1]),
        ("髙橋 一郎様", SMALL[1][1]),
        ("お客様", SMALL[2][1]),
    ):
        (found,) = letters.mailbox(page, address)
        page.goto(found)
        expect(page.locator("#main")).to_contain_text(name)
        body = page.locator("#main").inner_text()
        assert not [other for _n, other in SMALL if other != address and other in body]
        bold = page.frame_locator("iframe").locator("b, strong")
        expect(bold).to_have_text("大切な")


def test_rows_are_found_filtered_and_taken_home(page: Page, finished: str) -> None:
    page.goto(f"{finished}result/")
    assert letters.adds_up(page)["accepted"] == 60
    page.get_by_role("searchbox").fill("reader.042")
    page.locator("form.search button").click()
    expect(page.locator("table tbody tr")).to_have_count(1)
    expect(page.locator("table tbody tr")).to_contain_text("250")
    page.locator("a.chip[href*='state=accepted']").click()
    expect(page.locator("table tbody tr")).to_have_count(50)
    page.locator(".pages a[rel=next]").click()
    expect(page.locator("table tbody tr")).to_have_count(10)
    with page.expect_download() as download:
        page.locator("a[href$='result.csv?state=accepted']").click()
    data = download.value.path().read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 61
    page.locator("form[action$='/copy/'] button").click()
    page.wait_for_url("**/letter/")
    expect(page.locator("input[name=subject]")).to_have_value("届いたお知らせ")
    expect(page.locator(".messages")).to_be_visible()
    page.locator(".steps a", has_text="宛先").click()
    expect(page.get_by_role("radio", name=re.compile("小さな名簿"))).to_be_checked()


def test_a_wrong_number_is_refused_beside_the_field_and_nothing_leaves(page: Page) -> None:
    letter = letters.new_letter(page, "人数違い")
    letters.choose_list(page, letter, DEMO_LIST)
    letters.write_plainly(page, letter, "人数の確認", "本文です。")
    letters.release(page, letter, "999")
    field = page.locator("input[name=typed_number]")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    said = page.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(said).to_contain_text("999")
    expect(said).to_contain_text("1,000")
    page.goto("/letters/?status=draft")
    expect(page.get_by_role("link", name="人数違い")).to_be_visible()


def test_the_views_of_a_letter_fit_the_narrowest_phone(desk: Desk, page: Page) -> None:
    letter = letters.demo_draft(page)
    languages: tuple[Language, ...] = ("ja", "en")
    for language in languages:
        narrow = desk.window(language, width=NARROW)
        narrow.goto(f"{letter}check/")
        tabs = narrow.locator("#preview .tabs")
        expect(tabs.locator("a")).to_have_count(3)
        assert tabs.evaluate("(all) => all.scrollWidth <= all.clientWidth"), language


def test_another_way_counts_at_once_and_nothing_can_be_sent_meanwhile(page: Page) -> None:
    letter = letters.new_letter(page, "道を選ぶ")
    letters.choose_list(page, letter, DEMO_LIST)
    letters.write_plainly(page, letter, "道を選ぶ件名", "本文です。")
    _add_relay(page, "選ばれる道", free_port())
    page.goto(f"{letter}send/")
    way = page.get_by_role("radio", name=re.compile("選ばれる道"))
    page.locator("input[name=typed_number]").fill("1000")
    assert way.evaluate(
        "(radio) => { radio.click(); return document.querySelector('main button.large').disabled; }"
    )
    page.wait_for_url("**/send/?chosen")
    expect(way).to_be_checked()
    expect(way).to_be_focused()
    expect(page.locator("input[name=typed_number]")).to_have_value("")
    expect(page.locator(".big-number")).to_contain_text("実際の宛先")


def test_without_a_script_another_way_is_shown_before_it_is_used(page: Page, desk: Desk) -> None:
    letter = letters.new_letter(page, "スクリプトなしで道を選ぶ")
    letters.choose_list(page, letter, DEMO_LIST)
    letters.write_plainly(page, letter, "道の件名", "本文です。")
    _add_relay(page, "もう一つの道", free_port())
    quiet = desk.window(javascript=False)
    quiet.goto(f"{letter}send/")
    way = quiet.get_by_role("radio", name=re.compile("もう一つの道"))
    way.check()
    quiet.locator("input[name=typed_number]").fill("1000")
    quiet.locator("input[name=typed_number]").press("Enter")
    expect(quiet.locator("#way-error")).to_contain_text("もう一つの道")
    expect(way).to_be_checked()
    quiet.get_by_role("radio", name=re.compile("お試し|サンドボックス")).check()
    quiet.locator("#use-way").click()
    expect(quiet.locator(".messages")).to_be_visible()
    quiet.locator("input[name=typed_number]").fill("1000")
    quiet.locator("input[name=typed_number]").press("Enter")
    expect(quiet.locator("#live[data-state=held]")).to_be_visible()
    quiet.locator("#call-back").click()


def test_called_back_in_time_it_is_a_draft_again(page: Page) -> None:
    letter = letters.new_letter(page, "早まった配信")
    letters.choose_list(page, letter, DEMO_LIST)
    letters.write_plainly(page, letter, "早まった件名", "まだ書きかけです。")
    letters.release(page, letter, "1000")
    page.locator("#call-back").click()
    page.wait_for_url("**/check/")
    expect(page.locator(".messages")).to_be_visible()
    expect(page.locator(".save-bar a[href$='/send/']")).to_be_visible()
    assert letters.mailbox(page, "早まった件名") == []


@pytest.fixture
def slow_server() -> Iterator[SinkThread]:
    """A mail server that takes half a second for each letter."""
    with SinkThread(SinkOptions(rules=(parse_rule("dot=delay 0.5"),))) as sink:
        yield sink


def test_stop_in_the_middle_means_stop(page: Page, slow_server: SinkThread) -> None:
    letter = letters.new_letter(page, "途中で緊急停止")
    letters.choose_list(page, letter, DEMO_LIST)
    letters.write_plainly(page, letter, "止める件名", "本文です。")
    _release_by(page, letter, "ゆっくり", slow_server.port, "1000")

    page.locator("#ask-stop").click(timeout=30_000)
    until(lambda: len(slow_server.envelopes) > 3, "the first letters")
    dialog = page.get_by_role("dialog")
    dialog.locator("button.danger").click()
    letters.wait_for_end(page, "stopped")
    sums = letters.adds_up(page)
    assert sums["cancelled"] > 900
    assert 0 < sums["accepted"] == len(slow_server.envelopes)


def test_letters_in_doubt_are_explained_and_a_person_decides(page: Page, finished: str) -> None:
    letter = letters.new_letter(page, "返事のない配信")
    letters.choose_list(page, letter, "小さな名簿")
    letters.write_plainly(page, letter, "返事のない件名", "本文です。")
    taken_and_silent = SinkOptions(rules=(parse_rule("dot/reader.030@*=keep-close"),))
    with SinkThread(taken_and_silent) as server:
        _release_by(page, letter, "返事なし", server.port, "60")
        letters.wait_for_end(page)
        sums = letters.adds_up(page)
        assert (sums["accepted"], sums["in-doubt"]) == (59, 1)
        page.locator("a[href='?state=in-doubt#people']").first.click()
        expect(page.locator("table tbody tr")).to_have_count(1)
        server.misbehave()
        page.locator("form[action$='/act/resend/'] button").click()
        letters.wait_for_end(page)
        assert letters.adds_up(page)["accepted"] == 60
        expect(page.locator("form[action$='/act/resend/']")).to_have_count(0)
        to_that_one = [e for e in server.envelopes if e.rcpts == ["reader.030@example.jp"]]
    assert len(to_that_one) == 2


def test_a_road_that_is_down_is_said_in_plain_words_and_nobody_is_lost(
    page: Page, finished: str
) -> None:
    letter = letters.new_letter(page, "閉じた道")
    letters.choose_list(page, letter, "小さな名簿")
    letters.write_plainly(page, letter, "閉じた道の件名", "本文です。")
    _release_by(page, letter, "閉じた道", free_port(), "60")
    trouble = page.locator("#numbers .banner.care")
    expect(trouble).to_be_visible(timeout=30_000)
    expect(trouble.locator("a[href='/settings/roads/']")).to_be_visible()
    assert letters.adds_up(page)["waiting"] == 60
    page.locator("#pause").click()
    letters.wait_for_state(page, "paused")
    page.locator("#ask-stop").click()
    page.get_by_role("dialog").locator("button.danger").click()
    letters.wait_for_end(page, "stopped")
    assert letters.adds_up(page)["cancelled"] == 60


def _release_by(page: Page, letter: str, name: str, port: int, number: str) -> None:
    """A relay on this machine is added, chosen for the letter, and the letter released."""
    _add_relay(page, name, port)
    page.goto(f"{letter}send/")
    page.get_by_role("radio", name=re.compile(name)).check()
    expect(page.locator(".hold-note")).to_contain_text("5秒")
    page.locator("input[name=typed_number]").fill(number)
    letters.main_button(page).click()
    page.wait_for_url("**/result/")


def _add_relay(page: Page, name: str, port: int) -> None:
    page.goto("/settings/roads/new/relay/")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=host]").fill("127.0.0.1")
    page.locator("input[name=port]").fill(str(port))
    page.locator("input[name=tls][value=none]").check()
    page.locator("main form.form button").first.click()
    page.wait_for_url("**/settings/roads/")
