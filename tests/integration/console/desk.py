"""Short words for stories told at the screens of lists: who sits there, what they press, what they read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests import factories

from hatobin.accounts.models import Role, User, Workspace
from hatobin.accounts.rules import Actor
from hatobin.audience.models import Import
from hatobin.audience.services.imports import run_import

Page = Any  # what the test client answers: a response that also carries its ``context``


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A signed-in member of a workspace with a browser."""

    workspace: Workspace
    actor: Actor
    client: Client

    def upload(self, data: bytes, name: str = "会員.csv", query: str = "") -> Page:
        """Chooses a file and presses the button."""
        file = SimpleUploadedFile(name, data)
        return self.client.post(reverse("console:upload") + query, {"file": file})

    def staged(self, data: bytes, name: str = "会員.csv", query: str = "") -> str:
        """The address of the preview that the upload led to."""
        response = self.upload(data, name, query)
        assert response.status_code == 302, words_of(response)
        return str(response["Location"])

    def confirm(self, preview: str, **changes: object) -> Page:
        """Presses the button under the preview with everything as proposed, but for the changes."""
        return self.client.post(preview, proposed(self.client.get(preview)) | changes)

    def read(self, confirmed: Page) -> Page:
        """Lets the worker do its job, and opens the result."""
        assert confirmed.status_code == 302, words_of(confirmed)
        run_import(Import.objects.of(self.workspace.pk).latest("id").pk)
        return self.client.get(confirmed["Location"])


def desk_of(
    role: str = Role.OWNER, workspace: Workspace | None = None, language: str = "ja"
) -> Desk:
    """Somebody of this role, at work."""
    workspace = workspace or factories.make_workspace()
    number = User.objects.count()
    actor = factories.make_actor(workspace, role, email=f"{role}-{number}@office.example")
    client = Client()
    assert actor.user_id is not None
    client.force_login(User.objects.get(pk=actor.user_id))
    client.cookies["hatobin_language"] = language
    return Desk(workspace=workspace, actor=actor, client=client)


def proposed(preview: Page) -> dict[str, object]:
    """What the controls of the preview hold, with a basis chosen."""
    page = preview.content.decode()
    data: dict[str, object] = {"basis": "consent"}
    for tag in re.findall(r"<input[^>]*>", page):
        given = {
            name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)
        }
        kind, name = given.get("type", "text"), given.get("name", "")
        if not (name == "list_name" or name == "address" or name.startswith("column:")):
            continue
        if kind in {"radio", "checkbox"} and " checked" not in tag:
            continue
        data[name] = given.get("value", "on")
    for name, body in re.findall(
        r'<select[^>]*name="(column:[^"]*)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', body)
        data[name] = chosen.group(1) if chosen else ""
    return data


def words_of(response: Page) -> str:
    """What a person reads on a page, on one line."""
    page = re.sub(r"<(script|template)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def beside(response: Page, control: str) -> str:
    """The error beside a control, by its id; empty when there is none."""
    page = response.content.decode()
    found = re.search(rf'id="{re.escape(control)}_error">(.*?)</p>', page, re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split()) if found else ""
