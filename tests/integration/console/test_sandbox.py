"""The sandbox mailbox on screen: every letter exactly as it came, and nothing of it can act."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.test import Client
from tests.factories import make_owner, make_workspace
from tests.integration.console.asks import browser_of
from tests.integration.console.desk import words_of

from hatobin.accounts.models import AuditEntry, Workspace
from hatobin.delivery.models import SandboxLetter
from hatobin.delivery.sandbox import services as sandbox

pytestmark = pytest.mark.django_db

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Springfield")


@pytest.fixture
def owner(workspace: Workspace) -> Client:
    return browser_of(make_owner(workspace))


def kept(
    workspace: Workspace,
    to: str = "hanako@example.jp",
    subject: str = "夏の講座のご案内",
    html: str = "<p>こんにちは</p>",
) -> SandboxLetter:
    message = EmailMessage()
    message["From"] = "さくら市 <news@office.example>"
    message["To"] = to
    message["Subject"] = subject
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("山田 様\n\nこんにちは。\n")
    if html:
        message.add_alternative(html, subtype="html")
    raw = message.as_bytes()
    return sandbox.store(workspace.pk, "bounce@office.example", [to], "sender.local", raw)


def test_a_letter_shows_envelope_headers_text_html_and_source(
    owner: Client, workspace: Workspace
) -> None:
    letter = kept(workspace)
    page = owner.get(f"/sandbox/{letter.pk}/")
    words = words_of(page)
    for part in (
        "bounce@office.example",
        "hanako@example.jp",
        "夏の講座のご案内",
        "山田 様",
        "List-Unsubscribe-Post",
        "さくら市",
        "Content-Type: multipart/alternative",
    ):
        assert part in words, part
    framed = owner.get(f"/sandbox/{letter.pk}/html")
    assert "<p>こんにちは</p>" in framed.content.decode()
    source = owner.get(f"/sandbox/{letter.pk}/letter.eml")
    assert source["Content-Type"] == "message/rfc822"
    assert source["Content-Disposition"].startswith("attachment")
    assert b"List-Unsubscribe=One-Click" in source.content


def test_what_a_letter_brings_along_is_shown_and_not_run(
    owner: Client, workspace: Workspace
) -> None:
    letter = kept(workspace, subject=f"x {EVIL}", html=f"<p>y</p>{EVIL}")
    for path in ("/sandbox/", f"/sandbox/{letter.pk}/"):
        assert EVIL not in owner.get(path).content.decode()
    framed = owner.get(f"/sandbox/{letter.pk}/html")
    assert "sandbox" in framed["Content-Security-Policy"]
    assert "default-src 'none'" in framed["Content-Security-Policy"]


def test_a_letter_without_html_says_nothing_of_it(owner: Client, workspace: Workspace) -> None:
    letter = kept(workspace, html="")
    assert "<iframe" not in owner.get(f"/sandbox/{letter.pk}/").content.decode()
    assert owner.get(f"/sandbox/{letter.pk}/html").status_code == 404


def test_broken_letters_are_shown_as_far_as_they_can_be(
    owner: Client, workspace: Workspace
) -> None:
    for raw in (b"", b"\xff\xfe\x00", b"Subject: =?utf-8?B?!!!?=\r\n\r\n\xe3\x81", b"no header\n"):
        letter = sandbox.store(workspace.pk, "", ["a@example.jp"], "", raw)
        assert owner.get(f"/sandbox/{letter.pk}/").status_code == 200, raw
    assert owner.get("/sandbox/").status_code == 200


def test_the_mailbox_is_searched_and_has_pages(owner: Client, workspace: Workspace) -> None:
    for number in range(55):
        kept(workspace, to=f"p{number:02}@example.jp", subject=f"第{number:02}号")
    first = owner.get("/sandbox/")
    assert (first.context["page"].total, first.context["page"].pages) == (55, 2)
    assert "?page=2" in first.content.decode()
    assert owner.get("/sandbox/?q=p07@EXAMPLE.jp").context["page"].total == 1
    assert owner.get("/sandbox/", {"q": "第31号"}).context["page"].total == 1
    assert owner.get("/sandbox/", {"q": "こんにちは"}).context["page"].total == 55
    assert owner.get("/sandbox/", {"q": "nobody"}).context["page"].total == 0


def test_it_says_that_nothing_left(owner: Client) -> None:
    assert "Nothing here reached anybody" in words_of(owner.get("/sandbox/"))


def test_emptying_it_leaves_other_workspaces_alone(owner: Client, workspace: Workspace) -> None:
    other = make_workspace("Shelbyville")
    kept(workspace)
    kept(other)
    owner.post("/sandbox/clear/")
    assert not SandboxLetter.objects.of(workspace.pk).exists()
    assert SandboxLetter.objects.of(other.pk).count() == 1
    assert AuditEntry.objects.of(workspace.pk).get(action="sandbox.cleared").detail == {"count": 1}
