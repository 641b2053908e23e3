"""The ways in: the first owner, invitations, signing in, and being signed out elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from tests.factories import PASSWORD, make_actor, make_owner, make_workspace, user_of
from tests.integration.console.desk import words_of

from hatobin.accounts.models import AuditEntry, Invitation, Member, User, Workspace
from hatobin.accounts.services import members
from hatobin.accounts.services.access import actor_of_member
from hatobin.accounts.services.setup import issue_setup_token, reset_password
from hatobin.console.entrance.browsers import browser_words

pytestmark = pytest.mark.django_db

OWNER = {
    "workspace_name": "さくら市役所",
    "name": "山田 花子",
    "email": "hanako@office.example",
    "password": PASSWORD,
    "password_again": PASSWORD,
}
JOINING = {"name": "太郎", "password": PASSWORD, "password_again": PASSWORD}


@pytest.fixture(autouse=True)
def no_counts() -> None:
    """Attempts are counted across requests: each story begins at none."""
    cache.clear()


def browser(language: str = "en", **headers: str) -> Client:
    client = Client(headers=headers or None)
    client.cookies["hatobin_language"] = language
    return client


def sign_in(client: Client, email: str, password: str, **more: str) -> HttpResponse:
    answer = client.post("/sign-in/", {"login": email, "password": password, **more})
    assert isinstance(answer, HttpResponse)
    return answer


def signed_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


# First start


def test_before_the_first_owner_the_sign_in_page_says_where_the_key_is() -> None:
    assert "printed in its terminal" in words_of(browser().get("/sign-in/"))
    make_owner(make_workspace())
    assert "printed in its terminal" not in words_of(browser().get("/sign-in/"))


def test_the_link_from_the_terminal_makes_the_owner_once() -> None:
    token = issue_setup_token()
    client = browser()
    assert client.get(f"/setup/{token}").status_code == 200
    made = client.post(f"/setup/{token}", OWNER)
    assert (made.status_code, made["Location"]) == (302, "/")
    assert "さくら市役所" in words_of(client.get("/"))
    for again in (browser().get(f"/setup/{token}"), browser().post(f"/setup/{token}", OWNER)):
        assert again.status_code == 422
        assert "already has an owner" in words_of(again)
    assert issue_setup_token() is None


def test_the_first_owner_can_send_into_the_sandbox_at_once() -> None:
    client = browser()
    client.post(f"/setup/{issue_setup_token()}", OWNER)
    assert "Sandbox" in words_of(client.get("/settings/roads/"))
    assert "nothing leaves this machine" in words_of(client.get("/"))


def test_looking_at_the_link_or_a_mistake_in_the_form_does_not_use_it_up() -> None:
    token = issue_setup_token()
    client = browser()
    for wrong in (
        {"password_again": "another-password"},
        {"password": "12345", "password_again": "12345"},
        {"email": "not an address"},
        {"workspace_name": " "},
    ):
        answer = client.post(f"/setup/{token}", OWNER | wrong)
        assert answer.status_code == 200
        assert "Problem:" in words_of(answer)
        assert not User.objects.exists()
    assert client.post(f"/setup/{token}", OWNER).status_code == 302


def test_a_guess_and_the_link_of_an_earlier_start_do_not_open() -> None:
    earlier = issue_setup_token()
    now = issue_setup_token()
    assert earlier != now
    for token in (earlier, "A" * 32, "x"):
        answer = browser().post(f"/setup/{token}", OWNER)
        assert answer.status_code == 422
        assert "Start Hatobin again" in words_of(answer)
    assert not User.objects.exists()
    assert browser().post(f"/setup/{now}", OWNER).status_code == 302


def test_the_link_is_long_and_only_its_hash_is_stored() -> None:
    from hatobin.accounts.models import SetupToken

    token = issue_setup_token()
    assert token
    assert len(token) >= 32
    assert token.encode() not in bytes(SetupToken.objects.get().token_hash)


@pytest.mark.parametrize(
    "password",
    ["short", "1234567890", "hanako@office.example", "password123", "          "],
)
def test_weak_passwords_are_refused_with_the_rule(password: str) -> None:
    token = issue_setup_token()
    again = {"password": password, "password_again": password}
    answer = browser("ja").post(f"/setup/{token}", OWNER | again)
    assert answer.status_code == 200
    assert "パスワード" in words_of(answer)
    assert not User.objects.exists()


def test_passwords_are_kept_with_argon2() -> None:
    user = make_owner(make_workspace())
    assert user.password.startswith("argon2$argon2id$")


# Invitations


def invite(email: str = "taro@office.example", role: str = "sender") -> tuple[Workspace, str]:
    workspace = make_workspace("Springfield")
    return workspace, members.invite(make_actor(workspace), email=email, role=role)


def test_an_owner_invites_and_the_person_joins_with_the_role() -> None:
    workspace = make_workspace("Springfield")
    owner = browser()
    owner.force_login(make_owner(workspace))
    page = owner.post("/settings/members/", {"email": "Taro@Office.example", "role": "viewer"})
    found = re.search(r"/invitation/([\w-]+)", page.content.decode())
    assert found
    assert found.group(0) not in owner.get("/settings/members/").content.decode()

    taro = browser()
    assert "invites you" in words_of(taro.get(found.group(0)))
    assert taro.post(found.group(0), JOINING).status_code == 302
    assert "Springfield" in words_of(taro.get("/"))
    member = Member.objects.of(workspace.pk).get(user__email="taro@office.example")
    assert member.role == "viewer"
    joined = AuditEntry.objects.of(workspace.pk).get(action="member.joined")
    assert (joined.actor, joined.detail) == (f"user:{member.user_id}", {"role": "viewer"})


def test_an_invitation_is_over_once_used_withdrawn_replaced_or_old() -> None:
    workspace, token = invite()
    owner = actor_of_member(Member.objects.of(workspace.pk).get(role="owner"))
    second = members.invite(owner, email="taro@office.example", role="viewer")
    assert browser().get(f"/invitation/{token}").status_code == 422, "replaced"

    members.withdraw_invitation(owner, members.open_invitations(owner)[0].pk)
    assert browser().post(f"/invitation/{second}", JOINING).status_code == 422, "withdrawn"

    third = members.invite(owner, email="taro@office.example", role="viewer")
    Invitation.objects.of(workspace.pk).update(expires_at="2020-01-01T00:00Z")
    assert browser().post(f"/invitation/{third}", JOINING).status_code == 422, "old"

    fourth = members.invite(owner, email="taro@office.example", role="viewer")
    assert browser().post(f"/invitation/{fourth}", JOINING).status_code == 302
    answer = browser().post(f"/invitation/{fourth}", JOINING | {"name": "次郎"})
    assert answer.status_code == 422, "used"
    assert "Ask an owner" in words_of(answer)


def test_an_invitation_works_for_seven_days() -> None:
    workspace, _token = invite()
    row = Invitation.objects.of(workspace.pk).get()
    assert row.expires_at - row.created_at >= timedelta(days=6, hours=23)


def test_who_has_an_account_signs_in_and_joins_with_one_button() -> None:
    workspace, token = invite()
    first = make_workspace("Shelbyville")
    taro = make_owner(first, "taro@office.example")
    client = browser()
    page = client.get(f"/invitation/{token}")
    assert "has an account already" in words_of(page)
    assert 'type="password"' not in page.content.decode()
    back = sign_in(client, taro.email, PASSWORD, next=f"/invitation/{token}")
    assert back["Location"] == f"/invitation/{token}"
    client.post(f"/invitation/{token}")
    assert "You are a member of “Springfield” now." in words_of(client.get("/"))
    roles = Member.objects.across_workspaces().filter(user=taro).values_list("workspace", "role")
    assert set(roles) == {(first.pk, "owner"), (workspace.pk, "sender")}


def test_an_invitation_for_somebody_else_is_not_taken() -> None:
    workspace, token = invite()
    jiro = make_owner(make_workspace("Shelbyville"), "jiro@office.example")
    client = browser()
    client.force_login(jiro)
    assert "The invitation is for taro@office.example" in words_of(
        client.get(f"/invitation/{token}")
    )
    assert client.post(f"/invitation/{token}").status_code == 422
    assert not Member.objects.of(workspace.pk).filter(user=jiro).exists()


def test_an_older_invitation_takes_nothing_from_a_member() -> None:
    workspace, token = invite(role="viewer")
    taro = make_owner(workspace, "taro@office.example")
    members.accept_as_user(token, taro)
    assert Member.objects.of(workspace.pk).get(user=taro).role == "owner"


# Signing in


def test_an_unknown_address_and_a_wrong_password_look_the_same() -> None:
    make_owner(make_workspace())
    known = sign_in(browser(), "hanako@office.example", "wrong-wrong-wrong")
    unknown = sign_in(browser(), "nobody@office.example", "wrong-wrong-wrong")
    assert known.status_code == unknown.status_code == 200

    def told(answer: HttpResponse) -> str:
        return words_of(answer).replace("nobody@office.example", "hanako@office.example")

    assert told(known) == told(unknown)
    assert "mail address or the password is not right" in told(known)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Wait five minutes"), ("ja", "5分ほど待ってから")]
)
def test_after_five_wrong_passwords_even_the_right_one_waits(language: str, sentence: str) -> None:
    hanako = make_owner(make_workspace())
    for attempt in range(5):
        answer = sign_in(browser(language), hanako.email, "wrong-wrong-wrong")
        assert sentence not in words_of(answer), attempt
    client = browser(language)
    answer = sign_in(client, hanako.email, PASSWORD)
    assert sentence in words_of(answer)
    assert not signed_in(client)


def test_the_count_holds_for_every_process_and_for_made_up_ports() -> None:
    assert "db.DatabaseCache" in settings.CACHES["default"]["BACKEND"], "shared by processes"
    hanako = make_owner(make_workspace())
    for number in range(5):
        sign_in(browser(host=f"localhost:{9000 + number}"), hanako.email, "wrong-wrong-wrong")
    answer = sign_in(browser(host="localhost:1"), hanako.email.upper(), PASSWORD)
    assert "Wait five minutes" in words_of(answer)


def from_network(address: str) -> Client:
    client = browser()
    client.defaults["REMOTE_ADDR"] = address
    return client


def test_a_stranger_from_elsewhere_does_not_lock_the_owner_out() -> None:
    hanako = make_owner(make_workspace())
    for _again in range(8):
        answer = sign_in(from_network("203.0.113.9"), hanako.email, "wrong-wrong-wrong")
    assert "Wait five minutes" in words_of(answer)
    assert sign_in(from_network("198.51.100.7"), hanako.email, PASSWORD).status_code == 302
    # One IPv6 customer has a whole network of addresses.
    for number in range(5):
        sign_in(from_network(f"2001:db8::{number + 1}"), hanako.email, "wrong-wrong-wrong")
    answer = sign_in(from_network("2001:db8::99"), hanako.email, PASSWORD)
    assert "Wait five minutes" in words_of(answer)


def test_many_networks_together_may_not_guess_without_end() -> None:
    hanako = make_owner(make_workspace())
    for number in range(100):
        answer = sign_in(from_network(f"203.0.113.{number}"), hanako.email, "wrong-wrong-wrong")
        assert "from several places" not in words_of(answer), number
        if number % 10 == 0:  # a right one is taken back
            right = sign_in(from_network("198.51.100.7"), hanako.email, PASSWORD)
            assert right.status_code == 302
    for network in ("198.51.100.7", "192.0.2.1"):
        answer = sign_in(from_network(network), hanako.email.title(), PASSWORD)
        assert "from several places" in words_of(answer)
    jiro = make_owner(make_workspace("Shelbyville"), "jiro@office.example")
    assert sign_in(from_network("192.0.2.1"), jiro.email, PASSWORD).status_code == 302


def test_one_machine_may_not_try_many_addresses() -> None:
    make_owner(make_workspace())
    for number in range(10):
        sign_in(browser(), f"guess{number}@office.example", "wrong-wrong-wrong")
    answer = sign_in(browser(), "guess99@office.example", "wrong-wrong-wrong")
    assert "Wait five minutes" in words_of(answer)


def test_who_signs_in_often_and_rightly_is_not_counted_as_wrong() -> None:
    hanako = make_owner(make_workspace())
    for _again in range(7):
        assert sign_in(browser(), hanako.email, PASSWORD).status_code == 302


def test_nobody_signs_up_by_themselves() -> None:
    for path in ("/signup/", "/accounts/signup/", "/sign-up/", "/password/reset/"):
        assert browser().get(path).status_code == 404


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_next_leads_only_into_the_house(target: str) -> None:
    hanako = make_owner(make_workspace())
    client = browser()
    answer = client.post("/sign-in/", {"login": hanako.email, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    for path in ("/theme/", "/i18n/setlang/"):
        moved = client.post(path, {"next": target, "theme": "dark", "language": "en"})
        assert moved["Location"] == "/", path
    assert client.post("/sign-out/", {"next": target})["Location"] == "/sign-in/"


def test_signing_out_wants_a_post() -> None:
    client = browser()
    client.force_login(make_owner(make_workspace()))
    client.get("/sign-out/")
    assert signed_in(client)
    client.post("/sign-out/")
    assert not signed_in(client)


# Sessions


def two_browsers() -> tuple[User, Client, Client]:
    hanako = make_owner(make_workspace())
    office, home = (
        browser(**{"user-agent": f"Mozilla/5.0 ({system}) AppleWebKit Chrome/120 Safari/537"})
        for system in ("Windows NT 10.0", "Macintosh")
    )
    for client in (office, home):
        assert sign_in(client, hanako.email, PASSWORD).status_code == 302
        assert signed_in(client)
    return hanako, office, home


def test_a_revoked_session_is_out_at_its_next_click() -> None:
    _hanako, office, home = two_browsers()
    page = office.get("/account/sessions/")
    assert "Google Chrome (Mac)" in words_of(page)
    (number,) = re.findall(r'name="session" value="(\d+)"', page.content.decode())
    office.post("/account/sessions/", {"session": number})
    assert signed_in(office)
    assert not signed_in(home)
    answer = home.get("/")
    assert answer["Location"].startswith("/sign-in/")
    assert office.post("/account/sessions/", {"session": number}).status_code == 404


def test_all_other_sessions_end_with_one_button() -> None:
    _hanako, office, home = two_browsers()
    office.post("/account/sessions/")
    assert signed_in(office)
    assert not signed_in(home)


def test_nobody_ends_the_sessions_of_somebody_else() -> None:
    _hanako, office, _home = two_browsers()
    (number,) = re.findall(
        r'name="session" value="(\d+)"', office.get("/account/sessions/").content.decode()
    )
    mallory = browser()
    mallory.force_login(make_owner(make_workspace("other"), "mallory@other.example"))
    assert mallory.post("/account/sessions/", {"session": number}).status_code == 404
    assert signed_in(office)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one() -> None:
    hanako, office, home = two_browsers()
    new = "atarashii-hato-2026"
    changed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    wrong = office.post("/account/password/", changed | {"oldpassword": "not-it-at-all"})
    assert "not your password now" in words_of(wrong)
    assert signed_in(home)
    assert office.post("/account/password/", changed).status_code == 302
    assert "Your password is changed" in words_of(office.get("/"))
    assert not signed_in(home)
    assert sign_in(browser(), hanako.email, PASSWORD).status_code == 200
    assert sign_in(browser(), hanako.email, new).status_code == 302


def test_a_password_reset_from_the_terminal_ends_every_session() -> None:
    hanako, office, home = two_browsers()
    reset_password(email=hanako.email, password="atarashii-hato-2026", operator="root")
    assert not signed_in(office)
    assert not signed_in(home)


def test_the_log_of_each_workspace_tells_of_sign_ins_and_passwords() -> None:
    hanako, office, _home = two_browsers()
    second = make_workspace("second", hanako)
    reset_password(email=hanako.email, password="atarashii-hato-2026", operator="root")
    client = browser()
    sign_in(client, hanako.email, "atarashii-hato-2026")
    told = AuditEntry.objects.of(second.pk).order_by("id").values_list("action", "actor")
    assert list(told) == [
        ("workspace.created", f"user:{hanako.pk}"),
        ("user.password-reset", "command:root"),
        ("user.signed-in", f"user:{hanako.pk}"),
    ]
    del office


def test_a_removed_member_is_out_at_the_next_click() -> None:
    workspace = make_workspace()
    owner = make_actor(workspace)
    taro = make_actor(workspace, "sender", "taro@office.example")
    client = browser()
    client.force_login(user_of(taro))
    assert signed_in(client)
    members.remove_member(owner, Member.objects.of(workspace.pk).get(user=user_of(taro)).pk)
    assert client.get("/")["Location"] == "/no-workspace/"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/126 Safari/537 Edg/126", "Microsoft Edge (Windows)"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604", "Safari (iPhone)"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko Firefox/127.0", "Firefox (Linux)"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537", "Google Chrome (Android)"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)  # fmt: skip
def test_browsers_are_named_as_their_owners_know_them(agent: str, words: str) -> None:
    assert browser_words(agent) == words
