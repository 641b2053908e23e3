"""From lines, the legal facts, and ways out through the API."""

from __future__ import annotations

from tests.doubles.ports import free_port
from tests.doubles.wire_tap import WireTap
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

RELAY: dict[str, object] = {"name": "リレー", "host": "127.0.0.1", "tls": "none"}


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


SERVICE: dict[str, object] = {
    "name": "SES",
    "kind": "provider",
    "provider": "amazon-ses",
    "settings": {"region": "ap-northeast-1"},
    "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "himitsu"},
}
DIRECT: dict[str, object] = {
    "name": "直接",
    "kind": "direct",
    "sources": [{"address": "203.0.113.9", "ehlo_name": "mail.office.example", "weight": 2}],
}


def test_a_mail_service_and_a_direct_road_are_added_and_changed(caller: Caller) -> None:
    service = caller.post("/egresses", SERVICE)
    assert service.status == 201, service.body
    assert service.body["settings"] == SERVICE["settings"]
    assert service.body["has_password"] is True
    direct = caller.post("/egresses", {**DIRECT, "fallback_id": service.body["id"]})
    assert direct.status == 201, direct.body
    assert direct.body["sources"] == DIRECT["sources"]
    assert (direct.body["tls"], direct.body["fallback_id"]) == ("opportunistic", service.body["id"])

    path = f"/egresses/{service.body['id']}"
    kept = {key: value for key, value in SERVICE.items() if key != "credentials"}
    assert caller.put(path, {**kept, "connections": 9}).body["connections"] == 9
    everything = caller.get("/egresses").raw.decode() + service.raw.decode()
    assert "himitsu" not in everything
    assert "AKIA" not in everything
    assert caller.delete(path).code == "egress-is-fallback"
    other = f"/egresses/{direct.body['id']}"
    assert caller.put(other, {**DIRECT, "name": "B"}).body["fallback_id"] == service.body["id"]
    assert caller.put(other, {**DIRECT, "fallback_id": None}).body["fallback_id"] is None
    assert caller.delete(path).status == 204


def test_what_no_such_way_can_have_is_refused_beside_its_field(caller: Caller) -> None:
    wrong: list[tuple[dict[str, object], dict[str, object], str]] = [
        (SERVICE, {"provider": "hatomail"}, "provider"),
        (SERVICE, {"provider": None}, "provider"),
        (SERVICE, {"settings": {}}, "settings.region"),
        (SERVICE, {"settings": {"region": "x", "stream": "y"}}, "settings.stream"),
        (SERVICE, {"credentials": {}}, "credentials.access_key_id"),
        (SERVICE, {"host": "smtp.example.jp"}, "host"),
        (SERVICE, {"fallback_id": "0197f3a0-1111-7abc-8def-0123456789ab"}, "fallback_id"),
        (DIRECT, {"sources": []}, "sources"),
        (DIRECT, {"sources": [{"ehlo_name": "mail"}]}, "sources.0.ehlo_name"),
        (DIRECT, {"tls": "tls"}, "tls"),
        (DIRECT, {"credentials": {"api_key": "x"}}, "credentials"),
        (RELAY, {"kind": "sandbox"}, "kind"),
        (RELAY, {"sources": []}, "sources"),
    ]
    for body, change, field in wrong:
        answer = caller.post("/egresses", {**body, **change})
        assert answer.status in {404, 422}, (change, answer.body)
        assert answer.body["field"] == field, answer.body
    assert [each["kind"] for each in caller.get("/egresses").body] == ["sandbox"]


def test_a_direct_road_is_tried_towards_whom_one_names(caller: Caller) -> None:
    made = caller.post("/egresses", DIRECT)
    path = f"/egresses/{made.body['id']}/test"
    found = caller.post(f"{path}?to=example.jp").body
    assert (found["ok"], found["code"]) == (False, "source-unusable")
    assert found["steps"][0] == {
        "code": "source",
        "text": "Use the addresses to send from",
        "ok": False,
        "detail": "203.0.113.9",
    }
    assert caller.post(f"{path}?to=who").body["field"] == "to"
