"""``hatobin egress``: the ways of sending of a workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatobin.cli.shared import AS_JSON, WORKSPACE, Runtime, fail, say_json, with_services
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import terminal_language

if TYPE_CHECKING:
    from hatobin.accounts.rules import Actor
    from hatobin.delivery.queries import EgressView

_KINDS = {"relay": "smtp-relay", "direct": "direct", "service": "provider"}
_FIELDS = (
    click.option("--host", help="Relay: the server. Direct: all letters go there, for trials."),
    click.option("--port", type=click.IntRange(1, 65535), help="Relay: usually 587, or 465."),
    click.option("--tls", type=click.Choice(["none", "opportunistic", "starttls", "tls"]),
                 help="How the connection is protected; direct: opportunistic or starttls."),
    click.option("--username", help="Relay: who signs in."),
    click.option("--source", "sources", multiple=True, metavar="EHLO[=ADDRESS[*SHARE]]",
                 help="Direct: mail.example.jp=192.0.2.1*2; may be given several times."),
    click.option("--service", "provider",
                 type=click.Choice(["amazon-ses", "sendgrid", "mailgun", "postmark", "brevo"]),
                 help="Service: which one."),
    click.option("--setting", "settings", multiple=True, metavar="NAME=VALUE",
                 help="Service: region, domain and the like; may be given several times."),
    click.option("--credentials-file", "credentials",
                 type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="Service: its keys, as name=value lines; else HATOBIN_EGRESS_CREDENTIALS."),
    click.option("--connections", type=click.IntRange(1, 1000), help="So many at a time."),
    click.option("--messages-per-connection", type=click.IntRange(1, 10_000),
                 help="Relay and direct: then a new one begins."),
    click.option("--fallback", "fallback_id", metavar="NAME|ID|none",
                 help="What takes over when it does not work."),
    click.option("--default", "make_default", is_flag=True, help="New letters go this way."),
)  # fmt: skip


@click.group()
def egress() -> None:
    """Ways of sending: list, add, change, test and remove them.

    Secrets never stand on the command line: a relay's password is taken from HATOBIN_EGRESS_PASSWORD, a
    mail service's keys from --credentials-file or HATOBIN_EGRESS_CREDENTIALS (name=value, with spaces
    between). They are stored sealed and never shown again.
    """


def _with_fields(command: Any) -> Any:
    for option in reversed(_FIELDS):
        command = option(command)
    return command


@egress.command("list")
@WORKSPACE
@AS_JSON
@with_services
def list_command(runtime: Runtime, workspace: str, as_json: bool) -> None:
    """List them, the default first; never a secret."""
    from django.utils.translation import override

    from hatobin.delivery import queries

    with override(terminal_language()):
        found = queries.egresses(_actor(runtime, workspace))
        if as_json:
            say_json([_object(each) for each in found])
            return
        for each in found:
            _show(each)


@egress.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(list(_KINDS)), required=True,
              help="By a mail server, straight to the recipients' servers, or by a mail service.")  # fmt: skip
@_with_fields
@WORKSPACE
@AS_JSON
@with_services
def add(
    runtime: Runtime, name: str, kind: str, workspace: str, as_json: bool, **given: Any
) -> None:
    """Add one. It is not tried: `hatobin egress test NAME` does that."""
    from hatobin.delivery.services.egress import save_egress

    actor = _actor(runtime, workspace)
    values = {"name": name} | _values(actor, _KINDS[kind], given)
    _say_saved(actor, save_egress(actor, _KINDS[kind], values), as_json)


@egress.command("set")
@click.argument("which", metavar="NAME|ID")
@click.option("--name", help="Call it otherwise.")
@_with_fields
@WORKSPACE
@AS_JSON
@with_services
def set_command(
    runtime: Runtime, which: str, name: str | None, workspace: str, as_json: bool, **given: Any
) -> None:
    """Change one: what is not given stays. The sandbox knows only --default."""
    from hatobin.delivery.services.egress import make_default, save_egress

    actor = _actor(runtime, workspace)
    stored = find_way(actor, which)
    values = _values(actor, stored.kind, given) | ({"name": name} if name else {})
    if set(values) == {"make_default"}:
        make_default(actor, stored.id)
        _say(find_way(actor, str(stored.id)), as_json)
        return
    merged = _stored_values(stored) | values
    if "settings" in values and merged.get("provider") == stored.provider:
        merged["settings"] = {**stored.settings, **values["settings"]}
    _say_saved(actor, save_egress(actor, stored.kind, merged, stored.id), as_json)


@egress.command()
@click.argument("which", metavar="NAME|ID")
@click.option("--to", default="", metavar="ADDRESS|DOMAIN",
              help="Direct: whom to reach; else the sender's address. No letter is sent.")  # fmt: skip
@WORKSPACE
@AS_JSON
@with_services
def test(runtime: Runtime, which: str, to: str, workspace: str, as_json: bool) -> None:
    """Try one, without sending anything (exit status 1 when it does not work)."""
    from django.utils.translation import override

    from hatobin.delivery.rules.troubles import words_label
    from hatobin.delivery.services.egress_test import test_egress

    actor = _actor(runtime, workspace)
    with override(terminal_language()):
        found = test_egress(actor, find_way(actor, which).id, to=to)
        if as_json:
            say_json(asdict(found))
        else:
            words = {True: _("done"), False: _("failed"), None: _("not tried")}
            for each in found.steps:
                detail = f"  ({each.detail})" if each.detail else ""
                click.echo(f"{each.text}: {words[each.ok]}{detail}")
            click.echo(" ".join(filter(None, (str(found.text), str(found.advice)))))
            if found.words:
                click.echo(f"{words_label(found.code)}: {found.words}")
    if not found.ok:
        sys.exit(1)


@egress.command()
@click.argument("which", metavar="NAME|ID")
@WORKSPACE
@with_services
def remove(runtime: Runtime, which: str, workspace: str) -> None:
    """Remove one with its secrets; refused while a letter is on its way by it."""
    from hatobin.delivery.services.egress import delete_egress

    actor = _actor(runtime, workspace)
    delete_egress(actor, find_way(actor, which).id)
    click.echo(_("The way of sending is removed."))


def _actor(runtime: Runtime, workspace: str) -> Actor:
    from hatobin.cli.workspaces import operator_actor

    return operator_actor(runtime, workspace)


def find_way(actor: Actor, which: str) -> EgressView:
    """By id, else by name."""
    from hatobin.delivery import queries

    found = queries.egresses(actor)
    chosen = [each for each in found if str(each.id) == which.lower()]
    chosen = chosen or [each for each in found if each.name == which]
    chosen = chosen or [each for each in found if each.sandbox and which == "sandbox"]
    if len(chosen) > 1:
        text = _("Several ways of sending have this name. Give the id of one: %(ids)s")
        ids = ", ".join(str(each.id) for each in chosen)
        fail(text % {"ids": ids}, code="which-egress")
    if not chosen:
        text = _("There is no way of sending “%(name)s”. There is: %(names)s")
        names = ", ".join(each.name for each in found) or "–"
        fail(text % {"name": which, "names": names}, code="no-egress")
    return chosen[0]


def _values(actor: Actor, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, as services take it; secrets from where they may stand."""
    values = {name: value for name, value in given.items() if value not in (None, (), False)}
    if "sources" in values:
        values["sources"] = [_source(text) for text in values["sources"]]
    if "settings" in values:
        values["settings"] = dict(_pairs(values["settings"], "--setting"))
    if "fallback_id" in values:
        named = values["fallback_id"]
        values["fallback_id"] = None if named == "none" else find_way(actor, named).id
    if kind == "provider":
        path = values.pop("credentials", None)
        words = path.read_text() if path else os.environ.get("HATOBIN_EGRESS_CREDENTIALS", "")
        secrets = dict(_pairs(words.split(), "--credentials-file"))
        values |= {"credentials": secrets} if secrets else {}
    elif kind == "smtp-relay" and os.environ.get("HATOBIN_EGRESS_PASSWORD"):
        values["password"] = os.environ["HATOBIN_EGRESS_PASSWORD"]
    return values


def _stored_values(stored: EgressView) -> dict[str, Any]:
    """Everything but secrets and the fall-back, which stay by themselves."""
    names = {
        "smtp-relay": ("host", "port", "tls", "username"),
        "direct": ("tls", *(("host", "port") if stored.host else ())),
        "provider": ("provider", "settings"),
    }.get(stored.kind, ())
    values = {name: getattr(stored, name) for name in ("name", *names)}
    if stored.kind == "direct":
        values["sources"] = [asdict(each) for each in stored.sources]
    return values


def _source(text: str) -> dict[str, object]:
    name, _sign, place = text.partition("=")
    address, star, share = place.partition("*")
    if star and not share.isdecimal():
        said = _("“%(text)s”: write it like mail.example.jp=192.0.2.1*2.") % {"text": text}
        fail(said, code="bad-option", option="--source")
    return {"ehlo_name": name, "address": address, "weight": int(share) if star else 1}


def _pairs(texts: Iterable[str], option: str) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            secret = option == "--credentials-file"
            said = _("“%(text)s”: write it as name=value.") % {"text": "…" if secret else text}
            fail(said, code="bad-option", option=option)
        yield name, value


def _say_saved(actor: Actor, row: Any, as_json: bool) -> None:
    from hatobin.delivery.services.egress_direct import addresses_not_here

    absent = addresses_not_here(row.sources)
    if absent:
        text = _("This machine does not have the address %(addresses)s; the one that sends must.")
        click.echo("hatobin: " + text % {"addresses": ", ".join(absent)}, err=True)
    _say(find_way(actor, str(row.pk)), as_json)


def _say(each: EgressView, as_json: bool) -> None:
    if as_json:
        say_json(_object(each))
    else:
        _show(each)


def _show(each: EgressView) -> None:
    mark = "*" if each.is_default else " "
    fallback = f" > {each.fallback_name}" if each.fallback_name else ""
    click.echo(f"{mark} {each.name}  {each.kind_text}  {each.place}{fallback}  {each.id}")
    if each.trouble:
        click.echo(f"    {each.trouble}")


def _object(each: EgressView) -> dict[str, object]:
    kept = ("name", "kind", "host", "port", "tls", "username", "has_password", "provider",
            "connections", "messages_per_connection", "is_default")  # fmt: skip
    return {
        "id": each.id,
        **{name: getattr(each, name) for name in kept},
        "sources": [asdict(source) for source in each.sources],
        "settings": dict(each.settings),
        "fallback_id": each.fallback_id,
        "trouble": each.trouble,
    }
