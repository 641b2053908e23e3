"""Settings as an owner meets them: who writes, by which way, with whom, and what the log tells."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from tests.factories import make_actor, user_of
from tests.integration.console.asks import browser_of, japanese
from tests.integration.console.desk import beside, words_of

from hatobin.accounts.models import ApiKey, AuditEntry, Member, Role, User, Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services import api_keys, audit, members
from hatobin.accounts.services.access import actor_of_member
from hatobin.accounts.services.workspaces import base_url_of
from hatobin.campaigns.services import drafts
from hatobin.common.errors import Conflict
from hatobin.console.settings.acts import ACTS, KINDS
from hatobin.senders.models import SenderIdentity

pytestmark = pytest.mark.django_db


def actor(user: User, workspace: Workspace) -> Actor:
    return actor_of_member(Member.objects.of(workspace.pk).get(user=user))


# Senders


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "Hato\r\nBcc: all@example.jp"),
        ("display_name", "Hato\u2028Bcc"),
        ("display_name", "Hato\u202egnp.exe"),
        ("display_name", "Hato\x00"),
        ("display_name", "x" * 121),
        ("address", "a@example.jp\nBcc: b@example.jp"),
        ("address", "a@example.jp, b@example.jp"),
        ("address", "Hato <a@example.jp>"),
        ("address", "nobody"),
        ("reply_to", "a@@example.jp"),
    ],
)
def test_what_cannot_stand_in_a_from_line_is_said_beside_its_field(
    owner: Client, workspace: Workspace, field: str, value: str
) -> None:
    typed = {"display_name": "Hato", "address": "hato@example.jp", "reply_to": ""} | {field: value}
    answer = owner.post("/settings/sender/new/", typed)
    assert answer.status_code == 200
    assert beside(answer, f"id_{field}")
    assert not SenderIdentity.objects.of(workspace.pk).exists()


def test_a_bad_address_is_named_in_both_languages(owner: Client) -> None:
    typed = {"display_name": "Hato", "address": "hato at example"}
    assert "hato at example" in beside(owner.post("/settings/sender/new/", typed), "id_address")
    answer = japanese(owner).post("/settings/sender/new/", typed)
    assert "「hato at example」" in beside(answer, "id_address")


def test_a_from_line_is_added_changed_made_default_and_removed(
    owner: Client, workspace: Workspace
) -> None:
    for name in ("First", "Second"):
        typed = {"display_name": name, "address": f"{name}@example.jp", "reply_to": ""}
        assert owner.post("/settings/sender/new/", typed).status_code == 302
    first, second = SenderIdentity.objects.of(workspace.pk).order_by("created_at")
    assert (first.is_default, second.is_default) == (True, False)

    changed = {"display_name": "Second", "address": "second@example.jp", "make_default": "on"}
    owner.post(f"/settings/sender/{second.pk}/", changed)
    assert [each.is_default for each in SenderIdentity.objects.of(workspace.pk).order_by("created_at")] == [
        False,
        True,
    ]  # fmt: skip
    same = {"display_name": "Second", "address": "second@example.jp"}
    clash = owner.post(f"/settings/sender/{first.pk}/", same)
    assert beside(clash, "id_address")
    owner.post(f"/settings/sender/{first.pk}/delete/")
    assert SenderIdentity.objects.of(workspace.pk).count() == 1


def test_the_legal_footer_wants_all_three_facts_on_one_line_each(owner: Client) -> None:
    facts = {"organisation": "Springfield", "postal_address": "1 Main St", "contact": "555"}
    for field in facts:
        assert beside(owner.post("/settings/sender/", facts | {field: " "}), f"id_{field}")
        broken = owner.post("/settings/sender/", facts | {field: "a\nb"})
        assert beside(broken, f"id_{field}"), field
    assert owner.post("/settings/sender/", facts).status_code == 302
    assert "1 Main St" in owner.get("/settings/sender/").content.decode()


def test_who_may_not_change_the_sender_reads_it_without_a_form(
    owner: Client, workspace: Workspace
) -> None:
    facts = {"organisation": "Springfield", "postal_address": "1 Main St", "contact": "555"}
    owner.post("/settings/sender/", facts)
    viewer = browser_of(user_of(make_actor(workspace, Role.VIEWER)))
    page = viewer.get("/settings/sender/")
    assert "1 Main St" in words_of(page)
    assert 'name="organisation"' not in page.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.jp",
        "https://x/?a",
        "https://exa mple.jp",
        "https://x.example/a\r\nBcc: evil@x.example",
        "https://x.exa\tmple",
        "https://x.example:abc",
        "https://u:p@x.example",
        "http://[::1",
        "https://x.example/" + "配" * 40,
    ],
)
def test_the_public_address_is_a_web_address(owner: Client, url: str) -> None:
    typed = {"name": "x", "language": "ja", "base_url": url}
    assert beside(owner.post("/settings/workspace/", typed), "id_base_url")


def test_a_japanese_public_address_is_kept_as_letters_can_carry_it(
    owner: Client, workspace: Workspace
) -> None:
    typed = {"name": "x", "language": "ja", "base_url": "https://広報.さくら市.example/配信/"}
    assert owner.post("/settings/workspace/", typed).status_code == 302
    assert base_url_of(workspace.pk) == (
        "https://xn--olsx0m.xn--y8jl1ny40p.example/%E9%85%8D%E4%BF%A1"
    )


@pytest.mark.parametrize(
    ("stored", "used"),
    [
        ("https://mail.example.jp/配信", "https://mail.example.jp/%E9%85%8D%E4%BF%A1"),
        ("https://u:p@mail.example.jp", "https://u:p@mail.example.jp"),
    ],
)
def test_an_address_stored_by_an_older_version_still_serves(
    workspace: Workspace, stored: str, used: str
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(base_url=stored)
    assert base_url_of(workspace.pk) == used


# Members


def test_the_last_owner_stays_one(owner: Client, hanako: User, workspace: Workspace) -> None:
    mine = Member.objects.of(workspace.pk).get(user=hanako)
    owner.post(f"/settings/members/{mine.pk}/", {"role": "viewer"})
    assert "at least one owner" in words_of(owner.get("/settings/members/"))
    owner.post(f"/settings/members/{mine.pk}/", {"act": "remove"})
    assert Member.objects.of(workspace.pk).get(user=hanako).role == "owner"

    taro = make_actor(workspace, Role.OWNER, "taro@office.example")
    owner.post(f"/settings/members/{mine.pk}/", {"role": "viewer"})
    assert owner.get("/settings/members/").status_code == 403, "at once, not at the next sign-in"
    theirs = Member.objects.of(workspace.pk).get(user=user_of(taro))
    with pytest.raises(Conflict):
        members.remove_member(taro, theirs.pk)


def test_the_page_says_how_many_keys_ended_with_a_member(
    owner: Client, workspace: Workspace
) -> None:
    taro = make_actor(workspace, Role.OWNER, "taro@example.jp")
    for name in ("CRM", "Web"):
        api_keys.create_api_key(taro, name=name, scopes=["read"], days=1)
    place = Member.objects.of(workspace.pk).get(user=user_of(taro))
    japanese(owner).post(f"/settings/members/{place.pk}/", {"act": "remove"})
    assert "この方が発行したAPIキー（2件）を無効にしました。" in words_of(
        owner.get("/settings/members/")
    )
    assert not ApiKey.objects.of(workspace.pk).filter(revoked_at=None).exists()


def test_an_invitation_is_refused_for_members_and_for_nonsense(owner: Client) -> None:
    for email in ("hanako@office.example", "nobody", "a@example.jp\nb@example.jp"):
        answer = owner.post("/settings/members/", {"email": email, "role": "viewer"})
        assert beside(answer, "id_email"), email
    bad_role = owner.post("/settings/members/", {"email": "a@example.jp", "role": "god"})
    assert beside(bad_role, "id_role")


# API keys


def test_the_only_owner_is_not_offered_to_leave(owner: Client, workspace: Workspace) -> None:
    def offers() -> list[bool]:
        rows = owner.get("/settings/members/").content.decode().split("<tr>")
        return ['value="remove"' in row for row in rows if "rows-main" in row]

    make_actor(workspace, Role.SENDER, email="taro@office.example")
    assert sorted(offers()) == [False, True]
    make_actor(workspace, Role.OWNER, email="carol@office.example")
    assert offers() == [True, True, True]


def test_a_key_is_shown_once_works_and_ends(owner: Client, workspace: Workspace) -> None:
    made = owner.post("/settings/api-keys/", {"name": "CRM", "scopes": ["read"], "days": 30})
    found = re.search(r'<code id="secret">([^<]+)<', made.content.decode())
    assert found
    secret = found.group(1)
    assert secret not in owner.get("/settings/api-keys/").content.decode()
    stored = ApiKey.objects.of(workspace.pk).get()
    assert secret.encode() not in bytes(stored.secret_hash)
    assert secret.split("_", 2)[2] not in str(vars(stored))

    bearer = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=bearer).status_code == 200
    owner.post(f"/settings/api-keys/{stored.pk}/revoke/")
    assert Client().get("/api/v1/me", headers=bearer).status_code == 401
    assert "Revoked" in words_of(owner.get("/settings/api-keys/"))


def test_a_key_ends_by_itself(owner: Client, hanako: User, workspace: Workspace) -> None:
    made = api_keys.create_api_key(actor(hanako, workspace), name="x", scopes=["read"], days=1)
    assert api_keys.actor_of_key(made.secret)
    ApiKey.objects.of(workspace.pk).update(expires_at=made.key.created_at - timedelta(seconds=1))
    assert api_keys.actor_of_key(made.secret) is None
    assert "Expired" in words_of(owner.get("/settings/api-keys/"))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", {"name": " "}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["everything"]}),
        ("days", {"days": 0}),
        ("days", {"days": 367}),
    ],
)
def test_a_key_needs_a_name_a_scope_and_an_end(
    owner: Client, workspace: Workspace, field: str, typed: dict[str, object]
) -> None:
    answer = owner.post("/settings/api-keys/", {"name": "x", "scopes": ["read"], "days": 9} | typed)
    assert beside(answer, f"id_{field}")
    assert not ApiKey.objects.of(workspace.pk).exists()


# The audit log


def test_every_act_that_is_recorded_has_a_sentence_and_a_place() -> None:
    from pathlib import Path

    import hatobin

    root = Path(hatobin.__file__).parent
    recorded = set()
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        recorded |= set(re.findall(r'"([a-z-]+\.[a-z-]+)"', text)) & set(_codes(text))
    assert len(recorded) > 40
    assert recorded <= set(ACTS)
    for code in ACTS:
        assert any(code.startswith(kind) for kinds in KINDS.values() for kind in kinds), code


def _codes(text: str) -> list[str]:
    """Codes beside a call of ``record``, and those kept as constants for it."""
    calls = re.findall(r'record(?:_for_user)?\(\s*[^()]*?(?:\([^()]*\))?,\s*"([a-z.-]+)"', text)
    return calls + re.findall(r'^_[A-Z]+ = "([a-z-]+\.[a-z-]+)"$', text, re.M)


def test_the_log_reads_as_sentences_with_names_in_both_languages(
    owner: Client, hanako: User, workspace: Workspace
) -> None:
    me = actor(hanako, workspace)
    taro = make_actor(workspace, Role.SENDER, "taro@office.example")
    User.objects.filter(pk=user_of(taro).pk).update(name="鈴木 太郎")
    place = Member.objects.of(workspace.pk).get(user=user_of(taro))
    owner.post(f"/settings/members/{place.pk}/", {"role": "approver"})
    made = api_keys.create_api_key(me, name="CRM", scopes=["read"], days=1)
    by_key = api_keys.actor_of_key(made.secret)
    assert by_key
    audit.record(by_key, "list.created")
    words = words_of(owner.get("/settings/audit-log/"))
    assert "山田 花子 Changed a member's role 鈴木 太郎" in words
    assert "API key “CRM”" in words
    assert "member.role-changed" not in words
    assert "メンバーの役割" in words_of(japanese(owner).get("/settings/audit-log/"))


def test_who_is_gone_and_who_has_no_account_is_said_in_words(
    owner: Client, workspace: Workspace
) -> None:
    for label in ("command:root", "engine", "recipient:7", "user:" + str(workspace.pk)):
        AuditEntry.objects.create(workspace=workspace, actor=label, action="letter.saved")
    words = words_of(owner.get("/settings/audit-log/"))
    for part in ("Terminal (root)", "Hatobin itself", "link", "account"):
        assert part in words
    assert "recipient:" not in words
    assert "user:" not in words


def test_the_log_has_pages_kinds_and_one_persons_acts(
    owner: Client, hanako: User, workspace: Workspace
) -> None:
    me = actor(hanako, workspace)
    for _number in range(60):
        audit.record(me, "list.renamed")
    taro = make_actor(workspace, Role.SENDER, "taro@office.example")
    audit.record(taro, "letter.saved")
    first = owner.get("/settings/audit-log/")
    assert first.context["page"].pages == 2
    assert "?page=2" in first.content.decode()
    assert owner.get("/settings/audit-log/?page=99").context["page"].page == 2
    letters = owner.get("/settings/audit-log/?about=letters").context["page"]
    assert letters.total == 1
    his = owner.get(f"/settings/audit-log/?who=user:{taro.user_id}").context["page"]
    assert [line.entry.action for line in his.lines] == ["letter.saved"]
    nobody = owner.get("/settings/audit-log/?about=nonsense&who=user:x")
    assert nobody.status_code == 200


def test_one_press_is_one_line_that_names_its_letter(
    owner: Client, hanako: User, workspace: Workspace
) -> None:
    me = actor(hanako, workspace)
    letter = drafts.create(me, "夏の講座")
    dispatch = uuid.uuid4()
    audit.record(me, "dispatch.released", subject=str(dispatch), people=3)
    audit.record(me, "letter.released", subject=str(letter.id), people=3)
    drafts.delete_draft(me, drafts.create(me, "古い下書き").id)
    page = owner.get("/settings/audit-log/?about=letters").content.decode()
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in page.split("<tr>")[2:]]
    assert len(rows) == 4
    assert [("夏の講座" in row) for row in rows] == [False, False, True, True]
    assert f'href="/letters/{letter.id}/"' in page


def test_the_log_offers_no_way_to_change_it(owner: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert owner.generic(method, "/settings/audit-log/").status_code == 405
