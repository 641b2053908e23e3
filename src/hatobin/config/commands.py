"""Commands that are about the installation itself: they wire rooms together, so they live up here."""

from __future__ import annotations

import json
import os
import sys

import click

from hatobin.common.terminal import gettext as _
from hatobin.config import processes, serve
from hatobin.config.bench import bench
from hatobin.config.runtime import Runtime, setup_django
from hatobin.config.sinking import sink


def add_to(group: click.Group) -> None:
    """Adds them to the ``hatobin`` command."""
    for command in (
        serve_command,
        web,
        sender,
        worker,
        sandbox,
        migrate,
        doctor,
        sink,
        bench,
        openapi,
    ):
        group.add_command(command)


@click.command("serve")
@click.option(
    "--demo", is_flag=True, help="At the first start, make a demo workspace with sample people."
)
@click.pass_obj
def serve_command(runtime: Runtime, demo: bool) -> None:
    """Run everything: web, sender, worker, sandbox mailbox and the embedded PostgreSQL.

    Prints the address when it is ready, and at the first start a one-time link for the owner (with
    --demo how to sign in). Ctrl-C or SIGTERM drains and stops all of it.
    """
    with serve.only_one(runtime.prepare_data_dir()):
        serve.check_port(runtime.settings)
        with runtime.open():
            from hatobin.config import first_start

            notes = first_start.prepare(runtime.settings, demo=demo)
            ensure = runtime.postgres.ensure_running if runtime.postgres else (lambda: False)
            supervisor = serve.Supervisor(runtime.settings, ensure)
            supervisor.run(lambda: click.echo(notes))
            click.echo(_("Hatobin has stopped."))


@click.command()
@click.pass_obj
def web(runtime: Runtime) -> None:
    """Run only the web process.

    For several machines that share one database (DATABASE_URL); `hatobin serve` runs it by itself.
    """
    with runtime.open():
        processes.run_web(runtime.settings)


@click.command()
@click.pass_obj
def sender(runtime: Runtime) -> None:
    """Run only a sender process.

    As many as you like, on as many machines as you like, against one database (DATABASE_URL).
    """
    with runtime.open():
        processes.run_sender()


@click.command()
@click.pass_obj
def worker(runtime: Runtime) -> None:
    """Run only a worker process (imports and other background jobs)."""
    with runtime.open():
        processes.run_worker()


@click.command()
@click.pass_obj
def sandbox(runtime: Runtime) -> None:
    """Run only the sandbox mailbox's server."""
    with runtime.open():
        processes.run_sandbox(runtime.settings)


@click.command()
@click.pass_obj
def migrate(runtime: Runtime) -> None:
    """Bring the database's schema up to date.

    Every other command does so at its start; run it by itself before starting several machines.
    """
    with runtime.open():
        click.echo(_("The database is up to date."))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(runtime: Runtime, as_json: bool) -> None:
    """Check settings, disk, ports, keys, database, clock and egress, and say what to do.

    Every way of sending is tried as far as signing in; no letter is sent. With --json: "ok", and "findings",
    each with "name", "ok", "text" and "advice". Exit status 0: all is well; 1: something is not.
    """
    from hatobin.config import doctor as examination

    findings = examination.examine(runtime)
    click.echo(examination.as_json(findings) if as_json else examination.as_text(findings))
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@click.command()
def openapi() -> None:
    """Print the REST API's OpenAPI file (JSON).

    The same that every installation serves at /api/v1/openapi.json. Needs no database.
    """
    os.environ.setdefault("HATOBIN_SECRET_KEY", "only-to-print-a-file")  # so that none is made
    setup_django()
    from hatobin.api.urls import api

    click.echo(json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=2))
