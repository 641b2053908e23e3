"""The made-up office of a measurement: people, letter, road, and its release."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from django.db import connection

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.sealing import vault_of
from hatobin.accounts.services.workspaces import create_workspace
from hatobin.audience.models import ContactList, Field
from hatobin.audience.people import seal_person
from hatobin.content.compile import compile_letter
from hatobin.content.letters import CompiledLetter, LegalFooter, LetterDraft
from hatobin.delivery.services.egress import save_direct, save_relay
from hatobin.delivery.services.release import release, seal_of
from hatobin.senders.frozen import FrozenSender
from hatobin.senders.services.domains import add_domain
from hatobin.senders.services.key_making import generate_key
from hatobin.senders.services.key_use import activate
from hatobin.wire.address import parse_address
from hatobin.wire.dkim import record_text

_NAMES = ("氏名", "会社名", "会員番号", "期限", "しるし")
_SENDER = FrozenSender(
    display_name="さくら市 広報課",
    address="news@office.example",
    reply_to="kouhou@office.example",
    organisation="さくら市役所",
    postal_address="〒000-0000 さくら市中央1-1",
    contact="広報課 kouhou@office.example",
)
_BASE_URL = "https://hatobin.example"
_SENTENCE = "いつもさくら市の広報をご覧いただき、ありがとうございます。冬の講座と年末年始の窓口をご案内します。"
_COLUMNS = "workspace_id, address_key, domain, sealed, fields, search_keys, revision, created_at, updated_at"


def open_office() -> tuple[Workspace, Actor]:
    """A workspace and who acts in it."""
    workspace = create_workspace("計測", None)
    rights = frozenset(Right)
    return workspace, Actor(workspace_id=workspace.pk, rights=rights, label="bench")


def fill_list(workspace: Workspace, count: int, domains: int = 50) -> ContactList:
    """A list with so many people at so many domains, sealed as an import seals them."""
    for position, name in enumerate(_NAMES):
        Field.objects.create(workspace=workspace, name=name, position=position)
    people = ContactList.objects.create(workspace=workspace, name="計測", field_names=list(_NAMES))
    vault = vault_of(workspace.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now = cursor.fetchone()[0]
        with cursor.copy(f"COPY audience_contact ({_COLUMNS}) FROM STDIN") as rows:
            for number in range(count):
                address = parse_address(f"reader{number:07}@mail{number % domains:05}.example")
                key = vault.address_key(address.key_form)
                personal = {"氏名": f"読者 {number:07}", "会社名": f"株式会社さくら{number % 977}"}
                fields = {
                    "会員番号": f"S-{number:08}",
                    "期限": f"2027年{number % 12 + 1}月末日",
                    "しるし": f"{number * 2_654_435_761 % (1 << 64):022x}",
                }
                sealed = seal_person(vault, key, address.email, personal)
                values = (workspace.pk, key, address.domain, sealed, json.dumps(fields))
                rows.write_row((*values, [], 1, now, now))
        cursor.execute(
            "INSERT INTO audience_subscription"
            " (workspace_id, list_id, contact_id, position, basis, state, source, created_at)"
            " SELECT workspace_id, %s, id, row_number() OVER (ORDER BY id), 'consent', 'subscribed', '',"
            " now() FROM audience_contact WHERE workspace_id = %s",
            [people.pk, workspace.pk],
        )
        cursor.execute("VACUUM ANALYZE audience_contact, audience_subscription")
    return people


def letter() -> CompiledLetter:
    """10 KB of HTML and text: four merged values, three links and a picture for each person."""
    link = "https://hatobin.example/c/{{ しるし }}"
    paragraphs = "".join(f"<p>{_SENTENCE}</p>\n" for _number in range(16))
    lines = "".join(f"{_SENTENCE}\n" for _number in range(6))
    html = (
        "<h2>冬のお知らせ</h2><p>{{ 氏名 }} 様（{{ 会社名 }}）</p>\n"
        f"{paragraphs}<p>会員番号 {{{{ 会員番号 }}}}、期限 {{{{ 期限 }}}}</p>\n"
        + "".join(f'<p><a href="{link}/{n}">ご案内 {n}</a></p>\n' for n in (1, 2, 3))
        + f'<p><img src="{link}/p.png" width="1" height="1" alt="" /></p>'
    )
    text = (
        "{{ 氏名 }} 様（{{ 会社名 }}）\n\n"
        f"{lines}\n会員番号 {{{{ 会員番号 }}}}、期限 {{{{ 期限 }}}}\n"
        + "".join(f"{link}/{n}\n" for n in (1, 2, 3))
    )
    return compile_letter(
        LetterDraft(mode="rich", subject="冬のお知らせ（{{ 氏名 }} 様）", text=text, html=html),
        kind="marketing",
        language="ja",
        field_names=_NAMES,
        footer=LegalFooter(
            organisation=_SENDER.organisation,
            postal_address=_SENDER.postal_address,
            contact=_SENDER.contact,
        ),
    )


def sign_with(actor: Actor, algorithm: str) -> None:
    """A key that signs, without asking a DNS that does not know it."""
    domain = add_domain(actor, name=parse_address(_SENDER.address).domain)
    for kind in ("rsa", "ed25519") if algorithm == "ed25519" else ("rsa",):
        key = generate_key(actor, domain.pk, algorithm=kind)
        record = record_text("rsa" if kind == "rsa" else "ed25519", key.public)
        activate(actor, domain.pk, key.pk, published=[record])


def make_road(actor: Actor, host: str, port: int, connections: int) -> UUID:
    """A relay without TLS: what is measured is us, not the cipher."""
    road = save_relay(actor, name="計測", host=host, port=port, tls="none", connections=connections)
    return road.pk


def make_direct_road(actor: Actor) -> UUID:
    """Straight to the servers of each domain."""
    source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
    return save_direct(actor, name="計測", sources=[source], connections=20).pk


def let_go(actor: Actor, people: ContactList, road: UUID) -> UUID:
    """Checked and released in one breath, without a hold."""
    compiled = letter()
    seal = seal_of(actor.workspace_id, people.pk, compiled, _SENDER, _BASE_URL, road)
    dispatch = release(
        actor,
        list_id=people.pk,
        egress_id=road,
        letter=compiled,
        sender=_SENDER,
        base_url=_BASE_URL,
        seal=seal.hash,
        hold=timedelta(),
        expires_in=timedelta(days=1),
    )
    return dispatch.pk
