"""An office that has one of everything, with all its data in one language."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

from tests.factories import make_list, make_owner, make_workspace
from tests.samples.dkim_keys import ed25519_pem

from hatobin.accounts.models import ApiKey, Member, User
from hatobin.accounts.rules import Actor
from hatobin.accounts.services import api_keys, members
from hatobin.accounts.services.access import actor_of_member
from hatobin.audience.models import Contact, Import
from hatobin.audience.services import imports, uploads
from hatobin.campaigns.services import checks, drafts, release
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Delivery
from hatobin.delivery.sandbox import services as sandbox
from hatobin.delivery.services.egress import (
    ensure_sandbox,
    save_direct,
    save_provider,
    save_relay,
)
from hatobin.senders.services import save_identity, save_profile
from hatobin.senders.services.domains import add_domain
from hatobin.senders.services.key_making import import_key
from hatobin.suppression.models import Suppression
from hatobin.suppression.services import add_by_staff

JAPANESE = {
    "workspace": "さくら市役所",
    "owner": "鳩山さくら",
    "list": "広報会員",
    "field": "氏名",
    "people": "山田花子 鈴木太郎 佐藤次郎",
    "letter": "冬のお知らせ",
    "sender": "さくら市広報課",
    "address": "さくら市中央1-1",
    "relay": "庁内の中継",
    "program": "会員管理",
}
ENGLISH = {
    "workspace": "Springfield",
    "owner": "Alice",
    "list": "Members",
    "field": "Customer",
    "people": "Bob Charlie Dora",
    "letter": "Winter",
    "sender": "Office",
    "address": "1 Main Street",
    "relay": "Relay",
    "program": "Accounts",
}


@dataclass(frozen=True, kw_only=True)
class Office:
    """``ids``: for each argument of an address, what there is to open."""

    owner: User
    ids: Mapping[str, list[object]]
    invitation: str


def make_office(language: str) -> Office:
    """Everything that a page can show, made by the ordinary services."""
    words = JAPANESE if language == "ja" else ENGLISH
    workspace = make_workspace(words["workspace"])
    workspace.language = language
    workspace.save()
    owner = make_owner(workspace, "owner@office.example")
    owner.name = words["owner"]
    owner.save()
    actor = actor_of_member(Member.objects.of(workspace.pk).get())
    names = words["people"].split()
    people = [(f"p{n}@example.jp", {words["field"]: name}) for n, name in enumerate(names)]
    contact_list = make_list(workspace, people, name=words["list"])
    save_profile(
        actor,
        organisation=words["workspace"],
        postal_address=words["address"],
        contact="00-0000-0000",
    )
    identity = save_identity(actor, display_name=words["sender"], address="news@office.example")
    way = ensure_sandbox(workspace.pk)
    relay = save_relay(
        actor, name=words["relay"], host="smtp.example.jp", port=587, tls="starttls", username=""
    )
    service = save_provider(
        actor,
        name="Mailgun",
        provider="mailgun",
        settings={"domain": "mg.office.example"},
        credentials={"api_key": "himitsu-no-kagi"},
    )
    direct = save_direct(
        actor,
        name=words["relay"] + "2",
        sources=[{"address": "203.0.113.9", "ehlo_name": "mail.office.example"}],
        fallback_id=service.pk,
    )
    letter = LetterDraft(
        mode="plain",
        subject=words["letter"],
        text=f"{{{{ {words['field']} }}}}\n\n{words['letter']}\n",
    )
    draft = drafts.create(actor, words["letter"])
    ready = _ready(actor, letter, contact_list.pk, identity.pk, way.pk)
    released = _ready(actor, letter, contact_list.pk, identity.pk, way.pk)
    check = checks.check(actor, released)
    release.release(
        actor,
        released,
        typed_number=check.sendable,
        seal=check.seal,
        hold=timedelta(minutes=5),
    )
    add_by_staff(actor, "gone@example.jp")
    invitation = members.invite(actor, email="guest@office.example", role="viewer")
    api_keys.create_api_key(actor, name=words["program"], scopes=["read"], days=30)
    mailed = EmailMessage()
    mailed["Subject"] = words["letter"]
    mailed.set_content(words["letter"])
    kept = sandbox.store(workspace.pk, "a@example.jp", ["b@example.jp"], "c", mailed.as_bytes())
    domain = add_domain(actor, name="office.example")
    key = import_key(actor, domain.pk, private_key=ed25519_pem())
    return Office(
        owner=owner,
        invitation=invitation,
        ids={
            "domain_id": [domain.pk],
            "dkim_key_id": [key.pk],
            "letter_id": [draft.id, ready, released],
            "delivery_id": [Delivery.objects.of(workspace.pk).order_by("pk")[0].pk],
            "import_id": [_upload(actor, words).pk, _imported(actor, words).pk],
            "contact_id": [Contact.objects.of(workspace.pk).order_by("pk")[0].pk],
            "list_id": [contact_list.pk],
            "identity_id": [identity.pk],
            "egress_id": [relay.pk, direct.pk, service.pk],
            "provider": ["mailgun", "amazon-ses"],
            "member_id": [Member.objects.of(workspace.pk).get().pk],
            "invitation_id": [members.open_invitations(actor)[0].pk],
            "key_id": [ApiKey.objects.of(workspace.pk).get().pk],
            "entry_id": [Suppression.objects.of(workspace.pk).get().pk],
            "sandbox": [kept.pk],
        },
    )


def _ready(
    actor: Actor,
    letter: LetterDraft,
    list_id: uuid.UUID,
    identity_id: uuid.UUID,
    egress_id: uuid.UUID,
) -> uuid.UUID:
    """A draft with every step filled in."""
    row = drafts.create(actor, letter.subject)
    row = drafts.save_people(actor, row.id, row.revision, list_id)
    row = drafts.save_letter(actor, row.id, row.revision, letter, identity_id, "marketing")
    return drafts.save_sending(actor, row.id, row.revision, egress_id).id


def _upload(actor: Actor, words: Mapping[str, str]) -> Import:
    names = words["people"].split()
    rows = [f"{name},new{n}@example.jp" for n, name in enumerate(names)]
    rows += [f"{names[0]},nobody", f"{names[0]},new0@example.jp"]
    text = "\n".join([f"{words['field']},mail", *rows])
    return uploads.stage_upload(actor, file_name=f"{words['list']}.csv", data=text.encode())


def _imported(actor: Actor, words: Mapping[str, str]) -> Import:
    upload = _upload(actor, words)
    shown = uploads.preview(actor, upload.pk)
    choice = shown.proposed_choice(list_name=f"{words['list']}2", basis="consent")
    imports.start_import(actor, upload.pk, choice, queue=False)
    imports.run_import(upload.pk)
    return upload
