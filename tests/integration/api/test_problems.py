"""Whatever goes wrong, the answer is a problem: RFC 9457, in the language that was asked for."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage


def test_sentences_come_in_the_language_that_is_accepted(stage: Stage, caller: Caller) -> None:
    japanese = Caller(caller.key, language="ja,en;q=0.5")
    path = f"/campaigns/{stage.draft().id}/status"
    english, other = caller.get(path), japanese.get(path)
    assert english.code == other.code == "not-released"
    assert english.body["detail"] == "This letter has not been released yet."
    assert other.body["detail"] == "このメールはまだ配信されていません。"
    assert english.body["title"] != other.body["title"]
    assert english.headers["Content-Language"] == "en"
    assert other.headers["Content-Language"] == "ja"
    assert "Accept-Language" in english.headers["Vary"]


def test_each_wrong_part_of_a_body_is_named(caller: Caller) -> None:
    answer = caller.post("/campaigns", {"letter": {"subject": 5, "bcc": "x"}, "kind": "spam"})
    assert (answer.status, answer.code) == (422, "bad-request")
    fields = {each["field"]: each["detail"] for each in answer.body["errors"]}
    assert fields.keys() == {"name", "letter.subject", "letter.bcc", "kind"}
    assert fields["name"] == "This is missing."
    assert fields["letter.bcc"] == "There is no such key here."
    japanese = Caller(caller.key, language="ja").post("/campaigns", {})
    assert japanese.body["errors"][0]["detail"] == "入力されていません。"


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not-json"),
        (b'{"name": NaN}', "application/json", 400, "not-json"),
        (b'{"name": "\xff"}', "application/json", 400, "not-json"),
        (b"[" * 100_000, "application/json", 400, "not-json"),
        (b'{"name": "a\\u0000"}', "application/json", 422, "control-character"),
        (b'{"name": "\\ud800"}', "application/json", 422, "control-character"),
        (b'"name"', "application/json", 422, "bad-request"),
        (b"", "application/json", 422, "bad-request"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "wrong-content-type"),
        (b'{"name": "x"}', "text/plain", 415, "wrong-content-type"),
        (b'{"name": "' + b"x" * 6_000_000 + b'"}', "application/json", 413, "too-large"),
    ],
)
def test_a_body_that_is_none(
    caller: Caller, data: bytes, kind: str, status: int, code: str
) -> None:
    answer = caller.raw("post", "/lists", data, kind)
    assert (answer.status, answer.code) == (status, code)


def test_an_address_that_is_none_and_a_method_that_is_not_taken(caller: Caller) -> None:
    for path in ("/nothing", "", "/", "/lists/", "/lists/x/y/z"):
        assert (caller.get(path).status, caller.get(path).code) == (404, "not-found"), path
    answer = caller.put("/lists", {"name": "x"})
    assert (answer.status, answer.code) == (405, "wrong-method")
    assert answer.headers["Allow"] == "GET, POST"
    assert "GET, POST" in answer.body["advice"]
    assert caller.get("/lists/not-an-id").body["field"] == "list_id"
    assert caller.get("/campaigns", page=0).body["errors"][0]["field"] == "page"


def test_lacking_a_right_names_the_right_and_the_scope(stage: Stage) -> None:
    answer = make_caller(stage, ["read"]).post("/lists", {"name": "x"})
    assert (answer.status, answer.code) == (403, "not-allowed")
    assert answer.body["right"] == "edit-lists"
    assert "lists" in answer.body["advice"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "host", "code"),
    [
        ("/api/v1/lists", "evil.example", "wrong-host"),
        ("/api/v1/me", "a b", "wrong-host"),
        ("/api/v1/suppression?search=a%00b", "testserver", "unreadable"),
        ("/api/v1/lists?%00", "testserver", "unreadable"),
    ],
)
def test_what_is_refused_before_the_api_is_reached_is_a_problem_too(
    path: str, host: str, code: str
) -> None:
    for language, word in (("en", "The"), ("ja", "リクエスト")):
        headers = {"host": host, "accept-language": language}
        answer = Client(raise_request_exception=False).get(path, headers=headers)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.json()
        assert (told["status"], told["code"]) == (400, code)
        assert word in told["title"]
        assert "evil" not in answer.content.decode()
