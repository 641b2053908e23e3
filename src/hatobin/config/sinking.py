"""``hatobin sink``: an SMTP server that takes every letter and sends none, to try things against.

Wired up here, because the sink is one door and the command line another.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hatobin.intake.sink import Rule, SinkOptions, parse_rule, run_sink

_MOST_PORTS = click.IntRange(0, 65535)


def _rules(_context: Any, _param: Any, texts: tuple[str, ...]) -> tuple[Rule, ...]:
    """Refused with the sentence of the parser."""
    try:
        return tuple(parse_rule(text) for text in texts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=_MOST_PORTS, default=2525, show_default=True, help="0: any free one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per letter on stdout.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path),
              help="Write each letter there as an .eml file.")  # fmt: skip
@click.option("--log", "jsonl", type=click.Path(dir_okay=False, path_type=Path),
              help="Append each letter with its envelope to this file, a JSON object a line.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=0), default=0, help="Stop after so many letters.")
@click.option("--tls", type=click.Choice(["none", "starttls", "tls"]), default="none",
              show_default=True, help="With a certificate made at the start (--folder keeps it).")  # fmt: skip
@click.option("--user", "users", multiple=True, metavar="NAME:PASSWORD", help="May sign in.")
@click.option("--require-auth", is_flag=True, help="Take letters only from who signed in.")
@click.option("--max-size", type=click.IntRange(min=0), default=0, help="Bytes; 0: no limit.")
@click.option("--no-pipelining", is_flag=True, help="Do not offer PIPELINING.")
@click.option("--no-smtputf8", is_flag=True, help="Do not offer SMTPUTF8.")
@click.option("--no-esmtp", is_flag=True, help="Know only HELO.")
@click.option("--fault", "rules", callback=_rules, multiple=True, metavar="STAGE=ACTION",
              help="Misbehave; may be given several times. See below.")  # fmt: skip
def sink(**given: Any) -> None:
    """Run an SMTP server that takes letters, counts them and sends none.

    Needs no database and no data folder. Prints a line per letter, or with --json an object with
    number, mail_from, rcpts, at, helo, session, tls, user, size, subject and file. Ctrl-C stops it.

    \b
    A fault reads STAGE[/RECIPIENT][#N|%SHARE][*TIMES]=ACTION:
      rcpt/*@full.example=452 4.2.2 Full   answer for these recipients
      dot#3=close                          third letter: hang up instead of answering
      dot=keep-close                       the same, but the letter was taken: in doubt
      data%0.1=hang                        one in ten: no answer, ever
      dot=keep-hang                        the same, but the letter was taken
      mail*2=451 4.3.0 Later               only the first two times
      ehlo=delay 2                         two seconds late
      connect=endless, connect=garbage     a reply without an end, bytes that are none
    Stages: connect ehlo starttls auth mail rcpt data body dot
    """
    options = _options(given)
    try:
        asyncio.run(
            run_sink(
                options,
                say=lambda text: click.echo(text, err=given["as_json"]),
                show=_as_json if given["as_json"] else None,
                folder=given["folder"],
                jsonl=given["jsonl"],
                most=given["count"],
            )
        )
    except OSError as error:
        raise click.ClickException(
            f"{options.host}:{options.port} or the folder cannot be used "
            f"({error.strerror or error}). Choose another with --port, --host or --folder."
        ) from error


def _options(given: Mapping[str, Any]) -> SinkOptions:
    users = dict(_user(text) for text in given["users"])
    if given["require_auth"] and not users:
        raise click.UsageError("--require-auth: say who may sign in with --user NAME:PASSWORD.")
    return SinkOptions(
        host=given["host"],
        port=given["port"],
        tls=given["tls"],
        credentials=users,
        require_auth=given["require_auth"],
        max_size=given["max_size"],
        pipelining=not given["no_pipelining"],
        smtputf8=not given["no_smtputf8"],
        esmtp=not given["no_esmtp"],
        rules=given["rules"],
    )


def _user(text: str) -> tuple[str, str]:
    name, sign, password = text.partition(":")
    if not sign or not name:
        raise click.UsageError("--user: write it as NAME:PASSWORD.")
    return name, password


def _as_json(record: Mapping[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
