"""The ``hatobin`` command: every subcommand of this door, by name."""

from __future__ import annotations

import click

from hatobin import __version__
from hatobin.cli.accounts import createowner, resetpassword
from hatobin.cli.importing import import_command
from hatobin.cli.sending import send


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hatobin")
def hatobin() -> None:
    """Hatobin: one letter, one envelope, one person.

    All state lives in the data folder (HATOBIN_DATA_DIR). Start with `hatobin serve`.
    """


for _command in (createowner, resetpassword, import_command, send):
    hatobin.add_command(_command)
