"""A program that knows only HTTP and the API's address and key."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.service import Service

_MAKE_KEY = """
import sys
from hatobin.config.runtime import Runtime
with Runtime().open(migrate=False):
    from hatobin.accounts.models import Workspace
    from hatobin.accounts.services.access import actor_of_operator
    from hatobin.accounts.services.api_keys import create_api_key
    actor = actor_of_operator(Workspace.objects.get(name=sys.argv[1]).pk, "tests")
    print(create_api_key(actor, name="program", scopes=sys.argv[2:], days=1).secret)
"""


def make_key(service: Service, workspace: str, scopes: Sequence[str]) -> str:
    """A key as an owner would make one on the screen."""
    done = subprocess.run(
        [sys.executable, "-c", _MAKE_KEY, workspace, *scopes],
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class Program:
    """``program.call("POST", "/lists", {"name": "x"})`` answers (status, body)."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The body is JSON both ways; other answers come as bytes."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, "application/json")

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """The same, where anything but success is a failure of the test."""
        status, answer = self.call(method, path, body)
        assert status < 300, (status, answer)
        return answer

    def upload(self, name: str, content: bytes, **form: str) -> tuple[int, Any]:
        """A file with form fields, as a browser or curl sends them."""
        mark = uuid.uuid4().hex
        parts = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in form.items()]
        parts.append(
            f'name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'.encode() + content
        )
        start = f"--{mark}\r\nContent-Disposition: form-data; ".encode()
        data = b"".join(start + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()
        return self._send("POST", "/imports", data, f"multipart/form-data; boundary={mark}")

    def _send(self, method: str, path: str, data: bytes | None, kind: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "ja"}
        if data is not None:
            headers["Content-Type"] = kind
        request = urllib.request.Request(  # noqa: S310 - our own service
            f"{self.url}/api/v1{path}", data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, _body(answer)
        except urllib.error.HTTPError as error:
            return error.code, _body(error)


def _body(answer: Any) -> Any:
    content = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return json.loads(content) if is_json and content else content
