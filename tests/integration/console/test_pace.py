"""The delivery pace as an owner meets it: looked up, checked, saved; faults beside the text."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.console.asks import japanese
from tests.integration.console.desk import words_of

from hatobin.delivery.models import ShapingOverride

pytestmark = pytest.mark.django_db

PAGE = "/settings/pace/"
OWN = "[group.docomo]\nconnections = 1\n"


def test_destinations_stand_there_in_plain_words_with_their_origin(owner: Client) -> None:
    page = words_of(owner.get(PAGE))
    assert "docomo" in page
    assert "5 letters a second" in page
    assert "Standard values, line" in page
    assert "Gmail finds the number of letters unusual" in page
    other = words_of(japanese(owner).get(PAGE))
    assert "毎秒5通" in other
    assert "10分休む" in other


def test_a_domain_is_looked_up_without_javascript(owner: Client) -> None:
    page = words_of(owner.get(PAGE, {"domain": "hanako@docomo.ne.jp", "mail_server": ""}))
    assert "docomo wants letters more slowly" in page
    wrong = owner.get(PAGE, {"domain": "no domain"})
    assert b'aria-invalid="true"' in wrong.content


def test_a_check_stores_nothing_and_a_save_does(owner: Client) -> None:
    body = {"text": OWN, "revision": 0}
    checked = owner.post(PAGE, body | {"check": "1"})
    assert "Nothing is wrong with it" in words_of(checked)
    assert not ShapingOverride.objects.across_workspaces().exists()
    saved = owner.post(PAGE, body, follow=True)
    assert "Saved." in words_of(saved)
    assert "This workspace, line 2" in words_of(saved)
    late = owner.post(PAGE, {"text": "", "revision": 0})
    assert "Somebody else changed these values meanwhile." in words_of(late)


def test_faults_stand_beside_the_text_with_their_lines(owner: Client) -> None:
    text = "[group.docomo]\nconnections = 3\nrate = <b>\n"
    answer = owner.post(PAGE, {"text": text, "revision": 0})
    page = answer.content.decode()
    assert "Line 3" in page
    assert "A text needs quotes around it." in words_of(answer)
    assert "<b>" not in page.partition("id_text")[2]
    above = words_of(owner.post(PAGE, {"text": OWN.replace("1", "3"), "revision": 0}))
    assert "The installation allows at most 2" in above
    assert not ShapingOverride.objects.across_workspaces().exists()
