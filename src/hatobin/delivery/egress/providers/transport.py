"""One HTTP request, and exact knowledge of how far it came when it fails.

A request that did not go out completely was certainly not carried out. One that did, and got no answer,
may have been. ``requests`` does not tell the two apart; the body that it reads from does.
"""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from hatobin.common.hosts import is_loopback
from hatobin.delivery.egress.providers.client import HttpTimeouts

_LONGEST = 256 * 1024  # bytes of an answer


STOPPED = "stopped"


class NotSent(Exception):
    """The service never had the whole request. ``kind``: as in ``egress.errors.ConnectFailed``, or STOPPED."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class NoAnswer(Exception):
    """The whole request went out. ``kind``: ``timeout``, ``closed`` or ``endless``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. ``headers``: names in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def text(self) -> str:
        """The body as text, for a service that speaks in plain words."""
        return self.body.decode("utf-8", "replace")

    def says(self, name: str) -> Any:
        """A value of the answer's JSON object; None where there is none."""
        return self.json.get(name) if isinstance(self.json, dict) else None


class Told(io.BytesIO):
    """A request's body that knows whether all of it was handed to the network.

    The next piece is read only after the last one was sent, so the empty read at the end tells it.
    """

    sent = stopped = False

    def __init__(self, body: bytes, may_go: Callable[[], bool]) -> None:
        super().__init__(body)
        self.size = len(body)
        self._may_go = may_go

    def __len__(self) -> int:
        return self.size

    def read(self, size: int | None = -1, /) -> bytes:
        """As of a file. The first time there is a connection, which may have taken long: is it wanted still?"""
        if not self.tell() and self.size and not self._may_go():
            self.stopped = True
            raise OSError(STOPPED)
        piece = super().read(size)
        if not piece or size is None or size < 0:
            self.sent = True
        return piece


class Transport:
    """Connections to one service, shared by threads; no redirects, no cookies, no second tries."""

    def __init__(self, base_url: str, *, connections: int, timeouts: HttpTimeouts) -> None:
        self._timeouts = timeouts
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "hatobin"
        # Without an "auth" of its own a request would take one from the .netrc of whoever runs us.
        self._session.auth = _as_it_is
        self._session.trust_env = not is_loopback(urlsplit(base_url).hostname or "")
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def exchange(self, *, may_go: Callable[[], bool] = lambda: True, **request: Any) -> Answer:
        """A request as ``requests.Request`` takes it. Raises NotSent or NoAnswer.

        ``may_go`` is asked when the connection is there: without its yes no body goes out.
        """
        prepared = self._session.prepare_request(requests.Request(**request))
        body = prepared.body or b""
        told = Told(body.encode() if isinstance(body, str) else bytes(body), may_go)
        if prepared.body:
            prepared.body = told  # type: ignore[assignment]
        settings = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        try:
            response = self._session.send(
                prepared,
                timeout=(self._timeouts.connect, self._timeouts.answer),
                allow_redirects=False,
                **settings,
            )
        except requests.RequestException as error:
            if told.sent:
                raise NoAnswer(_kind_of_silence(error)) from None
            raise NotSent(STOPPED if told.stopped else kind_of_failure(error)) from None
        with response:
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=self._read(response),
            )

    def close(self) -> None:
        """Closes what is idle."""
        self._session.close()

    def _read(self, response: requests.Response) -> bytes:
        """All of the answer, unless it is endless or drips."""
        until = time.monotonic() + self._timeouts.whole_answer
        body = b""
        try:
            while piece := response.raw.read1(16 * 1024, decode_content=True):
                body += piece
                if len(body) > _LONGEST:
                    raise NoAnswer("endless")
                if time.monotonic() > until:
                    raise NoAnswer("timeout")
        except NoAnswer:
            raise
        except Exception as error:  # urllib3 lets errors of several libraries through here
            raise NoAnswer(_kind_of_silence(error)) from None
        return body


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, and all that it came from."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 30:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None)]
            waiting += [arg for arg in each.args if isinstance(arg, BaseException)]
    return found


def kind_of_failure(error: BaseException) -> str:
    """Why no request went out, as a code of ``rules.troubles``."""
    causes = _causes(error)
    for kind, types in _FAILURES:
        if any(isinstance(each, types) for each in causes):
            return kind
    return "closed"


def _kind_of_silence(error: BaseException) -> str:
    timeouts = (requests.Timeout, TimeoutError)
    return "timeout" if any(isinstance(each, timeouts) for each in _causes(error)) else "closed"


_FAILURES: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("proxy", (requests.exceptions.ProxyError,)),
    ("host-unknown", (NameResolutionError, socket.gaierror)),
    ("certificate", (requests.exceptions.SSLError,)),
    ("refused", (ConnectionRefusedError,)),
    ("unreachable", (NewConnectionError,)),  # a kind of ConnectTimeoutError, for old times' sake
    ("timeout", (requests.Timeout, ConnectTimeoutError, TimeoutError)),
)
