"""``hatobin domain``: for whom letters are signed, with which keys, and what the DNS says about them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hatobin.cli.shared import AS_JSON, WORKSPACE, Runtime, fail, name_of, say_json, with_services
from hatobin.common.sentences import in_a_row
from hatobin.common.terminal import gettext as _

if TYPE_CHECKING:
    import uuid

    from hatobin.accounts.rules import Actor
    from hatobin.deliverability.views import DomainView, KeyView

_F = TypeVar("_F", bound=Callable[..., Any])
_SELECTOR = click.option(
    "--selector", default="", help="Which key; needed where there are several."
)


@click.group()
def domain() -> None:
    """Sending domains: their DKIM keys, DNS records and checks."""


def _command(command: _F) -> Any:
    """A subcommand that ends by showing a domain: it gets the actor and returns the domain's name."""

    @functools.wraps(command)
    def shown(
        runtime: Runtime, *args: Any, workspace: str = "", as_json: bool = False, **kwargs: Any
    ) -> None:
        from hatobin.cli.workspaces import operator_actor
        from hatobin.deliverability.queries import domain_named

        actor = operator_actor(runtime, workspace)
        name = command(actor, *args, **kwargs)
        _say(domain_named(actor, name), as_json=as_json)

    return domain.command(command.__name__.removesuffix("_"))(
        WORKSPACE(AS_JSON(with_services(shown)))
    )


@_command
@click.argument("name")
@click.option("--return-path", default="", metavar="DOMAIN", help="Where bounces go.")
def add(actor: Actor, name: str, return_path: str) -> str:
    """Add a domain: what stands behind the @ of your sender addresses."""
    from hatobin.senders.services.domains import add_domain

    return add_domain(actor, name=name, return_path=return_path).name


@_command
@click.argument("name")
@click.option("--return-path", required=True, metavar="DOMAIN",
              help="Where bounces go; empty: to the sender address.")  # fmt: skip
def change(actor: Actor, name: str, return_path: str) -> str:
    """Change where bounces go.

    It is used once letters are signed and a check finds a mail server there.
    """
    from hatobin.senders.services.domains import change_domain

    return change_domain(actor, _id(actor, name), return_path=return_path).name


@_command
@click.argument("name")
def show(actor: Actor, name: str) -> str:
    """Show a domain's records and what to do next."""
    return name


@_command
@click.argument("name")
@click.option("--ed25519", is_flag=True, help="An Ed25519 key, for a second signature beside RSA.")
@click.option("--selector", default="", help="Under which it is published; made where left out.")
def generate(actor: Actor, name: str, ed25519: bool, selector: str) -> str:
    """Make a key, RSA-2048.

    It signs once its record is published and it was activated.
    """
    from hatobin.senders.services.key_making import generate_key

    algorithm = "ed25519" if ed25519 else "rsa"
    generate_key(actor, _id(actor, name), algorithm=algorithm, selector=selector)
    return name


@_command
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="FILE")  # fmt: skip
@click.option("--selector", default="", help="Under which it is published already.")
def import_(actor: Actor, name: str, file: Path, selector: str) -> str:
    """Bring in a key from a PEM FILE without a passphrase."""
    from hatobin.senders.services.key_making import import_key

    try:
        pem = file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        text = error.strerror or str(error)
        fail(f"{name_of(file)}: {text}", code="cannot-read", option="FILE")
    import_key(actor, _id(actor, name), private_key=pem, selector=selector)
    return name


@_command
@click.argument("name")
def check(actor: Actor, name: str) -> str:
    """Ask the DNS about keys, SPF, MX and DMARC."""
    from hatobin.deliverability.services import check_domain

    return check_domain(actor, _id(actor, name)).name


@_command
@click.argument("name")
@_SELECTOR
def activate(actor: Actor, name: str, selector: str) -> str:
    """Sign with a key from now on, if the DNS publishes it."""
    from hatobin.deliverability.services import activate_key

    key = _key(actor, name, selector, states=("new", "retiring") if selector else ("new",))
    return activate_key(actor, _id(actor, name), key.id).name


@_command
@click.argument("name")
def rotate(actor: Actor, name: str) -> str:
    """Make a successor for each key that signs.

    The old one goes on until you activate the new one.
    """
    from hatobin.senders.services.key_making import rotate as make_successors

    make_successors(actor, _id(actor, name))
    return name


@_command
@click.argument("name")
@_SELECTOR
@click.option("--at-once", is_flag=True,
              help="Even while it signs, or within a week after: because it leaked.")  # fmt: skip
def retire(actor: Actor, name: str, selector: str, at_once: bool) -> str:
    """Take a key out of use for ever; its private part is erased."""
    from hatobin.senders.services.key_use import retire as take_out

    states = ("new", "active", "retiring") if selector else ("retiring",)
    key = _key(actor, name, selector, states=states)
    take_out(actor, _id(actor, name), key.id, at_once=at_once)
    return name


@domain.command("list")
@WORKSPACE
@AS_JSON
@with_services
def list_domains(runtime: Runtime, workspace: str, as_json: bool) -> None:
    """List the domains, and what is to be done for each."""
    from hatobin.cli.workspaces import operator_actor
    from hatobin.deliverability.queries import domains

    found = domains(operator_actor(runtime, workspace))
    if as_json:
        say_json({"domains": [asdict(each) for each in found]})
    for each in () if as_json else found:
        click.echo(f"{each.name}: {each.next_step.title}")


@domain.command("remove")
@click.argument("name")
@WORKSPACE
@AS_JSON
@with_services
def remove(runtime: Runtime, name: str, workspace: str, as_json: bool) -> None:
    """Remove a domain with its keys; refused while one of them signs."""
    from hatobin.cli.workspaces import operator_actor
    from hatobin.senders.services.domains import remove_domain

    actor = operator_actor(runtime, workspace)
    remove_domain(actor, _id(actor, name))
    if as_json:
        say_json({"removed": name})
    else:
        click.echo(_("%(name)s is removed.") % {"name": name})


def _id(actor: Actor, name: str) -> uuid.UUID:
    from hatobin.senders.queries.domains import domain_named

    return domain_named(actor, name).pk


def _key(actor: Actor, name: str, selector: str, *, states: tuple[str, ...]) -> KeyView:
    """The one that is meant; ends the command where that is not clear."""
    from hatobin.deliverability.queries import domain_named

    keys = [each for each in domain_named(actor, name).keys if each.state in states]
    found = [each for each in keys if not selector or each.selector == selector.lower()]
    if len(found) != 1:
        known = ", ".join(each.selector for each in keys) or "–"
        text = _("Say which key with --selector. There is: %(names)s") % {"names": known}
        fail(text, code="which-key", option="--selector")
    return found[0]


def _say(view: DomainView, *, as_json: bool) -> None:
    if as_json:
        say_json(asdict(view))
        return
    step = view.next_step
    click.echo(f"{view.name}: {step.title}")
    click.echo("  " + in_a_row(step.text, step.advice))
    for key in view.keys:
        if key.state == "retired":
            continue
        click.echo(f"\n{key.selector} ({key.algorithm_text}): {key.state_text}")
        click.echo(f"  {key.record.zone}")
    if view.proposal:
        click.echo(f"\n{view.proposal.zone}")
    for each in view.findings:
        click.echo(f"\n{each.title}: {each.name}")
        click.echo("  " + in_a_row(each.text, each.advice))
