"""Release: what was checked is what is written (promise P4), and nobody else's address is in it (P1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.factories import make_actor
from tests.integration.delivery.stage import (
    BASE_URL,
    SENDER,
    Office,
    letter,
    make_office,
    rows,
    send,
    states,
)

from hatobin.accounts.models import Role
from hatobin.audience.models import Contact, Subscription
from hatobin.common.errors import Conflict, Invalid, NotAllowed, NotFound
from hatobin.delivery.models import Delivery, Dispatch
from hatobin.delivery.queries import sums
from hatobin.delivery.rules.seal import people_hash
from hatobin.delivery.services.release import release
from hatobin.intake.sink import SinkThread
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


def test_everybody_gets_a_row_in_the_lists_order_and_the_suppressed_one_ends_at_once(
    office: Office,
) -> None:
    suppress(
        office.workspace.pk,
        ["taro@example.jp"],
        reason=SuppressionReason.UNSUBSCRIBED,
        source="letter",
    )
    seal = office.seal()
    assert (seal.people, seal.sendable, seal.suppressed) == (3, 2, 1)
    dispatch = office.release(seal=seal.hash)
    assert states(dispatch) == ["waiting", "suppressed", "waiting"]
    assert [row.position for row in rows(dispatch)] == [1, 2, 3]
    assert len({row.pk for row in rows(dispatch)}) == 3
    found = sums(dispatch.pk)
    assert (found.audience, found.suppressed, found.waiting) == (3, 1, 2)
    assert found.adds_up


def test_a_seal_survives_an_unsubscribe_but_nothing_else(office: Office) -> None:
    seal = office.seal().hash
    suppress(
        office.workspace.pk,
        ["taro@example.jp"],
        reason=SuppressionReason.UNSUBSCRIBED,
        source="letter",
    )
    assert office.seal().hash == seal
    assert office.release(seal=seal).audience == 3


def test_one_changed_byte_anywhere_voids_the_check(office: Office, sink: SinkThread) -> None:
    seal = office.seal().hash
    other = make_office(sink, name="もみじ町役場")
    changes = [
        replace(office, letter=letter(text="{{ 氏名 }} 様\n\nこんにちは!\n")),
        replace(office, letter=replace(office.letter, subject="夏の講座のご案内 ")),
        replace(office, letter=replace(office.letter, fallbacks={"氏名": "会員"})),
        replace(office, sender=replace(SENDER, reply_to="")),
        replace(office, people=other.people, workspace=other.workspace),
    ]
    for changed in changes:
        assert changed.seal().hash != seal
    for changed in changes[:4]:
        with pytest.raises(Conflict):
            changed.release(seal=seal)
    assert not Dispatch.objects.of(office.workspace.pk).exists()
    assert not Delivery.objects.of(office.workspace.pk).exists()
    assert office.release(seal=seal).audience == 3


def test_a_person_who_was_changed_added_or_left_voids_the_check(office: Office) -> None:
    contacts = Contact.objects.of(office.workspace.pk).order_by("pk")
    places = Subscription.objects.of(office.workspace.pk)
    hanako = contacts[0]
    seal = office.seal().hash
    contacts.filter(pk=hanako.pk).update(revision=2)
    with pytest.raises(Conflict):
        office.release(seal=seal)
    contacts.filter(pk=hanako.pk).update(revision=1)
    places.filter(contact=hanako).update(state="unsubscribed")
    with pytest.raises(Conflict):
        office.release(seal=seal)
    places.filter(contact=hanako).update(state="subscribed", position=9)
    with pytest.raises(Conflict):
        office.release(seal=seal)
    places.filter(contact=hanako).update(position=1)
    assert office.release(seal=seal).audience == 3


def test_the_database_and_python_agree_about_the_peoples_hash(office: Office) -> None:
    dispatch = office.release()
    people = [(row.position, row.contact_id, row.contact_revision) for row in rows(dispatch)]
    assert dispatch.people_hash == people_hash(people)


def test_a_letter_changed_in_the_database_after_the_release_never_leaves(
    office: Office, sink: SinkThread
) -> None:
    dispatch = office.release()
    changed = {**dispatch.letter, "subject": "別の件名"}
    Dispatch.objects.of(office.workspace.pk).filter(pk=dispatch.pk).update(letter=changed)
    found = send(dispatch)
    assert (found.cancelled, sink.counters.messages) == (3, 0)
    assert Dispatch.objects.of(office.workspace.pk).get(pk=dispatch.pk).stop_code == (
        "content-changed"
    )


def test_a_list_on_which_nobody_can_be_mailed_is_refused(office: Office) -> None:
    Subscription.objects.of(office.workspace.pk).update(state="unsubscribed")
    with pytest.raises(Invalid) as refused:
        office.release()
    assert refused.value.code == "nobody"


def test_a_letter_whose_text_holds_a_contacts_address_is_refused(office: Office) -> None:
    for text in (
        "お問い合わせは Taro@Example.jp まで",
        "ｔａｒｏ＠example.jp",
        "mailto:taro%40example.jp",
    ):
        office.letter = letter(text=text)
        with pytest.raises(Invalid) as refused:
            office.release()
        assert refused.value.code == "address-of-contact"
        assert "taro@example.jp" in refused.value.message
    office.letter = letter(text="お問い合わせは kouhou@office.example か jimu@office.example まで")
    assert office.release().audience == 3


def test_who_may_not_send_releases_nothing(office: Office) -> None:
    charlie = make_actor(office.workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        replace(office, alice=charlie).release()


def test_lists_and_roads_of_another_office_are_not_there(office: Office, sink: SinkThread) -> None:
    other = make_office(sink, name="もみじ町役場")
    for foreign in (replace(office, people=other.people), replace(office, relay=other.relay)):
        with pytest.raises(NotFound):
            release(
                office.alice,
                list_id=foreign.people.pk,
                egress_id=foreign.relay.pk,
                letter=office.letter,
                sender=office.sender,
                base_url=BASE_URL,
                seal="",
                hold=timedelta(),
                expires_in=timedelta(hours=1),
            )
