"""From lines, the legal facts, and ways out through the API."""

from __future__ import annotations

from tests.doubles.service import free_port
from tests.doubles.wire_tap import WireTap
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

RELAY = {"name": "リレー", "host": "127.0.0.1", "tls": "none"}


def test_from_lines_are_added_changed_and_removed(stage: Stage, caller: Caller) -> None:
    body = {"display_name": "広報課", "address": "kouhou@office.example", "make_default": True}
    made = caller.post("/senders", body)
    assert (made.status, made.body["is_default"]) == (201, True)
    assert caller.get("/senders").body[0]["id"] == made.body["id"]
    path = f"/senders/{made.body['id']}"
    changed = caller.put(path, {**body, "display_name": "広報広聴課"})
    assert changed.body["display_name"] == "広報広聴課"
    for wrong, field in (
        ({"address": "nobody"}, "address"),
        ({"display_name": "a\r\nBcc: x@example.jp"}, "display_name"),
        ({"reply_to": "x y"}, "reply_to"),
    ):
        answer = caller.post("/senders", {**body, **wrong})
        assert (answer.status, answer.body["field"]) == (422, field)
    assert caller.delete(path).status == 204
    assert caller.delete(path).status == 404
    assert len(make_caller(stage, ["read"]).get("/senders").body) == 1


def test_the_legal_facts(caller: Caller) -> None:
    facts = {"organisation": "市役所", "postal_address": "中央1-1", "contact": "広報課"}
    assert caller.put("/sender-profile", facts).body == facts
    assert caller.get("/sender-profile").body == facts
    assert caller.put("/sender-profile", {**facts, "contact": " "}).body["field"] == "contact"


def test_a_relay_is_added_tried_and_removed_and_its_password_is_never_told(caller: Caller) -> None:
    with WireTap() as tap:
        made = caller.post("/egresses", {**RELAY, "port": tap.port, "make_default": True})
        assert made.status == 201, made.body
        path = f"/egresses/{made.body['id']}"
        good = caller.post(f"{path}/test")
        assert (good.status, good.body["ok"]) == (200, True), good.body
    bad = caller.post(f"{path}/test").body
    assert bad["ok"] is False
    assert bad["text"]
    assert bad["steps"][0] == {"code": "connect", "text": "Connect", "ok": False, "detail": ""}
    body = {**RELAY, "port": free_port(), "username": "hato", "password": "himitsu"}
    changed = caller.put(path, body)
    assert changed.body["has_password"] is True
    assert "himitsu" not in changed.raw.decode() + caller.get("/egresses").raw.decode()
    assert [each["kind"] for each in caller.get("/egresses").body] == ["smtp-relay", "sandbox"]
    assert caller.delete(path).status == 204
    assert [each["is_default"] for each in caller.get("/egresses").body] == [True]


def test_what_no_relay_can_have_is_refused_beside_its_field(caller: Caller) -> None:
    for wrong, field in (
        ({"host": "two words"}, "host"),
        ({"port": 0}, "port"),
        ({"tls": "ssl"}, "tls"),
        ({"name": " "}, "name"),
        ({"host": "relay.example", "username": "u", "password": "p"}, "tls"),
        ({"tls": "starttls", "username": "u"}, "password"),
    ):
        answer = caller.post("/egresses", {**RELAY, **wrong})
        assert (answer.status, answer.body["field"]) == (422, field), answer.body
