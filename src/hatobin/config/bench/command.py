"""The command line of ``hatobin bench``."""

from __future__ import annotations

import json
from typing import Any

import click

from hatobin.common.terminal import gettext as _


@click.group()
def bench() -> None:
    """Measure how fast this machine sends."""


@bench.command("send")
@click.option("--recipients", type=click.IntRange(1, 20_000_000), default=10_000, show_default=True,
              help="How many letters.")  # fmt: skip
@click.option("--egress", required=True, metavar="smtp://HOST:PORT",
              help="A server that throws letters away, such as `hatobin sink` or smtp-sink.")  # fmt: skip
@click.option("--dkim", type=click.Choice(["rsa2048", "ed25519"]), help="Sign each letter.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Sender processes.")  # fmt: skip
@click.option("--connections", type=click.IntRange(1, 500), default=50, show_default=True,
              help="Connections of each process.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def send(as_json: bool, **options: Any) -> None:
    """Release a letter to made-up people and hand all of them over; say how long it took.

    The letter has 10 KB of HTML and text with four merged values, three links and a picture of their own
    for each person, and both unsubscribe headers. Database, ledger, composing and the barrier before
    each final dot are the real ones, in a throw-away folder. Only loopback addresses are taken, so
    that no real server gets made-up letters.
    """
    from hatobin.config.bench.run import BenchRefused, Order, run

    try:
        result = run(Order(**options), say=lambda text: click.echo(text, err=True))
    except BenchRefused as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(result.as_json()))
        return
    click.echo(
        _(
            "%(messages)d letters in %(seconds).1f s: %(rate).0f letters/s, %(hour).1f million an hour"
        )
        % {
            "messages": result.messages,
            "seconds": result.seconds,
            "rate": result.rate,
            "hour": result.rate * 3600 / 1e6,
        }
    )
    click.echo(
        _(
            "CPU for 1,000 letters: sender %(sender).3f s, PostgreSQL %(postgres).3f s; peak memory %(memory).0f MB"
        )
        % {
            "sender": result.cpu_seconds_per_1000,
            "postgres": result.postgres_cpu_seconds_per_1000,
            "memory": result.peak_rss_mb,
        }
    )
