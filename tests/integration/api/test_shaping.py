"""Shaping through the API: read, checked, stored, refused with the line."""

from __future__ import annotations

from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

OWN = "[group.docomo]\nconnections = 1\n"


def test_values_are_checked_stored_and_read(caller: Caller) -> None:
    assert caller.post("/shaping/check", {"text": OWN}).body == {"ok": True, "problems": []}
    saved = caller.put("/shaping", {"text": OWN, "revision": 0})
    assert (saved.status, saved.body["revision"], saved.body["text"]) == (200, 1, OWN)
    (docomo,) = [each for each in saved.body["destinations"] if each["name"] == "docomo"]
    value = docomo["values"][0]
    assert (value["key"], value["value"], value["layer"]) == ("connections", "1", "workspace")
    assert caller.get("/shaping").body == saved.body
    assert caller.put("/shaping", {"text": "", "revision": 0}).status == 409


def test_what_is_wrong_is_told_by_lines(caller: Caller) -> None:
    text = "[default]\nconections = 1\nrate = 5\n"
    found = caller.post("/shaping/check", {"text": text}).body
    assert [each["line"] for each in found["problems"]] == [2, 3]
    assert "connections" in found["problems"][0]["advice"]
    refused = caller.put("/shaping", {"text": text})
    assert (refused.status, refused.code, refused.body["row"]) == (422, "shaping-invalid", 2)


def test_one_domain(stage: Stage, caller: Caller) -> None:
    found = make_caller(stage, ["read"]).get("/shaping/applied?domain=gmail.com").body
    assert found["destination"] == "Gmail, Google Workspace"
    assert found["rules"][0]["name"] == "google-unusual-rate"
    relay = "/shaping/applied?domain=gmail.com&egress_kind=smtp-relay&mail_server=mail.example.jp"
    assert caller.get(relay).body["destination"] == ""
    assert caller.get("/shaping/applied?domain=x").status == 422
