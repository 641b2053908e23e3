"""The ``hatobin`` command and what its parts share."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn, Protocol, TypeVar

import click

from hatobin import __version__

_F = TypeVar("_F", bound=Callable[..., Any])


class Runtime(Protocol):
    """What a command gets from the wiring: a database that answers and Django set up."""

    def open(self, *, migrate: bool = True) -> AbstractContextManager[None]:
        """Inside this context services can be called."""

    def operator(self) -> str:
        """The name of the person at the terminal."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hatobin")
def hatobin() -> None:
    """Hatobin: one letter, one envelope, one person.

    All state lives in the data folder (HATOBIN_DATA_DIR). Start with `hatobin serve`.
    """


def with_services(command: _F) -> _F:
    """Opens the runtime around a command and turns errors for people into one sentence and exit 2."""

    @functools.wraps(command)
    @click.pass_obj
    def wrapped(runtime: Runtime, /, *args: Any, **kwargs: Any) -> Any:
        with runtime.open():
            from hatobin.common.errors import HatobinError

            try:
                return command(runtime, *args, **kwargs)
            except HatobinError as error:
                fail(str(error), code=error.code, as_json=bool(kwargs.get("as_json")))

    return wrapped  # type: ignore[return-value]


def fail(text: str, *, code: str = "failed", as_json: bool = False, status: int = 2) -> NoReturn:
    """Ends the command: a sentence on stderr, and with ``--json`` the same as an object on stdout."""
    if as_json:
        click.echo(json.dumps({"error": {"code": code, "message": text}}, ensure_ascii=False))
    click.echo(f"hatobin: {text}", err=True)
    sys.exit(status)


from hatobin.cli import accounts, importing, sending, sinking  # noqa: E402,F401 - they register themselves
