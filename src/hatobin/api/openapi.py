"""The OpenAPI file: what ninja makes of the code, finished with examples and every error.

Errors are the same everywhere, so they are not written at each operation: which of them an operation can
answer follows from its shape (a body, a path, a change of state).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from hatobin.accounts.rules import SCOPE_RIGHTS
from hatobin.api.schemas.base import ID
from hatobin.api.schemas.problem import Problem

Json = dict[str, Any]

_REF = "#/components/schemas/"
_PARAMETERS: Json = {
    "list_id": ID,
    "import_id": ID,
    "campaign_id": ID,
    "sender_id": ID,
    "egress_id": ID,
    "domain_id": ID,
    "key_id": ID,
    "contact_id": 810,
    "delivery_id": 4711,
    "to_egress_id": ID,
    "slow": True,
    "suppression_id": 1,
    "search": "花子",
    "page": 1,
    "per_page": 50,
    "kind": "refused",
    "status": "sending",
    "state": "bounced",
    "index": 0,
    "domain": "gmail.com",
    "mail_server": "gmail-smtp-in.l.google.com",
    "egress_kind": "direct",
    "to": "hanako@example.jp",
    "why": "本人から再開の依頼（2026-11-24 電話）",
}
_SENTENCES = {
    "list_id": "Which list",
    "import_id": "Which import",
    "campaign_id": "Which letter",
    "sender_id": "Which From line",
    "egress_id": "Which way out",
    "domain_id": "Which sending domain",
    "key_id": "Which key",
    "contact_id": "Which person",
    "delivery_id": "Whose letter: a row of the result has it",
    "suppression_id": "Which entry",
    "search": "What to look for",
    "kind": "Refused, or merged into an earlier row",
    "status": "Only letters that stand there",
    "state": "Only letters in this state",
    "why": "The reason, for the audit log",
}
_UPLOAD: Json = {
    "file": "(the spreadsheet)",
    "list_name": "広報メール会員",
    "basis": "consent",
    "columns": "お名前=氏名\n備考=\nE-mail=@",
    "encoding": "cp932",
    "sheet": "",
}
# Status > (code, title, detail, further keys) of an example.
_ERRORS: dict[int, tuple[str, str, str, Json]] = {
    400: ("not-json", "The request cannot be read.", "The body is not JSON in UTF-8.", {}),
    401: (
        "bad-api-key",
        "This needs an API key.",
        "This API key is unknown, was revoked or has expired.",
        {"advice": "Owners make keys under Settings > API keys."},
    ),
    403: (
        "not-allowed",
        "This API key may not do that.",
        "The key lacks the right “send”.",
        {"advice": "These scopes have it: send", "right": "send"},
    ),
    404: ("no-letter", "There is no such thing here.", "This letter no longer exists.", {}),
    409: (
        "letter-changed",
        "This is not possible in its present state.",
        "The letter has changed since the check.",
        {"advice": "Look at the check again, then send."},
    ),
    413: (
        "too-large",
        "The request is too large.",
        "The body is larger than this installation takes.",
        {},
    ),
    415: (
        "wrong-content-type",
        "The request is of the wrong kind.",
        "The body is not of a kind that this operation takes.",
        {"advice": "Send it with Content-Type: application/json."},
    ),
    422: (
        "number-differs",
        "Something in the request cannot be taken as it is.",
        "You typed 900, but 999 letters would be sent.",
        {"field": "number"},
    ),
    429: (
        "too-many-keys",
        "Too many attempts.",
        "Too many keys from your address were refused.",
        {"retry": True},
    ),
    503: (
        "no-database",
        "Something that this needs does not answer now.",
        "The database does not answer. Nothing was half done.",
        {"retry": True},
    ),
    500: (
        "internal-error",
        "Something went wrong here.",
        "It stands in the server's log. Nothing was half done.",
        {"retry": True},
    ),
}


def csv_answer(example: str) -> dict[int, Json]:
    """For ``openapi_extra``: the operation answers with a CSV file."""
    body = {"schema": {"type": "string"}, "example": "\ufeff" + example}
    return {200: {"description": "The file", "content": {"text/csv": body}}}


class Api(NinjaAPI):
    """Ninja's API whose OpenAPI file is complete."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: Any = None
    ) -> OpenAPISchema:
        """The file as a dictionary."""
        made = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return cast("OpenAPISchema", finish(made))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: unique, and good to read in generated clients."""
        return operation.view_func.__name__


def finish(document: Json) -> Json:
    """Adds what the code alone does not say."""
    schemas: Json = document["components"]["schemas"]
    shape = Problem.model_json_schema(ref_template=_REF + "{model}")
    schemas |= shape.pop("$defs", {})
    schemas["Problem"] = shape
    for path in document["paths"].values():
        for method, operation in path.items():
            _finish_words(operation)
            _finish_parameters(operation)
            _finish_body(operation, schemas)
            _finish_answers(method, operation, schemas)
    return document


def _finish_words(operation: Json) -> None:
    """The docstring's first line is the summary; the rights stand below the rest."""
    first, _blank, rest = operation["description"].partition("\n")
    operation["security"] = operation["security"][-1:]
    rights = set(operation["security"][0]["KeyAuth"])
    needed = "Every key may do this."
    if rights != {"view"}:
        scopes = [name for name, held in SCOPE_RIGHTS.items() if rights & held]
        needed = f"Rights: {_named(sorted(rights))}. Scopes that have them: {_named(scopes)}."
    operation["summary"] = first.rstrip(".")
    operation["description"] = f"{' '.join(rest.split()).replace('``', '`')}\n\n{needed}"


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _finish_parameters(operation: Json) -> None:
    for parameter in operation["parameters"]:
        name = parameter["name"]
        parameter.setdefault("example", _PARAMETERS[name])
        if "description" not in parameter:
            parameter["description"] = _SENTENCES[name]


def _finish_body(operation: Json, schemas: Json) -> None:
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        media["example"] = _UPLOAD if kind == "multipart/form-data" else _example(media, schemas)


def _finish_answers(method: str, operation: Json, schemas: Json) -> None:
    for status, answer in operation["responses"].items():
        for kind, media in answer.get("content", {}).items():
            if kind == "application/json":
                media["example"] = _example(media, schemas)
        if int(status) == 204:
            answer["description"] = "Done; the answer is empty"
    for status in _errors_of(method, operation):
        operation["responses"][status] = _problem(status)


def _errors_of(method: str, operation: Json) -> list[int]:
    found = {401, 403, 429, 500, 503}
    if operation["parameters"] or "requestBody" in operation:
        found.add(422)
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        found.add(404)
    if any(parameter["in"] == "query" for parameter in operation["parameters"]):
        found.add(400)  # a NUL in it cannot be read
    if method != "get":
        found.add(409)
    if "requestBody" in operation:
        found |= {400, 404, 413, 415}
    return sorted(found)


def _problem(status: int) -> Json:
    code, title, detail, more = _ERRORS[status]
    example = {
        "type": f"urn:hatobin:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    media = {"schema": {"$ref": _REF + "Problem"}, "example": example}
    return {"description": title, "content": {"application/problem+json": media}}


def _example(media: Json, schemas: Json) -> Any:
    schema = media["schema"]
    if schema.get("type") == "array":
        return [_example({"schema": schema["items"]}, schemas)]
    named = schema.get("$ref", "").removeprefix(_REF)
    return (schemas[named] if named else schema)["example"]
