"""Sending domains through the API: from nothing to a signing key, and the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.doubles.name_thread import asked_by_the_product
from tests.doubles.names import NameServer
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage
from tests.samples.dkim_keys import rsa_pem

from hatobin.wire.dkim import zone_strings


@pytest.fixture
def names() -> Iterator[NameServer]:
    with asked_by_the_product() as server:
        yield server


def publish(names: NameServer, record: dict[str, str]) -> None:
    names.zone[record["name"]] = {record["kind"]: [zone_strings(record["value"])]}


def test_a_program_sets_up_signing_by_what_it_is_told(caller: Caller, names: NameServer) -> None:
    made = caller.post("/domains", {"name": "Sakura.example"})
    assert (made.status, made.body["name"], made.body["signs"]) == (201, "sakura.example", False)
    assert made.body["next_step"]["code"] == "make-key"
    path = f"/domains/{made.body['id']}"
    shown = caller.post(f"{path}/keys/import", {"private_key": rsa_pem(), "selector": "hato"})
    (key,) = shown.body["keys"]
    assert (shown.status, key["state"], key["imported"]) == (201, "new", True)
    assert shown.body["next_step"] | {"title": "", "text": "", "advice": ""} == {
        "code": "publish", "level": "care", "key_id": key["id"], "title": "", "text": "", "advice": "",
    }  # fmt: skip
    early = caller.post(f"{path}/keys/{key['id']}/activate")
    assert (early.status, early.code) == (409, "key-missing")
    publish(names, key["record"])
    checked = caller.post(f"{path}/check").body
    assert checked["next_step"]["code"] == "activate"
    assert {each["about"]: each["code"] for each in checked["findings"]} == {
        "dkim": "published", "spf": "missing", "mx": "missing", "dmarc": "missing",
    }  # fmt: skip
    assert checked["proposal"]["name"] == "_dmarc.sakura.example"
    signing = caller.post(f"{path}/keys/{key['id']}/activate").body
    assert signing["signs"]
    assert caller.get(path).body == signing
    assert [each["name"] for each in caller.get("/domains").body] == ["sakura.example"]
    assert b"PRIVATE" not in caller.get(path).raw

    assert caller.delete(path).code == "domain-in-use"
    early = caller.post(f"{path}/keys/{key['id']}/retire", {"at_once": False})
    assert early.code == "key-in-use"
    gone = caller.post(f"{path}/keys/{key['id']}/retire", {"at_once": True})
    assert gone.body["keys"][0]["state"] == "retired"
    assert caller.delete(path).status == 204
    assert caller.get(path).code == "no-domain"


def test_keys_are_made_and_replaced(caller: Caller, names: NameServer) -> None:
    path = f"/domains/{caller.post('/domains', {'name': 'sakura.example'}).body['id']}"
    assert caller.post(f"{path}/rotate").code == "nothing-to-rotate"
    made = caller.post(f"{path}/keys", {"algorithm": "rsa"})
    (old,) = made.body["keys"]
    assert (made.status, old["bits"], old["algorithm"]) == (201, 2048, "rsa")
    publish(names, old["record"])
    caller.post(f"{path}/keys/{old['id']}/activate")
    rotated = caller.post(f"{path}/rotate")
    new = rotated.body["keys"][0]
    assert (rotated.status, new["state"]) == (201, "new")
    publish(names, new["record"])
    shown = caller.post(f"{path}/keys/{new['id']}/activate").body
    assert [(each["id"], each["state"]) for each in shown["keys"]] == [
        (new["id"], "active"),
        (old["id"], "retiring"),
    ]
    assert caller.post(f"{path}/keys/{old['id']}/retire", {}).code == "key-overlap"


def test_what_cannot_be_is_refused_with_its_place(caller: Caller) -> None:
    assert caller.post("/domains", {"name": "no domain"}).body["field"] == "name"
    path = f"/domains/{caller.post('/domains', {'name': 'sakura.example'}).body['id']}"
    again = caller.post("/domains", {"name": "SAKURA.example"})
    assert (again.status, again.code, again.body["field"]) == (409, "known-domain", "name")
    short = caller.post(f"{path}/keys/import", {"private_key": rsa_pem(bits=1024)})
    assert (short.status, short.code, short.body["field"]) == (422, "too-short", "private_key")
    assert caller.post(f"{path}/keys", {"algorithm": "dsa"}).status == 422
    bad = caller.put(path, {"return_path": "bounce@sakura.example"})
    assert bad.body["field"] == "return_path"
    japanese = Caller(caller.key, "ja").post("/domains", {"name": "x y"})
    assert "ドメイン" in japanese.body["detail"]


def test_a_name_service_that_does_not_answer_is_worth_another_try(
    caller: Caller, names: NameServer
) -> None:
    path = f"/domains/{caller.post('/domains', {'name': 'sakura.example'}).body['id']}"
    shown = caller.post(f"{path}/keys/import", {"private_key": rsa_pem()}).body
    names.failing.add(shown["keys"][0]["record"]["name"])
    answer = caller.post(f"{path}/keys/{shown['keys'][0]['id']}/activate")
    assert (answer.status, answer.code, answer.body["retry"]) == (503, "name-service", True)


def test_a_key_that_may_only_read_sees_everything_and_changes_nothing(
    stage: Stage, caller: Caller
) -> None:
    made = caller.post("/domains", {"name": "sakura.example"}).body
    reader = make_caller(stage, ["read"])
    assert reader.get(f"/domains/{made['id']}").body == made
    assert reader.delete(f"/domains/{made['id']}").status == 403
