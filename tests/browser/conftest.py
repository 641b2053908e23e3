"""One running product with its demo workspace and one Chromium for all tests of this folder.

Everything is kept for the package, not the session: while Playwright runs, its event loop does, and
tests elsewhere use loops and databases of their own. Words used in tests: ``desk.window(...)`` opens a
browser window; ``page``, ``phone``, ``english`` are the usual ones. At the end of every test the desk is
asked what the browser complained about: a broken content security policy fails the test it happened in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import letters
from tests.browser.desk import PHONE, Desk, sign_in
from tests.conftest import need_program
from tests.doubles.service import Service

HOLD = "5"  # seconds; time enough to call a letter back, short enough to wait for
_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; nothing is downloaded."""
    program = need_program("chromium", "chromium-browser", "google-chrome", "chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """``hatobin serve --demo``: a workspace with 1,000 people and a draft; a short hold."""
    folder = tmp_path_factory.mktemp("browser") / "data"
    hold = {"HATOBIN_HOLD_SECONDS_SANDBOX": HOLD, "HATOBIN_HOLD_SECONDS": HOLD}
    with Service(folder, "--demo", **hold) as running:
        yield running


@pytest.fixture(scope="package")
def signed_in(chromium: Browser, service: Service) -> Any:
    """The cookies of the demo's owner, got through the sign-in form once."""
    with chromium.new_context(base_url=service.url) as context:
        page = context.new_page()
        sign_in(page, *service.sign_in())
        return context.storage_state()


@pytest.fixture(scope="package")
def finished(chromium: Browser, service: Service, signed_in: Any) -> str:
    """Address of a letter that went to 60 people by the sandbox: two pages of rows."""
    made = Desk(chromium, service, signed_in)
    page = made.window()
    letter = letters.new_letter(page, "届いたお知らせ")
    people = tuple((f"見本 {n:03}", f"reader.{n:03}@example.jp") for n in range(1, 61))
    letters.bring_file(page, letter, "小さな名簿", people)
    letters.go_on(page)
    letters.write_plainly(page, letter, "届いたお知らせ", "{{ 氏名 }} 様\n\n本文です。")
    letters.release(page, letter, "60")
    letters.wait_for_end(page)
    made.close()
    return letter


@pytest.fixture
def desk(chromium: Browser, service: Service, signed_in: Any) -> Iterator[Desk]:
    """Where one person works during one test."""
    made = Desk(chromium, service, signed_in)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def page(desk: Desk) -> Page:
    """A Japanese window on a desktop, signed in as the owner."""
    return desk.window()


@pytest.fixture
def phone(desk: Desk) -> Page:
    """The same on a phone."""
    return desk.window(width=PHONE)


@pytest.fixture
def english(desk: Desk) -> Page:
    """The same in English on a desktop."""
    return desk.window("en")
