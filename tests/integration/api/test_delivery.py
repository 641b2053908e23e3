"""How sending goes and what can be done about single letters, as a program asks for it."""

from __future__ import annotations

import pytest
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.delivery.models import Delivery, Egress, Lot
from hatobin.delivery.services.egress import save_relay


@pytest.fixture
def relay(stage: Stage) -> Egress:
    return save_relay(stage.alice, name="中継", host="smtp.example.jp", port=587, tls="none")


@pytest.fixture
def letter(stage: Stage, relay: Egress) -> str:
    """A letter of three people that waits for the relay."""
    return f"/campaigns/{stage.on_its_way(relay).id}"


def first(stage: Stage) -> Delivery:
    return Delivery.objects.of(stage.workspace.pk).order_by("position")[0]


def test_lanes_tell_what_waits_where(letter: str, caller: Caller) -> None:
    found = caller.get("/delivery/lanes").body
    assert (found["waiting"], found["senders"], found["more"]) == (3, [], 0)
    (lane,) = found["lanes"]
    assert (lane["title"], lane["site"], lane["waiting"], lane["mood"]) == (
        "中継",
        "*",
        3,
        "no-sender",
    )
    assert caller.get("/delivery/lanes", search="nowhere").body["lanes"] == []


def test_the_story_of_a_letter_is_found_through_its_result(
    letter: str, caller: Caller, stage: Stage
) -> None:
    row = caller.get(f"{letter}/result/people").body["items"][0]
    story = caller.get(f"/delivery/letters/{row['delivery_id']}").body
    assert (story["recipient"], story["state"]) == (row["address"], "waiting")
    assert story["standing"]["code"] == "no-sender"
    assert [each["kind"] for each in story["events"]] == ["released", "began"]
    people_not_seen = make_caller(stage, scopes=["read", "send"])
    refused = people_not_seen.get(f"/delivery/letters/{row['delivery_id']}")
    assert (refused.status, refused.code) == (403, "not-allowed")
    assert people_not_seen.get("/delivery/lanes").status == 200


def test_a_letter_is_held_back_let_go_and_given_up(
    letter: str, caller: Caller, stage: Stage
) -> None:
    at = f"/delivery/letters/{first(stage).pk}"
    assert caller.post(f"{at}/hold").status == 204
    assert caller.get(at).body["held_at"] is not None
    assert caller.post(f"{at}/retry").code == "letter-held"
    assert caller.post(f"{at}/let-go").status == 204
    assert caller.post(f"{at}/retry").status == 204
    assert caller.post(f"{at}/give-up").status == 204
    assert (first(stage).state, first(stage).reason) == ("cancelled", "person")
    again = caller.post(f"{at}/hold")
    assert (again.status, again.code) == (409, "letter-ended")
    assert caller.post(f"{at}/resend").code == "not-in-doubt"


def test_a_move_can_be_looked_at_before_it_is_done(
    letter: str, caller: Caller, stage: Stage, relay: Egress
) -> None:
    other = save_relay(stage.alice, name="予備", host="spare.example.jp", port=587, tls="none")
    plan = caller.get(f"{letter}/move", to_egress_id=str(other.pk)).body
    assert (plan["letters"], plan["sources"]) == (3, [str(relay.pk)])
    assert {lot.egress_id for lot in Lot.objects.of(stage.workspace.pk)} == {relay.pk}
    assert caller.post(f"{letter}/move", {"egress_id": str(other.pk)}).body["letters"] == 3
    back = caller.post(f"/egresses/{other.pk}/move", {"egress_id": str(relay.pk)}).body
    assert back["letters"] == 3
    sandbox = Egress.objects.of(stage.workspace.pk).get(kind="sandbox")
    refused = caller.post(f"{letter}/move", {"egress_id": str(sandbox.pk)})
    assert (refused.status, refused.code) == (422, "move-sandbox")
    single = f"/delivery/letters/{first(stage).pk}/move"
    assert caller.post(single, {"egress_id": str(other.pk)}).status == 204
    assert caller.post(single, {"egress_id": str(other.pk)}).code == "same-way"


def test_rests_end_when_a_program_asks(
    letter: str, caller: Caller, stage: Stage, relay: Egress
) -> None:
    assert caller.post(f"/egresses/{relay.pk}/retry").status == 204
    lane = {"egress_id": str(relay.pk), "site": "*"}
    assert caller.post("/delivery/lanes/retry", lane).status == 204
    assert caller.post(f"{letter}/retry").body == {"count": 0}
    reader = make_caller(stage, scopes=["read"])
    assert reader.post("/delivery/lanes/retry", lane).status == 403


def test_another_workspace_finds_nothing_of_it(letter: str, stage: Stage, relay: Egress) -> None:
    stranger = make_caller(make_stage(name="となり市役所"))
    at = f"/delivery/letters/{first(stage).pk}"
    assert stranger.get(at).status == 404
    for act in ("retry", "hold", "let-go", "give-up", "resend", "leave"):
        assert stranger.post(f"{at}/{act}").status == 404, act
    assert stranger.post(f"/egresses/{relay.pk}/retry").status == 404
    assert stranger.post(f"{letter}/retry").status == 404
    assert stranger.get("/delivery/lanes").body["lanes"] == []
    assert first(stage).state == "waiting"
