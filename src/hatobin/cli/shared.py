"""What every command shares: the runtime it opens, and how it says what went wrong."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol, TypeVar

import click

from hatobin.common.terminal import gettext as _

_F = TypeVar("_F", bound=Callable[..., Any])
_NOTHING: Mapping[str, object] = MappingProxyType({})
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
WORKSPACE = click.option("--workspace", default="", metavar="NAME",
                         help="Whose; needed where there are several workspaces.")  # fmt: skip

# What services call a part of what they were given > the options of commands that may have given it.
_GIVEN_BY: dict[str, tuple[str, ...]] = {
    "display_name": ("sender",),
    "address": ("sender", "columns"),
    "identity": ("sender",),
    "profile": ("postal_address",),
    "file": ("list_file", "file"),
    "private_key": ("file",),
    "fields": ("columns",),
    "text": ("text_file",),
    "html": ("html_file",),
    "letter": ("text_file",),
    "host": ("egress",),
    "port": ("egress",),
    "tls": ("egress",),
    "username": ("egress",),
    "password": ("password", "egress"),
    "list": ("list_file",),
    "basis": ("basis", "kind"),
}


class RefusedRow(Protocol):
    """A row of a file that was not taken; ``reason`` is a sentence."""

    @property
    def row(self) -> int: ...

    @property
    def reason(self) -> str: ...


class Runtime(Protocol):
    """What a command gets from the wiring: a database that answers and Django set up."""

    troubles: tuple[type[Exception], ...]

    def open(self, *, migrate: bool = True) -> AbstractContextManager[None]:
        """Inside this context services can be called. Raises one of ``troubles``: a text for people."""

    def operator(self) -> str:
        """The name of the person at the terminal."""


def with_services(command: _F) -> _F:
    """Opens the runtime around a command and turns errors for people into one sentence and exit 2."""

    @functools.wraps(command)
    @click.pass_context
    def wrapped(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        runtime: Runtime = context.obj
        _check_letters(context)
        try:
            with runtime.open():
                return _call(context, functools.partial(command, runtime, *args, **kwargs))
        except runtime.troubles as error:
            fail(str(error), code="cannot-start")
        except KeyboardInterrupt:
            fail(_("Interrupted."), code="interrupted", status=130)

    return wrapped  # type: ignore[return-value]


def _check_letters(context: click.Context) -> None:
    """Refuses words that are not in the terminal's encoding: they could not be stored or sent.

    Names of files may be in any encoding.
    """
    for name, given in context.params.items():
        for word in given if isinstance(given, tuple) else (given,):
            if isinstance(word, str) and any("\ud800" <= letter <= "\udfff" for letter in word):
                text = _("This is not UTF-8. Look at the encoding of the terminal or the script.")
                fail(text, code="not-utf-8", option=option_of(context.command, name))


def _call(context: click.Context, command: Callable[[], Any]) -> Any:
    from django.db import InterfaceError, OperationalError

    from hatobin.common.errors import HatobinError

    try:
        return command()
    except HatobinError as error:
        fail(str(error), code=error.code, option=option_of(context.command, error.field))
    except (OperationalError, InterfaceError) as error:
        text = _("The database does not answer: %(words)s") % {"words": str(error).strip()}
        fail(text + " " + _("Run: %(command)s") % {"command": "hatobin doctor"}, code="no-database")


def option_of(command: click.Command, field: str | None) -> str:
    """The option (or argument) of this command that gave ``field``; empty where none did."""
    if not field:
        return ""
    name = field.split(".", maxsplit=1)[0]
    by_name = {param.name: param for param in command.params}
    for candidate in (name, *_GIVEN_BY.get(name, ())):
        param = by_name.get(candidate)
        if isinstance(param, click.Option):
            return max(param.opts, key=len)
        if param is not None:
            return (param.name or "").upper()
    return ""


def name_of(file: Path) -> str:
    """A file's name as text; signs of another encoding are replaced."""
    return os.fsencode(file.name).decode("utf-8", "replace")


def fail(
    text: str,
    *,
    code: str = "failed",
    option: str = "",
    status: int = 2,
    refused_rows: Iterable[RefusedRow] = (),
) -> NoReturn:
    """Ends the command: a sentence on stderr, and with ``--json`` the same as an object on stdout.

    ``refused_rows`` stand in the object as they do when a command succeeds.
    """
    if option:
        text = f"{option}: {text}"
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        rows = [{"row": each.row, "reason": each.reason} for each in refused_rows]
        say_error(text, code, option, {"refused_rows": rows} if rows else {})
    click.echo(f"hatobin: {text}", err=True)
    sys.exit(status)


def say_error(
    text: str, code: str, option: str = "", more: Mapping[str, object] = _NOTHING
) -> None:
    """The object of a refusal, on stdout."""
    error = {"code": code, "message": text} | ({"option": option} if option else {})
    say_json({"error": error, **more})


def say_json(body: object) -> None:
    """What ``--json`` prints: moments as in RFC 3339, ids and sentences as text."""
    click.echo(json.dumps(body, ensure_ascii=False, default=_as_text))


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
