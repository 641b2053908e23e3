"""What the log of the web process may say: paths, but no link that opens something."""

from __future__ import annotations

import logging

import pytest
from django.test import Client
from tests.factories import make_actor, make_workspace, user_of
from tests.integration.console.asks import browser_of

from hatobin.accounts.services import members, setup
from hatobin.config.logs import formatter, without_tokens

pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture) -> str:
    """The records in both shapes, as they would be written to stderr."""
    return "\n".join(
        formatter(shape).format(record) for shape in ("text", "json") for record in caplog.records
    )


def test_a_link_that_still_works_does_not_stand_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = setup.issue_setup_token()
    client = Client(raise_request_exception=False)
    assert client.delete(f"/setup/{first}").status_code == 405
    hanako = make_actor(make_workspace())
    invited = members.invite(hanako, email="taro@example.jp", role="viewer")
    somebody_else = browser_of(user_of(hanako))
    assert somebody_else.post(f"/invitation/{invited}").status_code == 422
    assert client.get(f"/invitation/{invited}/").status_code == 404
    assert client.get(f"/INVITATION//{invited}").status_code == 404
    assert client.delete(f"/u/{invited}").status_code == 405
    careful = Client(enforce_csrf_checks=True)
    elsewhere = {"referer": f"https://evil.example/invitation/{invited}"}
    assert careful.post(f"/invitation/{invited}", secure=True, headers=elsewhere).status_code == 403
    assert client.get(f"/u/{invited}", headers={"host": f"x/u/{invited}"}).status_code == 400

    written = lines(caplog)
    assert "Unprocessable" in written
    assert "/invitation/…" in written
    assert "/setup/…" in written
    assert "/u/…" in written
    assert invited not in written
    assert first is not None
    assert first not in written


def test_a_traceback_and_values_pass_through_the_same_knife(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise RuntimeError("no page for /u/himitsu1")
    except RuntimeError:
        logging.getLogger("hatobin").exception("at %s", "/setup/himitsu2?language=ja")
    written = lines(caplog)
    assert "no page for /u/…" in written
    assert "himitsu" not in written
    assert __file__ in written


def test_other_paths_stay_readable() -> None:
    for text in ("Not Found: /lists/u/", "Not Found: /setup/", 'File "/u/taro/x.py", line 3'):
        assert without_tokens(text) == text
    assert without_tokens("/u/a?language=ja: 405") == "/u/… 405"
