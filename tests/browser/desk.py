"""A person at a desk (or with a phone): pages of a running product, each in a browser window of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.doubles.service import Service

Language = Literal["ja", "en"]
Scheme = Literal["light", "dark"]

DESKTOP, PHONE, NARROW = 1280, 375, 360
# "Serious" is what keeps somebody from using a page; minor notes of axe are matters of taste.
_SERIOUS = {"serious", "critical"}


class Desk:
    """Opens windows and remembers what the browser complained about in any of them."""

    def __init__(self, browser: Browser, service: Service, state: Any) -> None:
        self._browser = browser
        self._service = service
        self._state = state
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def window(
        self,
        language: Language = "ja",
        *,
        width: int = DESKTOP,
        scheme: Scheme = "light",
        signed_in: bool = True,
        javascript: bool = True,
    ) -> Page:
        """A new window, with cookies of its own, signed in as the owner unless told otherwise."""
        context = self._browser.new_context(
            base_url=self._service.url,
            viewport={"width": width, "height": 900},
            locale="ja-JP" if language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            color_scheme=scheme,
            java_script_enabled=javascript,
            storage_state=self._state if signed_in else None,
            reduced_motion="reduce",
        )
        context.add_cookies(
            [{"name": "hatobin_language", "value": language, "url": self._service.url}]
        )
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        return page

    def close(self) -> None:
        """Closes every window."""
        for context in self._contexts:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.complaints.append(message.text)


def sign_in(page: Page, email: str, password: str) -> None:
    """Through the form, as a person does."""
    page.goto("/sign-in/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in/")


def axe_findings(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds serious on this page, one line each: rule, element, what to do."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else None
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} | {node['failureSummary'][:300]}"
        for each in found
        if each["impact"] in _SERIOUS
        for node in each["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window, once it has settled in it (a second at most)."""
    deadline = time.monotonic() + 1
    while True:
        width: int = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if not width or time.monotonic() > deadline:
            return width
        page.wait_for_timeout(20)
