"""``hatobin sink``: an SMTP server that takes every letter and sends none, to try things against.

Wired up here, because the sink is one door and the command line another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import uvloop

from hatobin.intake.sink import (
    Modes,
    ModesRefused,
    Rule,
    SinkOptions,
    parse_rule,
    read_modes,
    run_sink,
)

_MOST_PORTS = click.IntRange(0, 65535)


def _rules(_context: Any, _param: Any, texts: tuple[str, ...]) -> tuple[Rule, ...]:
    """Refused with the sentence of the parser."""
    try:
        return tuple(parse_rule(text) for text in texts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _modes(_context: Any, _param: Any, path: Path | None) -> Modes:
    """Refused with a line for each problem of the file."""
    if path is None:
        return Modes()
    try:
        return read_modes(path)
    except ModesRefused as error:
        raise click.BadParameter(f"\n{error}") from error
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read ({error.strerror}).") from error


@click.command()
@click.option("--host", "hosts", multiple=True, default=["127.0.0.1"], show_default=True,
              help="Address to listen on; may be given several times.")  # fmt: skip
@click.option("--port", "ports", type=_MOST_PORTS, multiple=True, default=[2525], show_default=True,
              help="Of each host; 0: any free one; may be given several times.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object per letter on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing about single letters, only the sums.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path),
              help="Write each letter there as an .eml file.")  # fmt: skip
@click.option("--log", "jsonl", type=click.Path(dir_okay=False, path_type=Path),
              help="Append each letter with its envelope to this file, a JSON object a line.")  # fmt: skip
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path),
              help="Append what is taken or refused, on disk before the reply leaves.")  # fmt: skip
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
@click.option("--modes", callback=_modes, metavar="FILE",
              type=click.Path(dir_okay=False, path_type=Path),
              help="Faults and limits from a TOML file; --fault comes before them.")  # fmt: skip
@click.option("--seed", type=int, help="Of all chances; the same seed, the same fates.")
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
      dot=keep-reset                       taken, then a TCP reset
      mail*2=451 4.3.0 Later               only the first two times
      any=delay 0.1-3                      late, at every stage
      dot=keep-delay 180                   taken at once, the answer after three minutes
      data=delay 5 then 421 4.4.2 Slow     late, and then a refusal
      body=slow 2000                       reads letters at 2,000 bytes a second
      between=421 4.3.2 Closing            unasked, after the reply to a letter
      connect=endless, connect=garbage     a reply without an end, bytes that are none
      starttls=unasked 250 injected        says more than it was asked
      tls=alert, tls=certificate expired   the handshake fails, the certificate is wrong
      rcpt%0.2=like gmail                  as Gmail says it; also yahoo, outlook, ses, ...
    Stages: connect ehlo starttls tls auth mail rcpt data body dot between any
    """
    options = _options(given)
    try:
        uvloop.run(
            run_sink(
                options,
                quiet=given["quiet"],
                say=lambda text: click.echo(text, err=given["as_json"]),
                show=_as_json if given["as_json"] else None,
                folder=given["folder"],
                jsonl=given["jsonl"],
                most=given["count"],
            )
        )
    except OSError as error:
        places = ", ".join(f"{host}:{port}" for host in options.hosts for port in options.ports)
        raise click.ClickException(
            f"{places}, the folder or the journal cannot be used ({error.strerror or error}). "
            "Choose another with --port, --host, --folder or --journal."
        ) from error


def _options(given: Mapping[str, Any]) -> SinkOptions:
    users = dict(_user(text) for text in given["users"])
    if given["require_auth"] and not users:
        raise click.UsageError("--require-auth: say who may sign in with --user NAME:PASSWORD.")
    modes: Modes = given["modes"]
    seed = given["seed"] if given["seed"] is not None else modes.seed
    return SinkOptions(
        hosts=given["hosts"],
        ports=given["ports"],
        tls=given["tls"],
        credentials=users,
        require_auth=given["require_auth"],
        max_size=given["max_size"],
        pipelining=not given["no_pipelining"],
        smtputf8=not given["no_smtputf8"],
        esmtp=not given["no_esmtp"],
        rules=(*given["rules"], *modes.rules),
        limits=modes.limits,
        seed=seed or 0,
        journal=given["journal"],
    )


def _user(text: str) -> tuple[str, str]:
    name, sign, password = text.partition(":")
    if not sign or not name:
        raise click.UsageError("--user: write it as NAME:PASSWORD.")
    return name, password


def _as_json(record: Mapping[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
