"""A program with a key, talking to the API as any HTTP client would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from tests.integration.campaigns.stage import Stage

from hatobin.accounts.rules import SCOPE_RIGHTS
from hatobin.accounts.services.api_keys import create_api_key

EVERY = tuple(SCOPE_RIGHTS)
V1 = "/api/v1"


@dataclass
class Answer:
    """Status, headers and the JSON body (None where there is none)."""

    status: int
    headers: dict[str, str]
    body: Any
    raw: bytes

    @property
    def code(self) -> str:
        """The problem's code; fails when the answer is no problem."""
        assert self.headers["Content-Type"] == "application/problem+json", self.raw
        assert self.body["status"] == self.status
        assert self.body["type"] == f"urn:hatobin:problem:{self.body['code']}"
        assert self.body["title"]
        code: str = self.body["code"]
        return code


@dataclass
class Caller:
    """``caller.get("/lists")``; ``key`` empty sends none."""

    key: str
    language: str = "en"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> Answer:
        return self._send("get", path, query)

    def post(self, path: str, body: Any = None) -> Answer:
        return self._json("post", path, body)

    def patch(self, path: str, body: Any) -> Answer:
        return self._json("patch", path, body)

    def put(self, path: str, body: Any) -> Answer:
        return self._json("put", path, body)

    def delete(self, path: str) -> Answer:
        return self._send("delete", path)

    def upload(self, name: str, data: bytes, **form: str) -> Answer:
        """Imports a file."""
        values = {"list_name": "広報メール会員", "basis": "consent"} | form
        return self._send("post", "/imports", {**values, "file": SimpleUploadedFile(name, data)})

    def raw(self, method: str, path: str, data: bytes, content_type: str) -> Answer:
        """A body exactly as given."""
        return self._send(method, path, data, content_type=content_type)

    def _json(self, method: str, path: str, body: Any) -> Answer:
        if body is None:
            return self._send(method, path)
        return self._send(method, path, json.dumps(body), content_type="application/json")

    def _send(self, method: str, path: str, *args: Any, **more: Any) -> Answer:
        headers = {"Accept-Language": self.language}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        response: HttpResponseBase = getattr(self.client, method)(
            V1 + path, *args, headers=headers, **more
        )
        pieces = response.streaming_content if response.streaming else [response.content]  # type: ignore[attr-defined]
        raw = b"".join(pieces)
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(
            status=response.status_code,
            headers=dict(response.headers.items()),
            body=json.loads(raw) if is_json and raw else None,
            raw=raw,
        )


def make_caller(stage: Stage, scopes: Sequence[str] = EVERY, language: str = "en") -> Caller:
    """A program of this office."""
    made = create_api_key(stage.alice, name="program", scopes=scopes, days=30)
    return Caller(made.secret, language)
