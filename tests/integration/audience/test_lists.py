"""Lists: made, renamed, deleted; people put on, taken off and corrected; each role within its rights."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone
from tests import factories
from tests.integration.audience.story import addresses, csv_file, imported, people_of

from hatobin.accounts.models import AuditEntry, Role, Workspace
from hatobin.accounts.rules import Actor
from hatobin.audience import queries
from hatobin.audience.models import Contact, ContactList, ImportProblem, Subscription
from hatobin.audience.services.imports import cancel_import, refused_file
from hatobin.audience.services.lists import add_list_guard, create_list, delete_list, rename_list
from hatobin.audience.services.people import add_person, edit_person, remove_person
from hatobin.audience.services.uploads import preview, stage_upload
from hatobin.common.errors import Conflict, Invalid, NotAllowed, NotFound
from hatobin.delivery.models import Delivery, Dispatch, Egress
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress

HANAKO = ("hanako@example.jp", "山田花子")
TARO = ("taro@example.jp", "鈴木太郎")


def mailed(contact: Contact) -> Delivery:
    """A letter went to this contact."""
    egress = Egress.objects.create(workspace_id=contact.workspace_id, name="箱", kind="sandbox")
    now = timezone.now()
    dispatch = Dispatch.objects.create(
        workspace_id=contact.workspace_id,
        kind="campaign",
        state="done",
        egress=egress,
        letter={},
        sender={},
        base_url="",
        seal="",
        audience=1,
        hold_until=now,
        expires_at=now,
    )
    return Delivery.objects.create(
        workspace_id=contact.workspace_id,
        dispatch=dispatch,
        contact=contact,
        contact_revision=1,
        position=1,
        address_key=contact.address_key,
        domain=contact.domain,
        state="accepted",
        next_attempt_at=now,
    )


def test_a_list_is_made_and_renamed_and_names_are_unique(actor: Actor, stranger: Actor) -> None:
    members = create_list(actor, name=" 会員 ")
    create_list(stranger, name="会員")
    rename_list(actor, create_list(actor, name="セミナー").pk, name="2026年セミナー")

    assert [each.name for each in queries.lists(actor)] == ["2026年セミナー", "会員"]
    with pytest.raises(Conflict) as taken:
        create_list(actor, name="会員")
    assert taken.value.field == "list_name"
    with pytest.raises(Conflict):
        rename_list(actor, members.pk, name="2026年セミナー")
    with pytest.raises(Invalid):
        rename_list(actor, members.pk, name="")


def test_the_summary_of_a_list_counts_everybody_on_it(actor: Actor) -> None:
    status = imported(actor, csv_file([HANAKO, TARO]))
    assert status.list_id
    Subscription.objects.filter(position=2).update(state=Subscription.State.UNSUBSCRIBED)

    summary = queries.list_summary(actor, status.list_id)
    assert (summary.name, summary.people, summary.field_names) == ("会員", 2, ("氏名",))
    assert summary.last_import == status.finished_at
    assert [field.name for field in queries.fields_of_list(actor, status.list_id)] == ["氏名"]


def test_deleting_a_list_forgets_the_people_who_are_nowhere_else(actor: Actor) -> None:
    first = imported(actor, csv_file([HANAKO, TARO, ("broken", "")]), list_name="会員")
    imported(actor, csv_file([TARO]), list_name="セミナー")
    assert first.list_id
    delete_list(actor, first.list_id)

    assert addresses(queries.people(actor).items) == [TARO[0]]
    assert not ImportProblem.objects.of(actor.workspace_id).exists()
    line = AuditEntry.objects.of(actor.workspace_id).get(action="list.deleted")
    assert (line.subject, line.detail) == (str(first.list_id), {"people": 2})


def test_people_who_got_a_letter_stay_in_the_ledger_of_letters(actor: Actor) -> None:
    status = imported(actor, csv_file([HANAKO, TARO]))
    assert status.list_id
    hanako = Contact.objects.of(actor.workspace_id).order_by("id")[0]
    letter = mailed(hanako)
    delete_list(actor, status.list_id)

    letter.refresh_from_db()
    assert letter.contact_id == hanako.pk
    assert list(Contact.objects.of(actor.workspace_id)) == [hanako]


def test_a_list_in_use_is_not_deleted(actor: Actor) -> None:
    used = create_list(actor, name="使用中")
    free = create_list(actor, name="空き")
    add_list_guard(lambda _workspace, list_id: list_id == used.pk)

    with pytest.raises(Conflict) as refused:
        delete_list(actor, used.pk)
    assert refused.value.code == "list-in-use"
    delete_list(actor, free.pk)
    assert [each.name for each in queries.lists(actor)] == ["使用中"]


def test_one_person_is_added_corrected_and_removed(actor: Actor) -> None:
    members = create_list(actor, name="会員")
    number = add_person(actor, members.pk, " Hanako@Example.jp ", {"氏名": "山田花子"}, "given")
    add_person(actor, members.pk, TARO[0], {"氏名": TARO[1]}, "given")
    detail = queries.person_detail(actor, number)
    assert (detail.revision, detail.suppressed) == (1, False)
    assert [(field.name, field.value) for field in detail.fields] == [("氏名", "山田花子")]
    (place,) = detail.lists
    assert (place.list_name, place.basis, place.source) == ("会員", "given", actor.label)

    assert edit_person(actor, number, {"氏名": "佐藤花子"}, revision=1) == 2
    assert edit_person(actor, number, {"氏名": "佐藤花子"}) == 2
    assert addresses(people_of(actor, search="佐藤花子")) == [detail.address]
    assert people_of(actor, search="山田") == []
    with pytest.raises(Conflict):
        edit_person(actor, number, {"氏名": "田中花子"}, revision=1)

    remove_person(actor, members.pk, number)
    assert addresses(people_of(actor)) == [TARO[0]]
    with pytest.raises(NotFound):
        queries.person_detail(actor, number)


@pytest.mark.parametrize(
    ("address", "fields", "basis", "field"),
    [
        ("hanako", {}, "given", "address"),
        ("hanako@example.jp\r\nBcc: x@example.jp", {}, "given", "address"),
        ("a@example.jp", {}, "", "basis"),
        ("a@example.jp", {"{{x}}": "1"}, "given", "{{x}}"),
        ("a@example.jp", {"氏名": "あ\x00"}, "given", "氏名"),
        ("a@example.jp", {"氏名": "あ" * 10_001}, "given", "氏名"),
    ],
)
def test_a_person_who_cannot_be_stored_is_refused_beside_the_field(
    actor: Actor, address: str, fields: dict[str, str], basis: str, field: str
) -> None:
    members = create_list(actor, name="会員")
    with pytest.raises(Invalid) as refused:
        add_person(actor, members.pk, address, fields, basis)
    assert refused.value.field == field
    assert not Contact.objects.of(actor.workspace_id).exists()


def test_staff_cannot_bring_back_who_left_nor_forget_that_wish(actor: Actor) -> None:
    status = imported(actor, csv_file([HANAKO, TARO]))
    assert status.list_id
    Subscription.objects.filter(position=2).update(state=Subscription.State.UNSUBSCRIBED)
    hanako = people_of(actor)[0].contact_id

    with pytest.raises(Conflict) as left:
        add_person(actor, status.list_id, HANAKO[0], {}, "consent")
    assert left.value.code == "has-left"
    with pytest.raises(Conflict):
        remove_person(actor, status.list_id, hanako)
    with pytest.raises(Conflict) as there:
        add_person(actor, status.list_id, TARO[0], {}, "consent")
    assert there.value.code == "already-on-list"


def test_a_suppressed_person_may_be_added_but_gets_nothing(actor: Actor) -> None:
    suppress(actor.workspace_id, [HANAKO[0]], reason=SuppressionReason.MANUAL, source="user:1")
    members = create_list(actor, name="会員")
    add_person(actor, members.pk, HANAKO[0], {}, "consent")

    assert queries.count(actor.workspace_id, members.pk) == queries.Count(
        people=1, sendable=0, stopped=1, left=0
    )


def test_who_gets_no_letter_is_counted_once_whatever_the_reason(actor: Actor) -> None:
    rows = [HANAKO, TARO, ("jiro@example.jp", "二郎"), ("saburo@example.jp", "三郎")]
    status = imported(actor, csv_file(rows))
    assert status.list_id
    Subscription.objects.filter(position__in=(2, 3)).update(state=Subscription.State.UNSUBSCRIBED)
    blocked = [TARO[0], "jiro@example.jp"]
    suppress(actor.workspace_id, blocked, reason=SuppressionReason.MANUAL, source="user:1")

    numbers = queries.count(actor.workspace_id, status.list_id)
    assert numbers == queries.Count(people=4, sendable=1, stopped=3, left=2)
    assert numbers.people == len(people_of(actor))
    assert queries.stopped_counts(actor) == {status.list_id: 3}


def test_another_workspace_finds_neither_lists_nor_people(actor: Actor, stranger: Actor) -> None:
    status = imported(actor, csv_file([HANAKO]))
    assert status.list_id
    list_id, number = status.list_id, people_of(actor)[0].contact_id
    asks: list[Callable[[], object]] = [
        lambda: queries.list_summary(stranger, list_id),
        lambda: queries.fields_of_list(stranger, list_id),
        lambda: queries.people(stranger, list_id),
        lambda: queries.people_at(stranger, list_id, [1]),
        lambda: queries.person_detail(stranger, number),
        lambda: rename_list(stranger, list_id, name="盗む"),
        lambda: delete_list(stranger, list_id),
        lambda: add_person(stranger, list_id, TARO[0], {}, "consent"),
        lambda: edit_person(stranger, number, {"氏名": "盗む"}),
        lambda: remove_person(stranger, list_id, number),
        lambda: queries.list_summary(actor, uuid.uuid4()),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()
    assert queries.people(stranger).items == ()
    assert queries.lists(stranger) == []
    assert list(queries.iter_people(stranger.workspace_id, list_id)) == []
    assert ContactList.objects.of(actor.workspace_id).get().name == "会員"


def test_each_role_stays_within_its_rights(workspace: Workspace, actor: Actor) -> None:
    status = imported(actor, csv_file([HANAKO]))
    assert status.list_id
    list_id, number = status.list_id, people_of(actor)[0].contact_id
    viewer = factories.make_actor(workspace, Role.VIEWER)
    approver = factories.make_actor(workspace, Role.APPROVER)

    assert queries.lists(viewer)[0].people == 1
    assert queries.import_status(viewer, status.id).file_name == ""
    sees_people: list[Callable[[Actor], object]] = [
        lambda who: queries.people(who, list_id),
        lambda who: queries.people_at(who, list_id, [1]),
        lambda who: queries.person_detail(who, number),
        lambda who: queries.problems(who, status.id, cells=True),
    ]
    changes: list[Callable[[Actor], object]] = [
        lambda who: create_list(who, name="新"),
        lambda who: rename_list(who, list_id, name="新"),
        lambda who: delete_list(who, list_id),
        lambda who: add_person(who, list_id, TARO[0], {}, "consent"),
        lambda who: edit_person(who, number, {"氏名": "新"}),
        lambda who: remove_person(who, list_id, number),
        lambda who: stage_upload(who, file_name="a.csv", data=csv_file([TARO])),
        lambda who: preview(who, status.id),
        lambda who: cancel_import(who, status.id),
        lambda who: refused_file(who, status.id),
    ]
    for act in sees_people:
        act(approver)
        with pytest.raises(NotAllowed):
            act(viewer)
    for who in (viewer, approver):
        for act in changes:
            with pytest.raises(NotAllowed):
                act(who)
