"""What a person does with a letter in the browser, step by step; the tests tell what they see."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.doubles.service import until

SMALL = (
    ("山田 花子", "hanako@example.jp"),
    ("髙橋 一郎", "ichiro@example.co.jp"),
    ("", "nameless@example.ne.jp"),
)
DEMO_LIST = "広報メール会員"
_LETTER = re.compile(r"/letters/[0-9a-f-]{36}/")


def as_csv(rows: tuple[tuple[str, str], ...]) -> bytes:
    """As Excel saves it in a Japanese office."""
    lines = ["氏名,メールアドレス", *(f"{name},{address}" for name, address in rows)]
    return "\r\n".join(lines).encode("cp932")


def new_letter(page: Page, name: str) -> str:
    """A draft with this name; its address, such as ``/letters/…/``."""
    page.goto("/letters/new/")
    page.locator("input[name=name]").fill(name)
    page.locator("main form.form button").click()
    page.wait_for_url("**/people/**")
    found = _LETTER.search(page.url)
    assert found, page.url
    return found.group()


def bring_file(page: Page, letter: str, name: str, rows: tuple[tuple[str, str], ...]) -> None:
    """From the people step through the upload and back, with the new list chosen."""
    _upload(page, letter, name, rows)
    page.locator("a[href*='/people/?list=']").click(timeout=60_000)
    expect(page.get_by_role("radio", name=re.compile(name))).to_be_checked()


def bring_file_without_script(
    page: Page, letter: str, name: str, rows: tuple[tuple[str, str], ...]
) -> None:
    """The same where no page loads itself again."""
    _upload(page, letter, name, rows)
    back = page.locator("a[href*='/people/?list=']")

    def imported() -> bool:
        page.goto(page.url)
        return back.count() == 1

    until(imported, "the end of the import")
    back.click()
    expect(page.get_by_role("radio", name=re.compile(name))).to_be_checked()


def _upload(page: Page, letter: str, name: str, rows: tuple[tuple[str, str], ...]) -> None:
    page.goto(f"{letter}people/")
    page.locator(f"a[href*='upload/?letter={letter.split('/')[2]}']").click()
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.locator("main form.form button").first.click()
    page.locator("input[name=list_name]").fill(name)
    page.locator("input[name=basis][value=consent]").check()
    page.locator("form#import button.large").click()
    page.wait_for_url("**/result/**")


def demo_draft(page: Page) -> str:
    """Address of the draft that the demo brings along: the oldest of all, so on the last page of drafts."""
    page.goto("/letters/?status=draft&page=99999999")
    found = page.locator("ul.letters a", has_text="12月のお知らせ").last.get_attribute("href")
    assert found
    return found


def choose_list(page: Page, letter: str, name: str) -> None:
    """The first step with a list that is there already."""
    page.goto(f"{letter}people/")
    page.get_by_role("radio", name=re.compile(name)).check()
    go_on(page)
    page.wait_for_url("**/letter/")


def write_plainly(page: Page, letter: str, subject: str, text: str) -> None:
    """The second step as plain text, and on to the check."""
    page.goto(f"{letter}letter/")
    page.locator("input[name=subject]").fill(subject)
    page.locator("input[name=mode][value=plain]").check()
    page.locator("textarea[name=text]").fill(text)
    go_on(page)
    page.wait_for_url("**/check/")


def release(page: Page, letter: str, number: str) -> None:
    """The fourth step with this number typed; the result page is open when it was right."""
    page.goto(f"{letter}send/")
    page.locator("input[name=typed_number]").fill(number)
    main_button(page).click()


def main_button(page: Page) -> Locator:
    """The large button of the page."""
    return page.locator("main button.large")


def go_on(page: Page) -> None:
    """The main button at the end of a step."""
    page.locator(
        "main form.form > .actions > .button:not(.text, .outline), main .save-bar .button:not(.text)"
    ).click()


def equation(page: Page) -> dict[str, int]:
    """The sum of the result page: ``audience`` and its terms."""
    pairs: list[tuple[str, str]] = page.locator(".equation > div").evaluate_all(
        "all => all.map(each => [each.dataset.term, each.querySelector('dd').textContent])"
    )
    return {term: int(number.replace(",", "")) for term, number in pairs}


def adds_up(page: Page) -> dict[str, int]:
    """The terms, once it is sure that they make up the whole (promise P2)."""
    terms = equation(page)
    assert terms.pop("audience") == sum(terms.values()), terms
    return terms


def wait_for_state(page: Page, state: str) -> None:
    """Until the page itself says so; nobody loads it again."""
    expect(page.locator(f"#live[data-state={state}]")).to_be_visible(timeout=60_000)


def wait_for_end(page: Page, state: str = "done") -> None:
    """Until the page says that everything has ended and stops asking."""
    wait_for_state(page, state)
    expect(page.locator("#numbers[hx-get]")).to_have_count(0, timeout=30_000)


def mailbox(page: Page, search: str) -> list[str]:
    """Addresses of letters in the sandbox mailbox that the search finds, newest first."""
    page.goto(f"/sandbox/?q={search}")
    links = page.locator("main a[href^='/sandbox/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href')).filter(h => /^.sandbox.[0-9]+.$/.test(h))"
    )
    return list(dict.fromkeys(links))
