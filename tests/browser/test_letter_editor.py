"""Writing a letter: formats, fields, what is pasted, what is saved, and two people at one letter."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import letters
from tests.browser.desk import Desk
from tests.browser.letters import DEMO_LIST

PASTED = """<div style="color:red" onclick="alert(1)"><script>alert(2)</script><b>太い</b>
<img src=x onerror=alert(3)><a href="javascript:alert(4)">危ない</a><a href="https://example.jp/">安全</a></div>
<table><tr><td>甲</td><td>乙</td></tr><tr><td>丙</td><td>丁</td></tr></table>"""


def _paste(page: Page, html: str) -> None:
    """As a browser hands over what somebody copied elsewhere."""
    page.locator("#sheet").evaluate(
        """(sheet, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            sheet.dispatchEvent(event);
        }""",
        html,
    )


def _open(page: Page, name: str) -> str:
    letter = letters.new_letter(page, name)
    letters.choose_list(page, letter, DEMO_LIST)
    return letter


def _html(page: Page) -> str:
    value: str = page.locator("textarea[name=html]").input_value()
    return value


def _saved(page: Page) -> None:
    expect(page.locator("[data-save-line][data-kind=good]")).to_be_visible()


def test_every_tool_leaves_its_format_and_takes_it_back(page: Page) -> None:
    _open(page, "書式")
    sheet = page.locator("#sheet")
    sheet.click()
    page.keyboard.type("春の集い")
    for tool, mark in (
        ("bold", "<b>"),
        ("italic", "<i>"),
        ("underline", "<u>"),
        ("heading", "<h2>"),
        ("subheading", "<h3>"),
        ("bullets", "<ul>"),
        ("numbers", "<ol>"),
        ("quote", "<blockquote>"),
    ):
        button = page.locator(f"[data-tool={tool}]")
        sheet.press("Control+a")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert mark in _html(page), tool
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
        assert mark not in _html(page), tool
    assert "春の集い" in _html(page)


def test_a_format_that_was_switched_off_stays_off_on_the_next_line(page: Page) -> None:
    _open(page, "太字の次の行")
    page.locator("#sheet").click()
    bold = page.locator("[data-tool=bold]")
    bold.click()
    page.keyboard.type("太い")
    bold.click()
    page.keyboard.press("Enter")
    expect(bold).to_have_attribute("aria-pressed", "false")
    page.keyboard.type("細い")
    page.keyboard.press("Control+i")
    page.keyboard.type("斜め")
    page.keyboard.press("Control+i")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("まっすぐ")
    page.keyboard.press("Enter")
    page.locator("[data-tool=bullets]").click()
    page.keyboard.press("Control+b")
    page.keyboard.type("一つ目")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.keyboard.type("二つ目")
    assert _html(page).replace("<br>", "") == (
        "<p><b>太い</b></p><p>細い<i>斜め</i>まっすぐ</p>"
        "<ul><li><b>一つ目</b></li><li>二つ目</li></ul>"
    )


def test_a_format_that_is_on_goes_on_over_the_end_of_a_line(page: Page) -> None:
    _open(page, "太字のまま")
    page.locator("#sheet").click()
    page.locator("[data-tool=bold]").click()
    page.keyboard.type("太い")
    page.keyboard.press("Enter")
    page.keyboard.type("これも太い")
    assert _html(page).replace("<br>", "") == "<p><b>太い</b></p><p><b>これも太い</b></p>"


def test_a_link_is_asked_for_and_a_wrong_one_is_refused_beside_the_field(page: Page) -> None:
    _open(page, "リンク")
    page.locator("#sheet").click()
    page.keyboard.type("くわしくはこちら")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+k")
    url = page.locator("#link-url")
    expect(url).to_be_focused()
    url.fill("javascript:alert(1)")
    url.press("Enter")
    expect(page.locator("#link-error")).to_be_visible()
    expect(url).to_be_focused()
    url.fill("www.example.jp/spring")
    url.press("Enter")
    expect(page.locator("#sheet a")).to_have_attribute("href", "https://www.example.jp/spring")
    page.locator("[data-tool=link]").click()
    expect(url).to_have_value("https://www.example.jp/spring")
    page.locator("[data-link-remove]").click()
    expect(page.locator("#sheet a")).to_have_count(0)


def test_what_is_pasted_loses_everything_that_a_letter_does_not_have(page: Page) -> None:
    _open(page, "貼り付け")
    page.locator("#sheet").click()
    _paste(page, PASTED)
    html = _html(page)
    assert "<b>太い</b>" in html
    assert 'href="https://example.jp/"' in html
    for harm in ("script", "onclick", "onerror", "javascript:", "style=", "<table", "alert"):
        assert harm not in html, harm
    assert "甲" in html
    assert "甲乙" not in page.locator("#sheet").inner_text()  # cells and rows stay apart
    assert "乙丙" not in page.locator("#sheet").inner_text()


def test_going_over_to_plain_text_takes_the_words_along(page: Page) -> None:
    letter = _open(page, "文字だけ")
    page.locator("input[name=subject]").fill("文字だけ")
    page.locator("#sheet").click()
    page.keyboard.type("一行目")
    page.keyboard.press("Enter")
    page.keyboard.type("二行目")
    page.locator("input[name=mode][value=plain]").check()
    text = page.locator("textarea[name=text]")
    expect(text).to_be_visible()
    assert "一行目" in text.input_value()
    text.click()
    text.press("Control+End")
    page.locator("[data-insert='会員番号']").click()
    assert text.input_value().rstrip().endswith("{{ 会員番号 }}")
    letters.go_on(page)
    page.wait_for_url("**/check/")
    expect(page.locator(".letter-text")).to_contain_text("000001")
    page.goto(f"{letter}letter/")
    expect(page.locator("input[name=mode][value=plain]")).to_be_checked()


def test_a_draft_saves_itself_and_is_there_again(page: Page) -> None:
    letter = _open(page, "自動保存")
    page.locator("#sheet").click()
    page.keyboard.type("書きかけの文")
    _saved(page)
    page.goto(f"{letter}letter/")
    expect(page.locator("#sheet")).to_contain_text("書きかけの文")


def test_a_letter_that_is_only_looked_at_is_not_saved(page: Page) -> None:
    letter = _open(page, "見るだけ")
    page.locator("#sheet").click()
    for html in (
        "<h2>見出し</h2>本文だけの行<ul><li>一つ</li></ul>",
        "<div>一段落目</div>\n<div><strong>太い</strong><br></div><blockquote>引用</blockquote>",
        "<p>一<br/>二&nbsp;三</p><hr><p><b></b></p>",
    ):
        with page.expect_navigation():
            page.locator("textarea[name=html]").evaluate(
                "(area, html) => { area.value = html; area.form.elements.stay.click(); }", html
            )
        page.goto(f"{letter}letter/")
        line = page.locator("[data-save-line]")
        said = line.inner_text()
        page.locator("#sheet").click()
        page.keyboard.press("End")
        page.locator("input[name=subject]").click()
        # What a browser's own helpers (a dictionary, a translator) put in and take away again.
        page.locator("#sheet").evaluate(
            """async (sheet) => {
                const mark = document.createElement("span");
                sheet.append(mark);
                mark.remove();
                await new Promise(requestAnimationFrame);
            }"""
        )
        page.evaluate(
            """() => {
                Object.defineProperty(document, "hidden", { value: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        expect(line).to_have_text(said)  # a save would say at once that it is saving
        assert _html(page) == html
        expect(page.locator("form[data-dirty]")).to_have_count(0)


def test_two_people_at_one_letter_never_overwrite_each_other_unseen(desk: Desk) -> None:
    first, second = desk.window(), desk.window()
    letter = _open(first, "二人の下書き")
    second.goto(f"{letter}letter/")
    first.locator("input[name=subject]").fill("一人目の件名")
    _saved(first)

    # The second person's autosave is refused; what they typed stays on their screen.
    second.locator("input[name=subject]").fill("二人目の件名")
    line = second.locator("[data-save-line][data-kind=bad]")
    expect(line).to_contain_text("鳩山 さくら")
    with second.expect_response(lambda answer: answer.request.method == "POST") as answer:
        second.locator("button[name=stay]").click()
    assert answer.value.status == 409
    expect(second.get_by_role("alert")).to_contain_text("鳩山 さくら")
    expect(second.locator("input[name=subject]")).to_have_value("二人目の件名")
    second.locator(".banner summary").click()
    expect(second.get_by_role("alert")).to_contain_text("一人目の件名")

    # Having seen both, they decide.
    second.locator("button[name=stay]").click()
    second.wait_for_url("**/letter/")
    first.goto(f"{letter}letter/")
    expect(first.locator("input[name=subject]")).to_have_value("二人目の件名")


def test_tools_are_one_stop_of_the_tab_key_and_arrows_go_among_them(page: Page) -> None:
    _open(page, "キーボード")
    page.locator("[data-tool=bold]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=italic]")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator("[data-tool=bold]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_focused()
    expect(page.locator("[data-tool=bold]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("太字の文")
    assert "<b>太字の文</b>" in _html(page)
