"""Lists and people at the screen: found, corrected, added, taken off, and shown only to those who may see them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from tests import factories
from tests.integration.audience.story import csv_file
from tests.integration.console.desk import Desk, beside, desk_of, words_of

from hatobin.accounts.models import Role
from hatobin.audience.models import ConsentBasis, Contact, ContactList, Field, Subscription
from hatobin.audience.services.people import add_person, edit_person
from hatobin.suppression.services import add_by_staff

pytestmark = pytest.mark.django_db

ADDRESS = "hanako@example.jp"


@pytest.fixture
def desk() -> Desk:
    return desk_of()


@pytest.fixture
def members(desk: Desk) -> ContactList:
    """Three members; the second one said no."""
    found = factories.make_list(
        desk.workspace,
        [
            (ADDRESS, {"氏名": "山田花子", "備考": "一\n二"}),
            ("jiro@example.jp", {"氏名": "鈴木次郎", "備考": ""}),
            ("saburo@example.jp", {"氏名": "髙﨑三郎", "備考": ""}),
        ],
    )
    add_by_staff(desk.actor, "jiro@example.jp")
    return found


def url(name: str, *args: object) -> str:
    return reverse(f"console:{name}", args=args)


def contact(desk: Desk, members: ContactList, position: int = 1) -> Contact:
    places = Subscription.objects.of(desk.workspace.pk)
    return places.get(list=members, position=position).contact


def corrected(client: Client, number: int, **values: str) -> dict[str, str]:
    """The form of a person with other values, as it stands on the page now."""
    page = client.get(url("person", number))
    form = page.context["form"]
    data = {bound.name: bound.initial or "" for bound in form}
    by_label = {bound.label: bound.name for bound in form}
    data |= {by_label[label]: value for label, value in values.items()}
    return data | {"revision": str(page.context["revision"])}


def test_an_office_without_lists_is_told_what_to_do_next(desk: Desk) -> None:
    page = desk.client.get(url("lists"))
    assert "配信リストはまだありません" in words_of(page)
    assert url("upload") in page.content.decode()
    viewer = desk_of(Role.VIEWER, desk.workspace)
    assert url("upload") not in viewer.client.get(url("lists")).content.decode()


def test_each_list_says_how_many_are_on_it_and_how_many_get_no_letter(
    desk: Desk, members: ContactList
) -> None:
    factories.make_list(desk.workspace, name="役員")
    page = desk.client.get(url("lists"))
    assert [(each.name, each.people, stopped) for each, stopped in page.context["lists"]] == [
        ("役員", 1, 0),
        ("会員", 3, 1),
    ]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("花子", [ADDRESS]),
        ("崎", []),
        ("﨑三", ["saburo@example.jp"]),
        ("SABU", ["saburo@example.jp"]),
    ],
)
def test_people_are_found_by_any_part_of_name_or_address(
    desk: Desk, members: ContactList, search: str, found: list[str]
) -> None:
    page = desk.client.get(url("list", members.pk), {"q": search})
    assert [row.address for row, _values in page.context["people"]] == found
    assert ("見つかりません" in words_of(page)) is not bool(found)


def test_a_list_shows_its_numbers_and_who_gets_no_letter(desk: Desk, members: ContactList) -> None:
    page = desk.client.get(url("list", members.pk))
    assert "読者数 3 配信できる 2 配信停止 1" in words_of(page)
    rows = page.content.decode().split("<tr>")
    assert [row.count("配信停止") > 0 for row in rows if "@example.jp" in row] == [
        False,
        True,
        False,
    ]


def test_a_list_that_nobody_left_does_not_explain_why_somebody_gets_nothing(desk: Desk) -> None:
    whole = factories.make_list(desk.workspace, name="役員")
    read = words_of(desk.client.get(url("list", whole.pk)))
    assert "配信停止 0" in read
    assert "自分で" not in read
    assert "配信停止リストにあります" not in read


def test_an_international_domain_is_read_in_its_own_letters(desk: Desk) -> None:
    found = factories.make_list(desk.workspace, [("hanako@xn--wgv71a119e.example", {"氏名": ""})])
    for page in (url("list", found.pk), url("person", contact(desk, found).pk)):
        read = words_of(desk.client.get(page))
        assert "hanako@日本語.example" in read
        assert "xn--" not in read


def test_long_lists_come_page_by_page_and_a_page_beyond_is_the_last(desk: Desk) -> None:
    people = [(f"p{number}@example.jp", {"氏名": f"会員{number}"}) for number in range(60)]
    many = factories.make_list(desk.workspace, people)
    page = desk.client.get(url("list", many.pk), {"page": "999"})
    assert [row.address for row, _values in page.context["people"]][-1] == "p59@example.jp"
    assert "全60件" in words_of(page)
    assert desk.client.get(url("list", many.pk), {"page": "x"}).context["page"].page == 1


# Change


def test_a_list_gets_another_name_but_not_one_that_is_taken(
    desk: Desk, members: ContactList
) -> None:
    factories.make_list(desk.workspace, name="役員")
    taken = desk.client.post(url("list", members.pk), {"list_name": "役員"})
    assert beside(taken, "id_list_name")
    assert desk.client.post(url("list", members.pk), {"list_name": "秋の会"}).status_code == 302
    assert "秋の会" in words_of(desk.client.get(url("lists")))


def test_a_deleted_list_is_gone_and_its_page_says_so(desk: Desk, members: ContactList) -> None:
    page = desk.client.post(url("list-delete", members.pk), follow=True)
    assert "配信リストはまだありません" in words_of(page)
    assert desk.client.get(url("list", members.pk)).status_code == 404
    assert not Contact.objects.of(desk.workspace.pk).exists()


def test_a_person_is_added_by_hand_with_the_basis(desk: Desk, members: ContactList) -> None:
    form = desk.client.get(url("person-add", members.pk)).context["form"]
    name = next(bound.name for bound in form if bound.label == "氏名")
    sent = {"address": "Shiro@Example.JP", name: "伊藤四郎", "basis": "given"}
    assert desk.client.post(url("person-add", members.pk), sent).status_code == 302
    page = desk.client.get(url("person", contact(desk, members, 4).pk))
    read = words_of(page)
    assert "伊藤四郎" in read
    assert "本人からアドレスの通知を受けた（名刺・申込書など）" in read
    assert "手入力またはプログラムで追加" in read


@pytest.mark.parametrize(
    ("change", "control"),
    [
        ({"address": "shiro"}, "id_address"),
        ({"address": ""}, "id_address"),
        ({"address": "山田 <a@example.jp>"}, "id_address"),
        ({"address": ADDRESS}, "id_address"),
        ({"basis": ""}, "id_basis"),
        ({"field-0": "四郎\tBcc"}, "id_field-0"),
        ({"field-0": "四" * 10_001}, "id_field-0"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said_beside_it_and_what_was_typed_stays(
    desk: Desk, members: ContactList, change: dict[str, str], control: str
) -> None:
    # 氏名 as imports make it: a name stands on one line.
    Field.objects.of(desk.workspace.pk).filter(name="氏名").update(kind="name")
    sent = {
        "address": "shiro@example.jp",
        "field-0": "伊藤四郎",
        "field-1": "要連絡",
        "basis": "given",
    }
    response = desk.client.post(url("person-add", members.pk), sent | change)
    assert beside(response, control)
    assert "要連絡" in response.content.decode()
    assert Contact.objects.of(desk.workspace.pk).count() == 3


def test_adding_somebody_who_is_known_keeps_what_is_left_empty(
    desk: Desk, members: ContactList
) -> None:
    other = factories.make_list(desk.workspace, [("x@example.jp", {"氏名": "別人"})], name="役員")
    sent = {"address": ADDRESS, "field-0": "", "basis": "given"}
    assert desk.client.post(url("person-add", other.pk), sent).status_code == 302
    page = desk.client.get(url("person", contact(desk, members).pk))
    assert "山田花子" in words_of(page)
    assert [place.list_name for place in page.context["person"].lists] == ["会員", "役員"]


def test_a_correction_keeps_line_breaks_and_everything_else(
    desk: Desk, members: ContactList
) -> None:
    number = contact(desk, members).pk
    data = corrected(desk.client, number, 氏名="山田はな子")
    data = {
        name: value.replace("\n", "\r\n") for name, value in data.items()
    }  # as browsers send it
    assert desk.client.post(url("person", number), data).status_code == 302
    person = desk.client.get(url("person", number)).context["person"]
    assert {field.name: field.value for field in person.fields} == {
        "氏名": "山田はな子",
        "備考": "一\n二",
    }


def test_a_correction_does_not_overwrite_what_somebody_else_changed_meanwhile(
    desk: Desk, members: ContactList
) -> None:
    number = contact(desk, members).pk
    data = corrected(desk.client, number, 氏名="山田はな子")
    edit_person(desk.actor, number, {"備考": "三"})
    for _pressed in range(2):
        response = desk.client.post(url("person", number), data)
        assert response.status_code == 409
        assert "山田はな子" in response.content.decode()
        assert "変更しました" in words_of(response)
    assert contact(desk, members).revision == 2


def test_who_is_taken_off_the_only_list_is_forgotten(desk: Desk, members: ContactList) -> None:
    number = contact(desk, members).pk
    desk.client.post(url("person-remove", members.pk, number))
    assert desk.client.get(url("person", number)).status_code == 404
    assert "読者数 2" in words_of(desk.client.get(url("list", members.pk)))


def test_the_person_shows_where_they_came_from_and_that_they_get_no_letter(desk: Desk) -> None:
    result = desk.read(desk.confirm(desk.staged(csv_file([(ADDRESS, "山田花子")]), "名簿.csv")))
    add_by_staff(desk.actor, ADDRESS)
    found = ContactList.objects.of(desk.workspace.pk).get()
    read = words_of(desk.client.get(url("person", contact(desk, found, 2).pk)))
    assert "ファイル「名簿.csv」から" in read
    assert "メールの受信に同意を得ている" in read
    assert "この人にはメールが届きません" in read
    assert result.context["found"].list_id == found.pk


def test_who_left_stays_as_a_record_and_cannot_be_put_back(
    desk: Desk, members: ContactList
) -> None:
    Subscription.objects.of(desk.workspace.pk).filter(position=1).update(state="unsubscribed")
    read = words_of(desk.client.get(url("list", members.pk)))
    assert "読者数 3 配信できる 1 配信停止 2" in read
    sent = {"address": ADDRESS, "field-0": "", "field-1": "", "basis": "given"}
    assert beside(desk.client.post(url("person-add", members.pk), sent), "id_address")


# Who may


def test_a_viewer_sees_numbers_and_nobody(desk: Desk, members: ContactList) -> None:
    viewer = desk_of(Role.VIEWER, desk.workspace).client
    page = viewer.get(url("list", members.pk), {"q": "花子"})
    assert "読者数 3 配信できる 2 配信停止 1" in words_of(page)
    for secret in (ADDRESS, "山田", url("person-add", members.pk), url("list-delete", members.pk)):
        assert secret not in page.content.decode()
    assert viewer.get(url("person", contact(desk, members).pk)).status_code == 403


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
def test_who_may_only_look_changes_nothing(desk: Desk, members: ContactList, role: str) -> None:
    client = desk_of(role, desk.workspace).client
    number = contact(desk, members).pk
    sent = corrected(desk.client, number, 氏名="だれか")
    new = {"address": "x@example.jp", "field-0": "", "field-1": "", "basis": "given"}

    assert client.get(url("person-add", members.pk)).status_code == 403
    assert client.post(url("person-add", members.pk), new).status_code == 403
    client.post(url("person", number), sent)
    client.post(url("list", members.pk), {"list_name": "別の名前"})
    client.post(url("list-delete", members.pk))
    client.post(url("person-remove", members.pk, number))

    assert ContactList.objects.of(desk.workspace.pk).get().name == "会員"
    assert Subscription.objects.of(desk.workspace.pk).count() == 3
    assert contact(desk, members).revision == 1


def test_an_approver_reads_people_without_forms(desk: Desk, members: ContactList) -> None:
    client = desk_of(Role.APPROVER, desk.workspace).client
    page = client.get(url("person", contact(desk, members).pk))
    assert "山田花子" in words_of(page)
    assert 'name="revision"' not in page.content.decode()
    assert ADDRESS in words_of(client.get(url("list", members.pk)))


def test_another_workspace_finds_neither_list_nor_person(desk: Desk, members: ContactList) -> None:
    other = desk_of(workspace=factories.make_workspace("もみじ商店")).client
    number = contact(desk, members).pk
    for address in (url("list", members.pk), url("person", number), url("person-add", members.pk)):
        assert other.get(address).status_code == 404
    other.post(url("list-delete", members.pk))
    other.post(url("person-remove", members.pk, number))
    assert Subscription.objects.of(desk.workspace.pk).count() == 3


def test_a_stranger_is_asked_to_sign_in(members: ContactList) -> None:
    for address in (url("lists"), url("list", members.pk), url("upload")):
        assert Client().get(address).status_code == 302


def test_somebody_added_by_a_program_is_said_to_be(desk: Desk, members: ContactList) -> None:
    number = add_person(desk.actor, members.pk, "api@example.jp", {}, ConsentBasis.TRADING)
    assert "取引関係がある" in words_of(desk.client.get(url("person", number)))
