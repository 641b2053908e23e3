"""Keys: what opens, what does not, and what happens to those who guess."""

from __future__ import annotations

import uuid
from datetime import timedelta

from tests.factories import make_workspace
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.accounts.models import ApiKey, AuditEntry, User
from hatobin.accounts.services.api_keys import revoke_api_key
from hatobin.api import auth
from hatobin.common import clock


def key_of(stage: Stage, caller: Caller) -> ApiKey:
    return ApiKey.objects.of(stage.workspace.pk).get(prefix=caller.key.rsplit("_", 1)[0][:11])


def test_a_key_says_where_it_is_and_what_it_may(stage: Stage) -> None:
    answer = make_caller(stage, ["lists"]).get("/me")
    assert answer.status == 200
    assert answer.body == {"workspace": stage.workspace.name, "rights": ["edit-lists", "view"]}


def test_without_a_key_the_answer_says_how_to_send_one(stage: Stage) -> None:
    answer = Caller("").get("/lists")
    assert (answer.status, answer.code) == (401, "no-api-key")
    assert "Authorization: Bearer" in answer.body["advice"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_cookie_of_a_signed_in_person_opens_nothing(stage: Stage) -> None:
    person = Caller("")
    user_id = stage.alice.user_id
    assert user_id is not None
    person.client.force_login(User.objects.get(pk=user_id))
    assert person.post("/lists", {"name": "x"}).code == "no-api-key"


def test_a_key_that_expired_was_revoked_or_is_cut_opens_nothing(stage: Stage) -> None:
    expired, revoked = make_caller(stage), make_caller(stage)
    row = key_of(stage, expired)
    row.expires_at = clock.now() - timedelta(seconds=1)
    row.save()
    revoke_api_key(stage.alice, key_of(stage, revoked).pk)
    good = make_caller(stage)
    for key in (expired.key, revoked.key, good.key[:-1], good.key + "x", "hb_", "x", "ｈｂ_鍵"):
        answer = Caller(key).get("/lists")
        assert (answer.status, answer.code) == (401, "bad-api-key"), key
    assert good.get("/lists").status == 200


def test_the_secret_is_nowhere_in_the_database(stage: Stage, caller: Caller) -> None:
    row = key_of(stage, caller)
    secret = caller.key.encode()
    assert secret not in bytes(row.secret_hash)
    assert caller.key not in str(row.__dict__)
    assert row.secret_hash


def test_a_key_of_another_office_sees_nothing_of_this_one(stage: Stage, caller: Caller) -> None:
    letter = stage.draft()
    other = make_stage(name="みどり町役場")
    stranger = make_caller(other)
    for path in (
        f"/lists/{stage.people.pk}",
        f"/lists/{stage.people.pk}/people",
        f"/campaigns/{letter.id}",
        f"/campaigns/{letter.id}/preview",
    ):
        assert caller.get(path).status == 200, path
        assert stranger.get(path).status == 404, path
    body = {"name": "x", "list_id": str(stage.people.pk)}
    assert stranger.post("/campaigns", body).code == "no-list"
    assert stranger.post(f"/campaigns/{letter.id}/stop").status == 404
    assert stranger.get("/campaigns").body["total"] == 0
    assert [each["id"] for each in stranger.get("/lists").body] == [str(other.people.pk)]


def test_who_guesses_keys_is_slowed_down_and_a_good_key_still_works(
    stage: Stage, caller: Caller
) -> None:
    for _attempt in range(auth.GUESSES):
        assert Caller(f"hb_{uuid.uuid4().hex}").get("/lists").status == 401
    answer = Caller("hb_guess").get("/lists")
    assert (answer.status, answer.code) == (429, "too-many-keys")
    assert int(answer.headers["Retry-After"]) > 0
    assert caller.get("/lists").status == 200


def test_what_a_key_did_stands_in_the_audit_log_under_its_name(
    stage: Stage, caller: Caller
) -> None:
    caller.post("/lists", {"name": "新しい会員"})
    entry = AuditEntry.objects.of(stage.workspace.pk).get(action="list.created")
    assert entry.actor == f"api:{key_of(stage, caller).prefix}"


def test_a_workspace_without_members_is_no_hole(db: None) -> None:
    make_workspace("空")
    assert Caller("").get("/me").status == 401
