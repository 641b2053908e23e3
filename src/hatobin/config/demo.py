"""The demo workspace: fictitious people, a sender, a first draft, all through the ordinary services."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hatobin.config.env import Settings

if TYPE_CHECKING:
    from hatobin.accounts.models import User
    from hatobin.accounts.rules import Actor

_EMAIL = "demo@hatobin.example"
_LETTER = """<h2>12月のお知らせ</h2>
<p>{{ 氏名 | 敬称: "様" }}（{{ 会社名 }}）</p>
<p>いつもさくら市の広報をご覧いただき、ありがとうございます。年末年始の窓口と、冬のイベントをご案内します。</p>
<h3>年末年始の窓口</h3>
<ul><li>12月29日（火）から1月3日（日）まで、市役所の窓口はお休みです。</li>
<li>証明書のコンビニ交付は、ふだんどおりご利用になれます。</li></ul>
<h3>冬のイベント</h3>
<p>くわしくは <a href="https://www.sakura-city.example/winter">冬のイベントのページ</a> をご覧ください。</p>
<p>会員番号: {{ 会員番号 }}</p>"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """How to sign in to the demo."""

    email: str
    password: str


def create(settings: Settings) -> None:
    """Makes the demo workspace with its owner, 1,000 people, a sender and a draft."""
    from hatobin.accounts.services.setup import create_person
    from hatobin.accounts.services.workspaces import create_workspace
    from hatobin.delivery.services.egress import ensure_sandbox

    access = SignIn(email=_EMAIL, password=secrets.token_urlsafe(9))
    _keep(settings, access)
    owner = create_person(
        email=access.email, name="鳩山 さくら", password=access.password, language="ja"
    )
    workspace = create_workspace("さくら市役所（デモ）", owner, demo=True)
    ensure_sandbox(workspace.pk)
    _fill(owner)


def sign_in(settings: Settings) -> SignIn | None:
    """How to sign in to the demo, while its password is the one that was made."""
    path = settings.data_dir / "secrets" / "demo.json"
    if not path.exists():
        return None
    from hatobin.accounts.models import User

    access = SignIn(**json.loads(path.read_text(encoding="utf-8")))
    owner = User.objects.filter(email=access.email).first()
    return access if owner and owner.check_password(access.password) else None


def _fill(owner: User) -> None:
    from hatobin.accounts.services.access import access_workspace
    from hatobin.audience.demo_people import as_csv, office_people
    from hatobin.audience.models import ConsentBasis
    from hatobin.audience.services import imports
    from hatobin.senders import services as senders

    _workspace, actor = access_workspace(owner)
    senders.save_profile(
        actor,
        organisation="さくら市役所（デモ）",
        postal_address="〒000-0000 さくら県さくら市中央1-1-1",
        contact="広報課 00-0000-0000",
    )
    identity = senders.save_identity(
        actor, display_name="さくら市 広報課", address="kouhou@sakura-city.example"
    )
    upload = imports.import_file(
        actor,
        file_name="会員名簿.csv",
        data=as_csv(office_people(), encoding="cp932"),
        list_name="広報メール会員",
        basis=ConsentBasis.CONSENT,
        columns={},
        queue=False,
    )
    imports.run_import(upload.pk)
    _write_draft(actor, identity.pk)


def _write_draft(actor: Actor, identity_id: uuid.UUID) -> None:
    from hatobin.audience import queries as audience
    from hatobin.campaigns.services import drafts
    from hatobin.content.letters import LetterDraft

    letter = drafts.create(actor, "12月のお知らせ")
    (members,) = audience.lists(actor)
    letter = drafts.save_people(actor, letter.id, letter.revision, members.id)
    draft = LetterDraft(
        subject="{{ 氏名 }} 様へ 12月のお知らせ",
        preheader="年末年始の窓口と、冬のイベントのご案内です。",
        html=_LETTER,
        fallbacks={"会社名": "個人会員"},
    )
    drafts.save_letter(actor, letter.id, letter.revision, draft, identity_id, "notice")


def _keep(settings: Settings, access: SignIn) -> None:
    folder = settings.data_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "demo.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(access), file)
