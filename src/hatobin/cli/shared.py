"""What every command shares: the runtime it opens, and how it says what went wrong."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn, Protocol, TypeVar

import click

from hatobin.common.terminal import gettext as _

_F = TypeVar("_F", bound=Callable[..., Any])

# What services call a part of what they were given > the options of commands that may have given it.
_GIVEN_BY: dict[str, tuple[str, ...]] = {
    "display_name": ("sender",),
    "address": ("sender", "columns"),
    "identity": ("sender",),
    "profile": ("postal_address",),
    "file": ("list_file", "file"),
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
        try:
            with runtime.open():
                return _call(context, functools.partial(command, runtime, *args, **kwargs))
        except runtime.troubles as error:
            fail(str(error), code="cannot-start")
        except KeyboardInterrupt:
            fail(_("Interrupted."), code="interrupted", status=130)

    return wrapped  # type: ignore[return-value]


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


def fail(text: str, *, code: str = "failed", option: str = "", status: int = 2) -> NoReturn:
    """Ends the command: a sentence on stderr, and with ``--json`` the same as an object on stdout."""
    if option:
        text = f"{option}: {text}"
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        error = {"code": code, "message": text} | ({"option": option} if option else {})
        click.echo(json.dumps({"error": error}, ensure_ascii=False))
    click.echo(f"hatobin: {text}", err=True)
    sys.exit(status)
