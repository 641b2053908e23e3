"""Everything that can be asked of the console: each address and method, with a body that would work.

A refusal proves something only when the same request, made by somebody who may, does its work.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.integration.console.desk import proposed
from tests.integration.console.office import Office
from tests.integration.console.test_languages import ADDRESSES
from tests.samples.dkim_keys import rsa_pem

from hatobin.accounts.models import AuditEntry, Member, Role, User
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.access import actor_of_member
from hatobin.audience.queries import person_detail
from hatobin.campaigns import queries as campaigns
from hatobin.campaigns.services import checks

_ACTS = ("call-back", "pause", "resume", "stop", "resend", "leave", "retry")
_ON_DRAFT = {"letter-people", "letter-rename", "letter-delete"}
_ON_RELEASED = {"letter-result", "letter-progress", "letter-csv", "letter-act", "letter-move"}
_ON_IMPORTED = {"import-result", "import-refused"}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request. ``name`` is the address's, with the act behind it where it has several."""

    name: str
    method: str
    path: str
    body: dict[str, object] = field(default_factory=dict)
    about_something: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.method

    def by(self, client: Client) -> HttpResponse:
        """What the person of this browser gets; what it changed is undone."""
        for value in self.body.values():
            if isinstance(value, SimpleUploadedFile):
                value.seek(0)
        with transaction.atomic():
            answer = (
                client.get(self.path)
                if self.method == "GET"
                else client.post(self.path, dict(self.body))
            )
            transaction.set_rollback(True)
        return cast("HttpResponse", answer)


def owner_of(office: Office) -> Actor:
    """The owner, as services see them."""
    first = Member.objects.across_workspaces().filter(user=office.owner).earliest("created_at")
    return actor_of_member(first)


def acts_logged(office: Office) -> int:
    """How many lines the office's audit log has: everything that changes something adds one."""
    return AuditEntry.objects.of(owner_of(office).workspace_id).count()


def browser_of(user: User) -> Client:
    """Signed in, in English."""
    client = Client(raise_request_exception=False)
    client.cookies["hatobin_language"] = "en"
    client.force_login(user)
    return client


def asks(office: Office) -> Iterator[Ask]:
    """Every address of the console about this office: a GET, and each POST."""
    bodies = _bodies(office)
    for full_name, arguments in ADDRESSES.items():
        if not full_name.startswith("console:") or "token" in arguments:
            continue
        name = full_name.removeprefix("console:")
        variants = _ACTS if "what" in arguments else ("",)
        for variant in variants:
            kwargs = _kwargs(office, name, arguments) | ({"what": variant} if variant else {})
            path = reverse(full_name, kwargs=kwargs)
            shown = f"{name} {variant}".strip()
            about = bool(set(arguments) - {"provider"})
            yield Ask(name=shown, method="GET", path=path, about_something=about)
            for act, body in bodies.get(name, {"": {}}).items():
                yield Ask(
                    name=f"{shown} {act}".strip(),
                    method="POST",
                    path=path,
                    body=body,
                    about_something=about,
                )


def _kwargs(office: Office, name: str, arguments: tuple[str, ...]) -> dict[str, object]:
    draft, ready, released = office.ids["letter_id"]
    staged, imported = office.ids["import_id"]
    letter = draft if name in _ON_DRAFT else released if name in _ON_RELEASED else ready
    chosen: dict[str, object] = {
        **{argument: values[0] for argument, values in office.ids.items()},
        "letter_id": office.ids["sandbox"][0] if name.startswith("sandbox") else letter,
        "import_id": imported if name in _ON_IMPORTED else staged,
    }
    if name == "member-change":
        members = Member.objects.of(owner_of(office).workspace_id)
        chosen["member_id"] = (members.filter(role=Role.VIEWER).first() or members[0]).pk
    return {argument: chosen[argument] for argument in arguments if argument != "what"}


def _bodies(office: Office) -> dict[str, dict[str, dict[str, object]]]:
    """For each address: the acts it knows (by one word) with what a person would type."""
    owner = owner_of(office)
    draft, ready, _released = office.ids["letter_id"]
    row = campaigns.campaign(owner, uuid.UUID(str(ready)))
    check = checks.check(owner, row.id)
    person = person_detail(owner, int(str(office.ids["contact_id"][0])))
    preview = reverse("console:import", args=[office.ids["import_id"][0]])
    confirmed = proposed(browser_of(office.owner).get(preview))
    road = {"name": "x", "host": "127.0.0.1", "port": 1, "tls": "none"}
    line: dict[str, object] = {"display_name": "Hato", "address": "hato@office.example"}
    single: dict[str, dict[str, object]] = {
        "letter-new": {"name": "x"},
        "letter-people": {
            "list_id": office.ids["list_id"][0],
            "revision": campaigns.campaign(owner, uuid.UUID(str(draft))).revision,
        },
        "letter-rename": {"name": "y"},
        "letter-letter": {
            "identity_id": office.ids["identity_id"][0],
            "kind": "marketing",
            "mode": "plain",
            "subject": "x",
            "text": "y",
            "revision": row.revision,
        },
        "letter-test": {"recipient": "owner@office.example"},
        "letter-send": {"typed_number": check.sendable, "seal": check.seal},
        "letter-road": {"egress": office.ids["egress_id"][0]},
        "letter-tries": {"give_up_after": "6 h", "times": "usual", "revision": row.revision},
        "letter-move": {"to": office.ids["egress_id"][0]},
        "delivery": {"way": office.ids["egress_id"][0]},
        "way-move": {"to": office.ids["egress_id"][1]},
        "delivery-letter-move": {"to": office.ids["egress_id"][0]},
        "upload": {"file": SimpleUploadedFile("a.csv", b"mail\na@example.jp\n")},
        "import": confirmed,
        "list": {"list_name": "x"},
        "person-add": {"address": "new@example.jp", "basis": "consent"},
        "person": {"revision": person.revision, "field-0": "x"},
        "settings-workspace": {"name": "x", "language": "en", "base_url": ""},
        "settings-sender": {"organisation": "x", "postal_address": "y", "contact": "z"},
        "identity-new": line,
        "identity": line,
        "relay-new": road,
        "direct-new": {
            "name": "x",
            "tls": "opportunistic",
            "source-TOTAL_FORMS": 1,
            "source-INITIAL_FORMS": 0,
            "source-0-ehlo_name": "mail.office.example",
        },
        "service-new": {
            "name": "x",
            "settings.domain": "mg.office.example",
            "settings.region": "eu",
            "credentials.api_key": "himitsu",
        },
        "road": road,
        "domain-new": {"name": "x.example"},
        "domain-key": {"algorithm": "rsa"},
        "domain-import": {"private_key": rsa_pem()},
        "domain-bounces": {"return_path": "b.office.example"},
        "settings-pace": {"text": "[default]\nconnections = 2\n", "revision": 0},
        "settings-members": {"email": "new@office.example", "role": "viewer"},
        "settings-api-keys": {"name": "x", "scopes": "read", "days": 1},
        "switch-workspace": {"workspace": owner.workspace_id},
        "suppression": {"addresses": "no@example.jp", "why": "x"},
        "suppression-remove": {"why": "x"},
    }
    several: dict[str, dict[str, dict[str, object]]] = {
        "delivery-letter": {
            act: {"act": act} for act in ("retry", "hold", "let-go", "give-up", "resend", "leave")
        },
        "member-change": {"role": {"role": "sender"}, "remove": {"act": "remove"}},
    }
    return {name: {"": body} for name, body in single.items()} | several


def japanese(client: Client) -> Client:
    """The same browser, after a press on the language switch."""
    client.cookies["hatobin_language"] = "ja"
    return client
