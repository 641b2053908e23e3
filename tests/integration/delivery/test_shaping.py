"""A workspace's own values: stored when they are gentle and right, followed, and never above the ceiling."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries, Settings
from tests.factories import make_actor, make_workspace

from hatobin.accounts.models import AuditEntry, Role, Workspace
from hatobin.accounts.rules import Actor
from hatobin.common.errors import Conflict, Invalid, NotAllowed
from hatobin.delivery.queries import shaping as reading
from hatobin.delivery.queries.shaping_views import applies, overview
from hatobin.delivery.services import shaping

pytestmark = pytest.mark.django_db

OWN = "[group.docomo]\nconnections = 1\n"


@pytest.fixture
def owner() -> Actor:
    return make_actor(make_workspace())


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    """The installation's file."""
    path = tmp_path / "limits.toml"
    path.write_text("[default]\nconnections = 7\n", encoding="utf-8")
    settings.HATOBIN = settings.HATOBIN.model_copy(update={"shaping_file": path})
    return path


def connections(actor: Actor, domain: str = "docomo.ne.jp") -> int:
    return reading.shaping_of(actor.workspace_id).for_lane(domain).connections


def test_a_text_is_stored_followed_logged_and_taken_away_again(owner: Actor) -> None:
    assert (connections(owner), reading.stored(owner.workspace_id)) == (2, ("", 0))
    assert shaping.save(owner, text=OWN.replace("\n", "\r\n"), revision=0) == 1
    assert (connections(owner), reading.stored(owner.workspace_id)) == (1, (OWN, 1))
    assert shaping.save(owner, text=OWN) == 1, "nothing changed"
    assert shaping.save(owner, text=" \n", revision=1) == 2
    assert connections(owner) == 2
    lines = AuditEntry.objects.of(owner.workspace_id).filter(action="shaping.saved")
    assert [each.detail["rows"] for each in lines.order_by("pk")] == [2, 0]


def test_equal_answers_are_one_object_and_one_query(
    owner: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shaping.save(owner, text=OWN)
    first = reading.shaping_of(owner.workspace_id)
    with django_assert_num_queries(1):
        assert reading.shaping_of(owner.workspace_id) is first


def test_another_workspace_is_not_touched(owner: Actor) -> None:
    shaping.save(owner, text=OWN)
    other = make_actor(make_workspace("Shelbyville"), email="other@office.example")
    assert connections(other) == 2
    assert overview(other).text == ""


def test_what_is_wrong_is_refused_with_its_line_and_nothing_is_stored(owner: Actor) -> None:
    shaping.save(owner, text=OWN)
    with pytest.raises(shaping.ShapingInvalid) as caught:
        shaping.save(owner, text="\n[group.docomo]\nconnections = 3\nrate = '100%'\n")
    assert (caught.value.row, caught.value.field) == (3, "text")
    assert [each.line for each in caught.value.problems] == [3, 4]
    assert "3" in caught.value.message
    assert caught.value.advice
    assert reading.stored(owner.workspace_id) == (OWN, 1)


def test_two_owners_do_not_overwrite_each_other(owner: Actor) -> None:
    shaping.save(owner, text=OWN, revision=0)
    with pytest.raises(Conflict):
        shaping.save(owner, text="", revision=0)
    assert connections(owner) == 1


@pytest.mark.parametrize("role", [Role.SENDER, Role.APPROVER, Role.VIEWER])
def test_others_look_but_do_not_change(owner: Actor, role: Role) -> None:
    other = make_actor(Workspace.objects.get(pk=owner.workspace_id), role)
    assert overview(other).destinations
    for act in (shaping.check, lambda actor, text: shaping.save(actor, text=text)):
        with pytest.raises(NotAllowed):
            act(other, OWN)


def test_the_installations_file_is_followed_when_it_changes(owner: Actor, file: Path) -> None:
    assert connections(owner, "example.jp") == 7
    file.write_text("[default]\nconnections = 40\n", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert connections(owner, "example.jp") == 40
    value = applies(owner, domain="example.jp").values[0]
    assert (value.layer, value.file, value.line) == ("installation", str(file), 2)


def test_a_stored_text_above_a_lowered_ceiling_is_left_out_and_told(
    owner: Actor, file: Path
) -> None:
    shaping.save(owner, text="[default]\nconnections = 6\n")
    file.write_text("[default]\nconnections = 3\n# lower\n", encoding="utf-8")
    assert connections(owner, "example.jp") == 3
    (problem,) = overview(owner).problems
    assert (problem.code, problem.line) == ("above-ceiling", 2)


@pytest.mark.parametrize("text", ["[default]\nconnections = 0\n", None, "\udcff"])
def test_a_broken_file_of_the_installation_stops_rather_than_sends_faster(
    owner: Actor, file: Path, text: str | None
) -> None:
    if text is None:
        file.unlink()
    else:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(reading.ShapingBroken) as caught:
        reading.shaping_of(owner.workspace_id)
    assert caught.value.retry
    assert str(file) in caught.value.message


def test_a_domain_is_looked_at_as_it_is_typed(owner: Actor) -> None:
    assert applies(owner, domain=" Hanako@DOCOMO.ne.jp. ").destination == "docomo"
    assert applies(owner, domain="日本語.jp").domain == "xn--wgv71a119e.jp"
    found = applies(owner, domain="example.jp", mail_server="aspmx.l.google.com")
    assert found.destination == "Gmail, Google Workspace"
    for wrong in ("", "jp", "a b.jp", "a..jp", "x" * 300 + ".jp"):
        with pytest.raises(Invalid) as caught:
            applies(owner, domain=wrong)
        assert caught.value.field == "domain"


def test_without_a_file_only_what_is_shipped_applies(owner: Actor) -> None:
    assert settings.HATOBIN.shaping_file is None
    assert reading.with_text("").for_lane("example.jp").connections == 10
    assert overview(owner).installation_file == ""
