"""Errors that a person may read: what is wrong, where, and what to do next.

Doors turn them into a screen message, an RFC 9457 problem or a line on stderr; no door invents words of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise

from hatobin.common.sentences import in_a_row

Text = str | Promise


class HatobinError(Exception):
    """Base of all errors that people see.

    ``code``: stable, kebab-case, part of the API. ``message`` and ``advice``: lazy gettext texts
    with named ``%(name)s`` placeholders filled from ``params``. ``field``/``row`` say where.
    ``retry``: whether the same call may succeed later without a change.
    """

    status: ClassVar[int] = 400
    retry: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        advice: Text = "",
        field: str | None = None,
        row: int | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self._message = message
        self._advice = advice
        self.field = field
        self.row = row
        self.params = dict(params or {})

    @property
    def message(self) -> str:
        """The sentence in the language that is active now."""
        return _fill(self._message, self.params)

    @property
    def advice(self) -> str:
        """What to do next, in the language that is active now; may be empty."""
        return _fill(self._advice, self.params)

    def __str__(self) -> str:
        return in_a_row(self.message, self.advice)


class Invalid(HatobinError):
    """The input cannot be taken as it is."""

    status = 422


class NotFound(HatobinError):
    """There is no such thing in this workspace."""

    status = 404


class NotAllowed(HatobinError):
    """The actor's role does not allow this."""

    status = 403


class Conflict(HatobinError):
    """Somebody else changed it, or its state no longer allows this."""

    status = 409


class Unavailable(HatobinError):
    """Something this needs does not answer now."""

    status = 503
    retry = True


def _fill(text: Text, params: Mapping[str, object]) -> str:
    return str(text) % params if params else str(text)
