"""Takes the pictures of the documentation: a real product with its demo, a real letter to 1,000 people.

    make screenshots                                 all of docs/images/*.png
    .venv/bin/python tools/screenshots.py --to DIR   the same, elsewhere

Everything runs in a temporary folder and on loopback; nobody's data is touched. Each picture is taken in
Japanese and in English. People, letter and sums are always the same; dates and times are today's.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.doubles.service import Service  # noqa: E402 - the same running product that tests use

from hatobin.audience.demo_people import as_csv, office_people  # noqa: E402

IMAGES = ROOT / "docs" / "images"
LANGUAGES = ("ja", "en")
LARGEST = 200_000  # bytes of a picture
_WIDTH, _HEIGHT = 1200, 800
_PHONE_WIDTH = 390
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--font-render-hinting=none",
)
_PATIENCE = 120_000  # milliseconds for a thousand letters on a slow machine


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when every picture was taken and none is too large."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the documentation.")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder of the pictures")
    folder: Path = parser.parse_args(arguments).to
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        print("screenshots: no Chromium here; install one (apt install chromium)", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        with Service(Path(temporary) / "data", "--demo") as running:
            Photographer(browser, running, folder).take_all(Path(temporary))
        browser.close()
    return _report(folder)


class Photographer:
    """One signed-in owner with a window for each language and a phone."""

    def __init__(self, browser: Browser, running: Service, folder: Path) -> None:
        self._browser = browser
        self._running = running
        self._folder = folder
        self._state: Any = None
        self._state = self._sign_in()

    def take_all(self, temporary: Path) -> None:
        """The story of one letter, in the order in which it happens."""
        self._each("import", self._upload(temporary / "会員名簿.csv"), height=1100)
        letter = self._letter()
        self._each("letter", f"{letter}letter/", start="#body", height=1500)
        self._each("check", f"{letter}check/", height=1400)
        self._each("send", f"{letter}send/", height=1290)
        self._release(letter)
        self._each("hold", f"{letter}result/", height=720)
        self._wait_until_done(letter)
        self._each("result", f"{letter}result/", height=1560)
        self._each("result-phone", f"{letter}result/", height=860, phone=True)
        self._each("sandbox-letter", self._one_letter(), height=1240)

    def _sign_in(self) -> Any:
        with self._window("ja") as page:
            _go(page, "/sign-in/")
            email, password = self._running.sign_in()
            page.locator("input[name=login]").fill(email)
            page.locator("input[name=password]").fill(password)
            page.locator("main form button.button").first.click()
            page.wait_for_url(re.compile(r"/$"))
            return page.context.storage_state()

    def _each(
        self,
        name: str,
        address: str,
        *,
        start: str = "",
        height: int = _HEIGHT,
        phone: bool = False,
    ) -> None:
        for language in LANGUAGES:
            with self._window(language, height=height, phone=phone) as page:
                _go(page, address)
                _shoot(page, self._folder / f"{name}-{language}.png", start)

    def _upload(self, file: Path) -> str:
        file.write_bytes(as_csv(office_people(), encoding="cp932"))
        with self._window("ja") as page:
            _go(page, "/lists/upload/")
            page.locator("input[type=file]").set_input_files(file)
            page.locator("main form button.button").last.click()
            page.wait_for_url(re.compile(r"/lists/import/"))
            return page.url

    def _letter(self) -> str:
        with self._window("ja") as page:
            _go(page, "/letters/")
            link = page.locator("main a[href^='/letters/']").filter(has_text="12月のお知らせ")
            found = re.match(r"/letters/[0-9a-f-]{36}/", str(link.first.get_attribute("href")))
            if found is None:
                raise LookupError("the demo's draft is not on the page of letters")
            return found.group()

    def _release(self, letter: str) -> None:
        with self._window("ja") as page:
            _go(page, f"{letter}send/")
            page.locator("input[name=typed_number]").fill("1000")
            page.locator("button.button.large[form=send-form]").click()
            page.wait_for_url(re.compile(r"/result/"))

    def _wait_until_done(self, letter: str) -> None:
        with self._window("en") as page:
            _go(page, f"{letter}result/")
            expect(page.locator("#live")).to_contain_text("Finished", timeout=_PATIENCE)

    def _one_letter(self) -> str:
        with self._window("ja") as page:
            _go(page, "/sandbox/")
            links = page.locator("main a[href^='/sandbox/']").filter(has_text="12月のお知らせ")
            return str(links.first.get_attribute("href"))

    @contextmanager
    def _window(
        self, language: str, *, height: int = _HEIGHT, phone: bool = False
    ) -> Iterator[Page]:
        context = self._browser.new_context(
            base_url=self._running.url,
            storage_state=self._state,
            viewport={"width": _PHONE_WIDTH if phone else _WIDTH, "height": height},
            device_scale_factor=2 if phone else 1,
            has_touch=phone,
            is_mobile=phone,
            locale="ja-JP" if language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            color_scheme="light",
            reduced_motion="reduce",
        )
        _speak(context, self._running.url, language)
        try:
            yield context.new_page()
        finally:
            context.close()


def _go(page: Page, address: str) -> None:
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{address}: {answer.status if answer else 'no answer'}")


def _speak(context: BrowserContext, url: str, language: str) -> None:
    context.add_cookies([{"name": "hatobin_language", "value": language, "url": url}])


def _shoot(page: Page, path: Path, start: str) -> None:
    """What the window shows, from the element ``start`` on (else from the top of the page)."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    if start:
        page.locator(start).evaluate("element => element.scrollIntoView()")
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(path.name)


def _report(folder: Path) -> int:
    large = [path for path in sorted(folder.glob("*.png")) if path.stat().st_size > LARGEST]
    for path in large:
        print(f"screenshots: {path.name} has {path.stat().st_size:,} bytes", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
