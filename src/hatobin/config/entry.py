"""The ``hatobin`` command: the operator's door, given what it needs to run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from hatobin.cli.main import hatobin
from hatobin.config import commands
from hatobin.config.runtime import Runtime
from hatobin.config.serve import ServeRefused

_TROUBLES: tuple[type[Exception], ...] = (*Runtime.troubles, ServeRefused)


def main() -> None:
    """Runs one command; what an operator can mend is said in a sentence, not in a traceback."""
    if sys.stdin is None:  # closed by whoever started us: nobody is there to answer
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for the whole process
    commands.add_to(hatobin)
    try:
        hatobin(obj=Runtime(), prog_name="hatobin")
    except _TROUBLES as error:
        click.echo(f"hatobin: {error}", err=True)
        sys.exit(1)
