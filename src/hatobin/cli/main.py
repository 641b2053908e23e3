"""The ``hatobin`` command: every subcommand of this door, by name."""

from __future__ import annotations

from typing import Any

import click

from hatobin import __version__
from hatobin.cli.accounts import createowner, resetpassword
from hatobin.cli.domains import domain
from hatobin.cli.egress import egress
from hatobin.cli.importing import import_command
from hatobin.cli.lanes import lanes, move, retry
from hatobin.cli.sending import send
from hatobin.cli.shaping import shaping
from hatobin.cli.shared import say_error
from hatobin.cli.stopping import stop


class _Commands(click.Group):
    """A wrong command line is told with ``--json`` as an object too, as every other refusal."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["hatobin.json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if ctx.meta["hatobin.json"]:
                say_error(error.format_message(), "bad-usage", _option_of(error))
            raise  # click says it on stderr and ends with 2


def _option_of(error: click.UsageError) -> str:
    """The option (or argument) that is missing, unknown or wrong; empty for anything else."""
    if isinstance(error, click.NoSuchOption):
        return error.option_name
    param = error.param if isinstance(error, click.BadParameter) else None
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return (param.name or "").upper() if param is not None else ""


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="hatobin")
def hatobin() -> None:
    """Hatobin: one letter, one envelope, one person.

    All state lives in the data folder (HATOBIN_DATA_DIR). Start with `hatobin serve`.
    """


for _command in (
    createowner,
    resetpassword,
    import_command,
    send,
    stop,
    lanes,
    retry,
    move,
    shaping,
    domain,
    egress,
):
    hatobin.add_command(_command)
