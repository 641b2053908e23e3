"""Lists, people, imports and the do-not-mail list through the API."""

from __future__ import annotations

import pytest
from django.test import override_settings
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage

from hatobin.audience.demo_people import as_csv, office_people
from hatobin.audience.models import Contact, ContactList, Import
from hatobin.audience.services.imports import run_import

MEMBERS = "氏名,メールアドレス\r\n花子,hanako@example.jp\r\n次郎,jiro@\r\n".encode("cp932")


def test_the_office_list_comes_in_and_every_refused_row_is_named(caller: Caller) -> None:
    sample = office_people()
    started = caller.upload("会員.csv", as_csv(sample))
    assert started.status == 202, started.body
    assert started.body["state"] == "queued"
    run_import(Import.objects.across_workspaces().get().pk)
    path = f"/imports/{started.body['id']}"
    done = caller.get(path).body
    assert done["state"] == "done", done
    numbers = {name: done[name] for name in ("added", "duplicates", "refused", "rows")}
    assert numbers == {"added": 1000, "duplicates": 12, "refused": 9, "rows": 1021}
    refused = caller.get(f"{path}/problems").body
    assert {each["row"]: each["reason"] for each in refused["items"]} == dict(sample.broken)
    assert all(each["sentence"] for each in refused["items"])
    assert caller.get(f"{path}/problems", kind="duplicate").body["total"] == 12
    file = caller.get(f"{path}/refused.csv")
    assert file.raw.startswith(b"\xef\xbb\xbf")
    assert "mihon.example.jp" in file.raw.decode()
    assert caller.get("/imports").body[0]["id"] == started.body["id"]
    (made,) = [each for each in caller.get("/lists").body if each["name"] == "広報メール会員"]
    assert made["people"] == 1000
    assert "広報メール会員" in caller.get("/lists").raw.decode(), "read in a terminal as it is"
    found = caller.get(f"/lists/{made['id']}/people", search="takasaki", per_page=2).body
    assert len(found["items"]) == 2
    assert all("髙﨑" in each["fields"]["氏名"] for each in found["items"])


def test_a_key_without_people_sees_reasons_but_no_cells(stage: Stage, caller: Caller) -> None:
    started = caller.upload("会員.csv", MEMBERS)
    run_import(Import.objects.across_workspaces().get().pk)
    reader = make_caller(stage, ["read"])
    problems = reader.get(f"/imports/{started.body['id']}/problems")
    assert problems.body["total"] == 1
    assert "次郎" not in problems.raw.decode()
    assert reader.get(f"/imports/{started.body['id']}/refused.csv").status == 403


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.csv", b"", "empty-file"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "not-a-list"),
        ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "not-a-list"),
        ("nothing.xlsx", b"PK\x03\x04 not a workbook", "broken-workbook"),
    ],
)
def test_a_file_that_is_no_list_is_refused_and_not_kept(
    caller: Caller, name: str, data: bytes, code: str
) -> None:
    answer = caller.upload(name, data)
    assert answer.status == 422, answer.body
    assert answer.body["field"] == "file"
    assert answer.code
    assert not Import.objects.across_workspaces().exists()


def test_a_file_above_the_limit_is_413(caller: Caller) -> None:
    from django.conf import settings

    small = settings.HATOBIN.model_copy(update={"upload_limit_mb": 1})
    with override_settings(HATOBIN=small):
        answer = caller.upload("big.csv", b"a@example.jp\n" * 100_000)
    assert (answer.status, answer.code) == (413, "too-large")
    assert not Import.objects.across_workspaces().exists()


def test_an_import_says_what_is_missing_or_unknown(caller: Caller) -> None:
    assert caller.post("/imports", {"list_name": "x"}).code == "wrong-content-type"
    no_basis = caller.upload("a.csv", MEMBERS, basis="because")
    assert (no_basis.status, no_basis.body["field"]) == (422, "basis")
    no_column = caller.upload("a.csv", MEMBERS, columns="会社=company")
    assert (no_column.status, no_column.body["field"]) == (422, "columns")
    no_sign = caller.upload("a.csv", MEMBERS, columns="会社")
    assert (no_sign.status, no_sign.code) == (422, "bad-columns")
    nul = caller.upload("a.csv", MEMBERS, list_name="a\0b")
    assert (nul.status, nul.code) == (422, "control-character")


def test_columns_are_corrected_by_name(caller: Caller) -> None:
    data = "担当,予備,連絡先\n花子,x,hanako@example.jp\n".encode()
    started = caller.upload("a.csv", data, columns="担当=氏名\n予備=\n連絡先=@", encoding="utf-8")
    assert started.status == 202, started.body
    run_import(Import.objects.across_workspaces().get().pk)
    (made,) = [each for each in caller.get("/lists").body if each["name"] == "広報メール会員"]
    assert made["field_names"] == ["氏名"]


def test_of_two_address_columns_the_caller_must_name_one(caller: Caller) -> None:
    data = "氏名,PCメール,携帯メール\n花子,a@example.jp,b@example.jp\n".encode()
    unclear = caller.upload("two.csv", data)
    assert (unclear.status, unclear.code) == (422, "which-address-column")
    assert unclear.body["field"] == "columns"
    assert "PCメール, 携帯メール" in unclear.body["detail"]
    assert caller.upload("two.csv", data, columns="携帯メール=@").status == 202


def test_a_queued_import_can_be_cancelled_and_writes_nothing(caller: Caller) -> None:
    before = Contact.objects.across_workspaces().count()
    path = f"/imports/{caller.upload('a.csv', MEMBERS).body['id']}"
    assert caller.post(f"{path}/cancel").body["state"] == "cancelled"
    assert caller.post(f"{path}/cancel").code == "import-ended"
    run_import(Import.objects.across_workspaces().get().pk)
    assert Contact.objects.across_workspaces().count() == before


def test_lists_and_people_one_by_one(stage: Stage, caller: Caller) -> None:
    made = caller.post("/lists", {"name": "新しい会員"})
    assert (made.status, made.body["people"]) == (201, 0)
    path = f"/lists/{made.body['id']}"
    assert caller.post("/lists", {"name": "新しい会員"}).status == 409
    assert caller.patch(path, {"name": "名前を変えた会員"}).body["name"] == "名前を変えた会員"
    person = {"address": "foo..bar@docomo.ne.jp", "fields": {"氏名": "架空"}, "basis": "given"}
    added = caller.post(f"{path}/people", person)
    assert added.status == 201, added.body
    assert caller.post(f"{path}/people", person).code == "already-on-list"
    number = added.body["contact_id"]
    detail = caller.get(f"/people/{number}").body
    assert detail["address"] == "foo..bar@docomo.ne.jp"
    assert detail["lists"][0]["basis"] == "given"
    change = {"fields": {"氏名": "架空改"}, "revision": detail["revision"]}
    assert caller.patch(f"/people/{number}", change).body["revision"] == detail["revision"] + 1
    assert caller.patch(f"/people/{number}", change).code == "changed-since"
    assert caller.delete(f"{path}/people/{number}").status == 204
    assert caller.get(f"/people/{number}").status == 404
    broken = caller.post(f"{path}/people", {**person, "address": "nobody"})
    assert (broken.status, broken.body["field"]) == (422, "address")
    assert caller.delete(path).status == 204
    assert ContactList.objects.of(stage.workspace.pk).count() == 1


def test_the_do_not_mail_list(caller: Caller) -> None:
    added = caller.post("/suppression", {"addresses": ["HANAKO@example.jp", "x@example.jp"]})
    assert (added.status, added.body) == (201, {"count": 2})
    again = caller.post("/suppression", {"addresses": ["hanako@example.jp"]})
    assert again.body == {"count": 0}
    wrong = caller.post("/suppression", {"addresses": ["y@example.jp", "nobody"]})
    assert (wrong.status, wrong.body["row"]) == (422, 2)
    assert caller.get("/suppression", search="y@example.jp").body["total"] == 0
    (entry,) = caller.get("/suppression", search="hanako@example.jp").body["items"]
    assert entry["reason"] == "manual"
    path = f"/suppression/{entry['id']}"
    assert caller.delete(path).body["field"] == "why"
    assert caller.delete(f"{path}?why=%20").code == "reason-missing"
    assert caller.delete(f"{path}?why=mistake").status == 204
    assert caller.delete(f"{path}?why=mistake").status == 404
