"""``hatobin shaping``: which limits apply, and what is wrong with a file of them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatobin.cli.shared import AS_JSON, Runtime, fail, name_of, say_json, with_services
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import terminal_language

if TYPE_CHECKING:
    from hatobin.delivery.queries.shaping_views import RuleView, ValueView

_KINDS = ["sandbox", "smtp-relay", "direct", "provider"]


@click.group()
def shaping() -> None:
    """How gently each destination is treated: look at it, check a file."""


@shaping.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--workspace", "workspace_name", default=None, metavar="NAME",
              help="Check it as this workspace's own values, not as the installation's file.")  # fmt: skip
@AS_JSON
@with_services
def check(runtime: Runtime, file: Path, workspace_name: str | None, as_json: bool) -> None:
    """Say everything that is wrong with a file, by lines (exit status 2 when something is)."""
    from django.utils.translation import override

    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery.queries.shaping import problems_of_file
    from hatobin.delivery.queries.shaping_views import problem_views
    from hatobin.delivery.services import shaping as service

    text = _text_of(file)
    with override(terminal_language()):
        if workspace_name is None:
            found = problem_views(problems_of_file(text, str(file.absolute())))
        else:
            found = problem_views(service.check(operator_actor(runtime, workspace_name), text))
    if as_json:
        say_json({"ok": not found, "problems": [asdict(each) for each in found]})
    for each in found:
        key = f" {each.key}:" if each.key else ""
        click.echo(
            f"{name_of(file)}:{each.line}:{key} {each.text} {each.advice}".rstrip(), err=True
        )
    if found:
        sys.exit(2)
    if not as_json:
        click.echo(_("Nothing is wrong with it."))


@shaping.command()
@click.argument("domain", default="")
@click.option("--workspace", "workspace_name", default="", metavar="NAME",
              help="Whose letters; needed where there are several workspaces.")  # fmt: skip
@click.option("--egress", "egress_kind", type=click.Choice(_KINDS), default="direct",
              show_default=True, help="By which kind of way of sending.")  # fmt: skip
@click.option("--mail-server", default="", metavar="HOST",
              help="The domain's mail server (MX), or the relay's host.")  # fmt: skip
@AS_JSON
@with_services
def show(
    runtime: Runtime,
    domain: str,
    workspace_name: str,
    egress_kind: str,
    mail_server: str,
    as_json: bool,
) -> None:
    """Show what applies, for a domain or for every destination group, and where it was written."""
    from django.utils.translation import override

    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery.queries import shaping_views as views

    actor = operator_actor(runtime, workspace_name)
    with override(terminal_language()):
        found: Any = (
            views.applies(actor, domain=domain, mail_server=mail_server, egress_kind=egress_kind)
            if domain
            else views.overview(actor)
        )
        if as_json:
            say_json(asdict(found))
        elif domain:
            click.echo(found.destination or _("Everybody else"))
            _say_values(found.values)
            _say_rules(found.rules)
        else:
            for each in found.destinations:
                click.echo(each.title or _("Everybody else"))
                _say_values(each.values)
            _say_rules(found.rules)


def _say_values(values: list[ValueView]) -> None:
    for each in values:
        click.echo(f"  {each.label}: {each.text}  ({each.file}:{each.line})")


def _say_rules(rules: list[RuleView]) -> None:
    for each in rules:
        whom = ", ".join(each.destinations) or _("Everybody")
        what = "; ".join((each.trigger, *each.actions))
        click.echo(f"{whom}: {each.meaning} > {what}  ({each.file}:{each.line})")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or _("It is not UTF-8.")
        fail(f"{name_of(file)}: {words}", code="cannot-read", option="FILE")
