"""The same flow for those who use no mouse, no script, or have no right to change anything."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import letters
from tests.browser.desk import PHONE, Desk, axe_findings, sideways
from tests.browser.letters import DEMO_LIST
from tests.doubles.service import until

_FEW = (("一 番", "one@example.jp"), ("二 番", "two@example.jp"))


def _tab_to(page: Page, selector: str) -> None:
    """With the Tab key alone, as far as it takes; the ring must be where the eye looks for it."""
    target = page.locator(selector).first
    for _press in range(120):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"the Tab key never came to {selector} on {page.url}")


def test_the_flow_goes_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/letters/new/")
    _tab_to(page, "input[name=name]")
    page.keyboard.type("キーボードだけで")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/")
    radio = page.get_by_role("radio", name=re.compile(DEMO_LIST))
    _tab_to(page, "input[name=list_id]")
    for _press in range(20):
        if radio.is_checked():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/letter/")
    _tab_to(page, "input[name=subject]")
    page.keyboard.type("鍵盤の件名 ")
    _tab_to(page, "[data-insert='会員番号']")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=subject]")).to_have_value("鍵盤の件名 {{ 会員番号 }}")
    _tab_to(page, "#sheet")
    page.keyboard.press("Control+b")
    page.keyboard.type("本文")
    page.keyboard.press("Control+b")
    _tab_to(page, ".save-bar .button:not(.text)")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check/")
    _tab_to(page, "#preview-next")
    page.keyboard.press("Enter")
    expect(page.locator(".letter-head h3")).to_contain_text("000002")
    expect(page.locator("#preview-next")).to_be_focused()
    _tab_to(page, ".save-bar .button:not(.text)")
    page.keyboard.press("Enter")
    page.wait_for_url("**/send/")
    _tab_to(page, "input[name=typed_number]")
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    page.wait_for_url("**/result/")
    _tab_to(page, "#call-back")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check/")


def test_the_flow_goes_without_javascript(desk: Desk) -> None:
    page = desk.window(javascript=False, width=PHONE)
    letter = letters.new_letter(page, "スクリプトなし")
    letters.bring_file_without_script(page, letter, "静かな名簿", _FEW)
    letters.go_on(page)
    page.locator("input[name=subject]").fill("静かなお知らせ")
    page.locator("textarea[name=html]").fill("{{ 氏名 }} 様\n\n二段落目です。")
    letters.go_on(page)
    page.locator("#preview-next").click()
    expect(page.frame_locator("iframe").locator("p").first).to_have_text("二 番 様")
    letters.release(page, letter, "2")
    expect(page.locator("#live[data-state=held]")).to_be_visible()
    expect(page.locator("#call-back")).to_be_visible()

    def finished() -> bool:
        page.goto(f"{letter}result/")
        return page.locator("#live[data-state=done]").count() == 1

    until(finished, "the end of the letter")
    assert letters.adds_up(page)["accepted"] == 2
    assert sideways(page) == 0


def test_stopping_asks_first_without_a_script_too(desk: Desk, finished: str) -> None:
    page = desk.window(javascript=False)
    page.goto(f"{finished}result/?ask=stop")
    expect(page.locator("#stop form[action$='/act/stop/']")).to_be_visible()


def test_a_viewer_reads_and_changes_nothing(desk: Desk, page: Page, finished: str) -> None:
    page.goto("/settings/members/")
    page.locator("input[name=email]").fill("viewer@hatobin.example")
    page.locator("main form.form select[name=role]").select_option("viewer")
    page.locator("main form.form button").last.click()
    link = page.locator("#invitation").inner_text()
    viewer = desk.window(signed_in=False)
    viewer.goto(link[link.index("/invitation/") :])
    for field in viewer.locator("main form input[type=password]").all():
        field.fill("a long enough pass phrase 7")
    viewer.locator("main form input[name=name]").fill("閲覧 のぞみ")
    viewer.locator("main form.form button").click()
    viewer.wait_for_url(lambda url: "/invitation/" not in url)

    viewer.goto("/letters/")
    expect(viewer.locator("main form")).to_have_count(0)
    expect(viewer.locator("a[href='/letters/new/']")).to_have_count(0)
    draft = letters.demo_draft(viewer)
    for step in ("people/", "letter/", "check/", "send/"):
        viewer.goto(f"{draft}{step}")
        expect(viewer.locator("main form")).to_have_count(0)
        assert axe_findings(viewer) == []
    viewer.goto(f"{draft}check/")
    expect(viewer.frame_locator("iframe").locator("body")).to_contain_text("［氏名］")
    viewer.goto(f"{finished}result/")
    assert letters.adds_up(viewer)["accepted"] == 60
    expect(viewer.locator("main form")).to_have_count(0)
    assert "@example.jp" not in viewer.content()
