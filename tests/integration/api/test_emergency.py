"""The emergency stop by the API."""

from __future__ import annotations

from tests.factories import make_workspace
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

PATH = "/emergency-stop"


def test_a_program_stops_looks_and_lifts(stage: Stage, caller: Caller) -> None:
    assert caller.get(PATH).body == {"stops": []}
    made = caller.post(PATH, {"scope": "workspace", "reason": "宛先の誤り"})
    assert (made.status, made.body["scope"], made.body["reason"]) == (
        200,
        "workspace",
        "宛先の誤り",
    )
    assert caller.get(PATH).body["stops"][0]["id"] == made.body["id"]
    again = caller.post(PATH, {})
    assert again.body["id"] == made.body["id"], "again does no harm"
    assert caller.post(f"{PATH}/lift", {}).body == {"letters": 0}
    none = caller.post(f"{PATH}/lift", {})
    assert (none.status, none.body["code"]) == (409, "no-stop")


def test_whoever_may_only_read_sees_it_and_cannot_pull_it(stage: Stage, caller: Caller) -> None:
    reader = make_caller(stage, ["read"])
    assert reader.post(PATH, {}).status == 403
    caller.post(PATH, {})
    assert len(reader.get(PATH).body["stops"]) == 1
    assert reader.post(f"{PATH}/lift", {}).status == 403


def test_the_installation_is_for_a_key_of_the_only_workspace(stage: Stage, caller: Caller) -> None:
    whole = {"scope": "installation"}
    assert caller.post(PATH, whole).body["scope"] == "installation"
    assert caller.post(f"{PATH}/lift", whole).status == 200
    make_workspace("よその市役所")
    refused = caller.post(PATH, whole)
    assert (refused.status, refused.body["code"]) == (403, "not-allowed")
    assert caller.post(PATH, {"scope": "everything"}).status == 422
    assert caller.post(PATH, {"reason": "x" * 301}).status == 422
