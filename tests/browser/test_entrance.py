"""The door of the house: who comes in, who does not."""

from __future__ import annotations

from tests.browser.desk import Desk, sign_in
from tests.doubles.service import Service


def test_a_wrong_password_is_said_beside_the_form_and_the_right_one_opens(
    desk: Desk, service: Service
) -> None:
    email, password = service.sign_in()
    page = desk.window(signed_in=False)
    page.goto("/letters/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill("not the password")
    page.locator("main form button").first.click()
    page.get_by_role("alert").wait_for()
    assert "/sign-in/" in page.url
    sign_in(page, email, password)
    page.goto("/")
    assert page.get_by_role("heading", level=1).inner_text() == "ホーム"
