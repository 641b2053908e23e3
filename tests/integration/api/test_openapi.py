"""The OpenAPI file: valid, complete, and true about what each operation needs."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from tests.integration.api.caller import V1, Caller, make_caller
from tests.integration.campaigns.stage import Stage

from hatobin.accounts.rules import SCOPE_RIGHTS
from hatobin.api.urls import TAGS, api

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
Operation = dict[str, Any]


def operations() -> Iterator[tuple[str, str, Operation]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def media_types() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(operation, where, media type) of every request and answer."""
    for _method, _path, operation in operations():
        name = operation["operationId"]
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            yield name, f"request {kind}", media
        for status, answer in operation["responses"].items():
            for kind, media in answer.get("content", {}).items():
                yield name, f"{status} {kind}", media


EVERY = [pytest.param(*each, id=each[2]["operationId"]) for each in operations()]
ABOUT_ONE = [each for each in EVERY if "{" in str(each.values[1])]


def test_it_is_valid_openapi_3_1_and_served_as_it_is(stage: Stage) -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    served = Client().get(f"{V1}/openapi.json")
    assert served.json() == DOCUMENT
    assert "script" not in served.headers["Content-Type"]


@pytest.mark.parametrize(("method", "path", "operation"), EVERY)
def test_every_operation_says_what_it_does_and_what_may_go_wrong(
    method: str, path: str, operation: Operation
) -> None:
    assert operation["summary"]
    assert len(operation["description"]) > len(operation["summary"])
    assert operation["tags"][0] in TAGS
    answers = set(operation["responses"])
    assert {"401", "403", "429", "500", "503"} <= answers
    assert "requestBody" not in operation or {"400", "413", "415", "422"} <= answers
    assert "{" not in path or {"404", "422"} <= answers
    for parameter in operation["parameters"]:
        assert parameter["description"], parameter["name"]
        check(parameter["example"], parameter["schema"])
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json"]


def test_every_request_and_answer_has_an_example_of_its_own_shape() -> None:
    seen = 0
    for name, where, media in media_types():
        assert "example" in media, (name, where)
        if "multipart" not in where:
            check(media["example"], media["schema"])
        seen += 1
    assert seen > 300


def test_operation_names_are_unique() -> None:
    names = [operation["operationId"] for _method, _path, operation in operations()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("method", "path", "operation"), EVERY)
def test_a_key_without_one_of_the_rights_is_refused_and_told_which(
    stage: Stage, method: str, path: str, operation: Operation
) -> None:
    for right in operation["security"][0]["KeyAuth"]:
        scopes = [name for name, rights in SCOPE_RIGHTS.items() if right not in rights]
        if not scopes:
            assert right == "view"  # every key has it
            continue
        answer = call(make_caller(stage, scopes), method, path, operation)
        assert answer.code == "not-allowed", answer.body
        assert answer.status == 403
        assert answer.body["right"] == right


@pytest.mark.parametrize(("method", "path", "operation"), ABOUT_ONE)
def test_what_is_not_there_is_a_problem_and_not_a_crash(
    stage: Stage, method: str, path: str, operation: Operation
) -> None:
    answer = call(make_caller(stage), method, path, operation)
    assert answer.status == 404, answer.body
    assert answer.code


def test_the_reference_names_every_address() -> None:
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    for method, path, _operation in operations():
        line = f"`{method.upper()} {path.removeprefix(V1)}`"
        assert line in text, line


def check(value: Any, schema: dict[str, Any]) -> None:
    jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, value)


def call(caller: Caller, method: str, path: str, operation: Operation) -> Any:
    """The operation with its own example, about things that are not there."""
    path = re.sub(r"\{\w+_id\}", _absent, path.removeprefix(V1))
    wanted = [p for p in operation["parameters"] if p["in"] == "query" and p["required"]]
    if wanted:
        path += "?" + "&".join(f"{p['name']}={p['example']}" for p in wanted)
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return caller.upload("people.csv", "メール\na@example.jp\n".encode())
    if "application/json" in content:
        return caller._json(method, path, content["application/json"]["example"])
    return caller._send(method, path)


def _absent(found: re.Match[str]) -> str:
    numbered = {"{contact_id}", "{suppression_id}", "{delivery_id}"}
    return "999999999" if found.group() in numbered else str(uuid.uuid4())
