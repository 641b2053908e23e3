"""A letter's whole way, as a program goes it, and everything that a release refuses."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

from hatobin.audience.services import people
from hatobin.campaigns.services import drafts
from hatobin.delivery.models import Delivery, DeliveryState, Dispatch, DispatchKind, DispatchState
from hatobin.senders.services import save_identity

HELLO = {"subject": "{{ 氏名 }} 様へ", "text": "{{ 氏名 }} 様\n\nこんにちは。\n"}


@pytest.fixture
def letter(stage: Stage, caller: Caller) -> str:
    """A draft with everything filled in."""
    body = {"name": "夏の講座", "kind": "notice", "list_id": str(stage.people.pk), "letter": HELLO}
    made = caller.post("/campaigns", body)
    assert made.status == 201, made.body
    return f"/campaigns/{made.body['id']}"


def release(caller: Caller, letter: str, **changed: Any) -> Any:
    check = caller.post(f"{letter}/check").body
    body = {"number": check["sendable"], "seal": check["seal"], "hold_seconds": 60} | changed
    return caller.post(f"{letter}/release", body)


def test_a_draft_takes_the_defaults_and_changes_in_parts(
    stage: Stage, caller: Caller, letter: str
) -> None:
    now = caller.get(letter).body
    assert now["status"] == "draft"
    assert now["people"] == 3
    assert (now["sender_id"], now["egress_id"]) == (str(stage.identity.pk), str(stage.egress.pk))
    assert now["letter"]["text"] == HELLO["text"]
    changed = caller.patch(letter, {"revision": now["revision"], "name": "秋の講座"}).body
    assert (changed["name"], changed["letter"]) == ("秋の講座", now["letter"])
    stale = caller.patch(letter, {"revision": now["revision"], "name": "冬の講座"})
    assert (stale.status, stale.code) == (409, "saved-meanwhile")
    assert caller.get("/campaigns", status="draft").body["items"][0]["name"] == "秋の講座"
    assert caller.get("/campaigns", status="done").body["items"] == []


def test_the_check_says_who_gets_what_and_the_preview_shows_it(caller: Caller, letter: str) -> None:
    check = caller.post(f"{letter}/check").body
    assert (check["people"], check["sendable"], check["can_send"]) == (3, 3, True)
    shown = caller.get(f"{letter}/preview", index=1).body
    assert shown["subject"] == "鈴木太郎 様へ"
    assert shown["address"] == "taro@example.jp"
    assert caller.get(f"{letter}/preview", index=3).status == 404


def test_a_key_that_may_not_see_people_previews_field_names(
    stage: Stage, caller: Caller, letter: str
) -> None:
    shown = make_caller(stage, ["read"]).get(f"{letter}/preview")
    assert shown.body["subject"] == "［氏名］ 様へ"
    assert "花子" not in shown.raw.decode()


def test_released_twice_with_the_same_seal_is_released_once(caller: Caller, letter: str) -> None:
    check = caller.post(f"{letter}/check").body
    body = {"number": 3, "seal": check["seal"], "hold_seconds": 60}
    first, second = (caller.post(f"{letter}/release", body) for _time in range(2))
    assert (first.status, second.status) == (202, 202)
    assert first.body == second.body
    assert first.body["status"] == "held"
    assert Dispatch.objects.across_workspaces().count() == 1
    assert Delivery.objects.across_workspaces().count() == 3
    status = caller.get(f"{letter}/status").body
    assert status["state"] == "held"
    assert status["sums"]["audience"] == status["sums"]["waiting"] == 3


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"number": 2}, 422, "number-differs", "number"),
        ({"number": -3}, 422, "number-differs", "number"),
        ({"seal": "made.up"}, 422, "bad-seal", "seal"),
        ({"seal": ""}, 422, "bad-seal", "seal"),
        ({"hold_seconds": 86_401}, 422, "bad-request", "hold_seconds"),
        ({"hold_seconds": -1}, 422, "bad-request", "hold_seconds"),
        ({"number": "three"}, 422, "bad-request", "number"),
        ({"cc": "x@example.jp"}, 422, "bad-request", "cc"),
    ],
)
def test_a_release_that_does_not_fit_sends_nothing(
    caller: Caller, letter: str, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = release(caller, letter, **change)
    assert (answer.status, answer.code, answer.body["field"]) == (status, code, field)
    assert not Delivery.objects.across_workspaces().exists()


def test_each_change_since_the_check_is_named(stage: Stage, caller: Caller, letter: str) -> None:
    old = caller.post(f"{letter}/check").body["seal"]
    revision = caller.get(letter).body["revision"]
    caller.patch(letter, {"revision": revision, "letter": {**HELLO, "subject": "ちがう件名"}})
    assert release(caller, letter, seal=old).code == "letter-changed"
    old = caller.post(f"{letter}/check").body["seal"]
    people.add_person(stage.alice, stage.people.pk, "new@example.jp", {"氏名": "新"}, "consent")
    assert release(caller, letter, seal=old).code == "list-changed"
    old = caller.post(f"{letter}/check").body["seal"]
    save_identity(
        stage.alice,
        display_name="別の課",
        address="b@office.example",
        identity_id=stage.identity.pk,
    )
    answer = release(caller, letter, seal=old)
    assert (answer.status, answer.code) == (409, "sender-changed")
    assert not Delivery.objects.across_workspaces().exists()


def test_a_merge_name_that_does_not_exist_is_found_by_the_check_and_refused(
    stage: Stage, caller: Caller
) -> None:
    body = {"name": "x", "list_id": str(stage.people.pk), "letter": {"subject": "{{ 指名 }} 様"}}
    letter = f"/campaigns/{caller.post('/campaigns', body).body['id']}"
    check = caller.post(f"{letter}/check").body
    assert check["can_send"] is False
    assert check["seal"] == ""
    assert any("指名" in each["text"] for each in check["findings"])
    seal = "1.3.3.a.b.c.d"
    answer = caller.post(f"{letter}/release", {"number": 3, "seal": seal})
    assert answer.status == 422
    assert not Delivery.objects.across_workspaces().exists()


def test_the_brake(caller: Caller, letter: str) -> None:
    release(caller, letter)
    back = caller.post(f"{letter}/call-back")
    assert (back.status, back.body["status"]) == (200, "draft")
    release(caller, letter)
    Dispatch.objects.across_workspaces().filter(state="held").update(state=DispatchState.SENDING)
    assert caller.post(f"{letter}/pause").body["status"] == "paused"
    assert caller.post(f"{letter}/resume").body["status"] == "sending"
    assert caller.post(f"{letter}/stop").body["status"] == "stopped"
    answer = caller.post(f"{letter}/resume")
    assert answer.status == 409
    assert answer.code
    sums = caller.get(f"{letter}/result").body["sums"]
    assert (sums["audience"], sums["cancelled"], sums["waiting"]) == (3, 3, 0)
    assert caller.patch(letter, {"revision": 9, "name": "x"}).code == "already-released"
    copy = caller.post(f"{letter}/copy")
    assert (copy.status, copy.body["status"]) == (201, "draft")


def test_the_result_by_person_by_state_and_as_a_file(caller: Caller, letter: str) -> None:
    release(caller, letter)
    rows = Delivery.objects.across_workspaces().order_by("position")
    rows.filter(position=1).update(state=DeliveryState.ACCEPTED, reply_code=250, reply_text="ok")
    rows.filter(position=2).update(state=DeliveryState.IN_DOUBT, reason="no-answer")
    people_of = caller.get(f"{letter}/result/people", state="accepted").body
    assert [each["address"] for each in people_of["items"]] == ["hanako@example.jp"]
    assert people_of["items"][0]["words"] == "ok"
    assert caller.get(f"{letter}/result/people", search="太郎").body["total"] == 1
    assert caller.get(f"{letter}/result/people", state="lost").code == "bad-request"
    reasons = caller.get(f"{letter}/result").body["reasons"]
    assert [(each["reason"], each["count"]) for each in reasons] == [("no-answer", 1)]
    file = caller.get(f"{letter}/result.csv", state="in-doubt")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(file.raw.decode("utf-8-sig"), newline="")))
    assert [line[1] for line in lines[1:]] == ["taro@example.jp"]
    assert caller.post(f"{letter}/in-doubt/leave").body == {"count": 1}
    assert caller.post(f"{letter}/in-doubt/resend").body == {"count": 1}
    assert caller.get(f"{letter}/result").body["sums"]["waiting"] == 2


def test_a_test_goes_to_one_address_and_is_marked(caller: Caller, letter: str) -> None:
    answer = caller.post(f"{letter}/test", {"recipient": "kouhou@office.example", "index": 1})
    assert answer.status == 202, answer.body
    dispatch = Dispatch.objects.across_workspaces().get(pk=answer.body["id"])
    assert dispatch.kind == DispatchKind.TEST
    assert Delivery.objects.across_workspaces().count() == 1
    for wrong in ("a@example.jp, b@example.jp", "nobody", ""):
        refused = caller.post(f"{letter}/test", {"recipient": wrong})
        assert (refused.status, refused.body["field"]) == (422, "recipient"), wrong


def test_only_a_draft_goes_away(stage: Stage, caller: Caller, letter: str) -> None:
    other = drafts.create(stage.alice, "消す下書き")
    assert caller.delete(f"/campaigns/{other.id}").status == 204
    assert caller.get(f"/campaigns/{other.id}").code == "no-letter"
    release(caller, letter)
    assert caller.delete(letter).status == 409


def test_a_letter_has_its_own_time_to_give_up_and_its_own_times_for_another_try(
    caller: Caller, letter: str
) -> None:
    now = caller.get(letter).body
    assert (now["give_up_after"], now["retry"]) == ("", "")
    own = {"give_up_after": "6時間", "retry": "5 min,10 min, then 60 min"}
    changed = caller.patch(letter, {"revision": now["revision"], **own})
    assert changed.status == 200
    assert changed.body["give_up_after"] == "6 h"
    assert changed.body["retry"] == "5 min, 10 min, then 1 h"
    usual = caller.patch(letter, {"revision": changed.body["revision"], "give_up_after": ""}).body
    assert (usual["give_up_after"], usual["retry"]) == ("", "5 min, 10 min, then 1 h")
    assert release(caller, letter).status == 202
    status = caller.get(f"{letter}/status").body
    assert status["retry"] == "5 min, 10 min, then 1 h"
    dispatch = Dispatch.objects.across_workspaces().get()
    person = caller.get(f"/delivery/letters/{dispatch.deliveries.all()[0].pk}").body
    assert (person["retry"], person["expires_at"]) == (status["retry"], status["expires_at"])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("give_up_after", "4 min", "give-up-range"),
        ("give_up_after", "soon", "give-up-unreadable"),
        ("retry", "often", "retry-unreadable"),
        ("retry", "5 s", "retry-range"),
        ("retry", "3 d", "retry-too-late"),
    ],
)
def test_times_that_cannot_be_used_are_refused_by_their_name(
    caller: Caller, letter: str, field: str, value: str, code: str
) -> None:
    revision = caller.get(letter).body["revision"]
    refused = caller.patch(letter, {"revision": revision, field: value})
    assert (refused.status, refused.code) == (422, code)
    assert refused.body["field"] == field
    made = caller.post("/campaigns", {"name": "冬の講座", field: value})
    assert (made.status, made.code) == (422, code)
    assert caller.get("/campaigns").body["total"] == 1, "nothing of it stays"
