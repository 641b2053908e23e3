"""``hatobin stop``: one letter for good, or the emergency stop of a workspace or of the whole installation."""

from __future__ import annotations

import sys
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hatobin.cli.shared import AS_JSON, Runtime, fail, say_json, with_services
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import terminal_language

if TYPE_CHECKING:
    from hatobin.accounts.rules import Actor
    from hatobin.campaigns.queries import CampaignView
    from hatobin.campaigns.services.emergency import Report


@click.command("stop")
@click.argument("campaign", default="", metavar="[LETTER]")
@click.option("--workspace", default="", metavar="NAME",
              help="Stop everything of this workspace; with LETTER: where that is.")  # fmt: skip
@click.option("--all", "everywhere", is_flag=True, help="Stop the whole installation.")
@click.option(
    "--reason", default="", help="Why, for those who find it stopped. No names, no addresses."
)
@click.option("--lift", is_flag=True, help="Let what the stop paused go on.")
@click.option("--status", is_flag=True, help="Only say which stops stand, and what was in flight.")
@click.option("--yes", is_flag=True, help="Do not ask before a single letter is stopped for good.")
@AS_JSON
@with_services
def stop(runtime: Runtime, **options: Any) -> None:
    """Stop sending at once: LETTER (an id or a name), a workspace, or everything.

    Within a second no message begins its final transmission, on any node; what was in flight is named. A
    workspace or an installation stands still until the stop is lifted, and nothing of it is lost. A single letter
    is stopped for good: its rest is cancelled.
    """
    from django.utils.translation import override

    with override(terminal_language()):
        if options["campaign"]:
            _stop_letter(runtime, options)
        else:
            _stop_place(runtime, options)


def _stop_place(runtime: Runtime, options: dict[str, Any]) -> None:
    from hatobin.campaigns.services import emergency

    everywhere = options["everywhere"]
    if everywhere and options["workspace"]:
        fail(_("Say --all or --workspace, not both."), code="bad-usage", option="--all")
    if not (everywhere or options["workspace"] or options["lift"] or options["status"]):
        text = _(
            "Say what to stop: the name or id of a letter, --workspace NAME, or --all for everything."
        )
        fail(text, code="bad-usage", option="LETTER")
    actor = _actor(runtime, options["workspace"], everywhere or options["status"])
    if options["status"]:
        _say(emergency.standing(actor), options)
    elif options["lift"]:
        everywhere = everywhere or _only_installation_stopped(actor)
        gone_on = emergency.lift(actor, everywhere=everywhere)
        if options["as_json"]:
            say_json({"lifted": True, "letters": gone_on})
        else:
            click.echo(_("The stop is lifted. Letters that go on: %(count)s") % {"count": gone_on})
    else:
        _say((emergency.stop(actor, reason=options["reason"], everywhere=everywhere),), options)


def _only_installation_stopped(actor: Actor) -> bool:
    """A bare ``--lift`` means the stop that stands; of two, the workspace's."""
    from hatobin.campaigns.services import emergency

    return {each.stop.everywhere for each in emergency.standing(actor)} == {True}


def _actor(runtime: Runtime, name: str, any_workspace: bool) -> Actor:
    from hatobin.accounts.models import Workspace
    from hatobin.accounts.services.access import actor_of_operator
    from hatobin.cli.workspaces import operator_actor

    first = Workspace.objects.order_by("created_at").first()
    if any_workspace and not name and first is not None:
        return actor_of_operator(first.pk, runtime.operator())
    return operator_actor(runtime, name)


def _stop_letter(runtime: Runtime, options: dict[str, Any]) -> None:
    from hatobin.campaigns.services import control
    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery import queries as delivery

    for name, option in (("everywhere", "--all"), ("lift", "--lift"), ("status", "--status")):
        if options[name]:
            fail(_("This does not go together with a letter."), code="bad-usage", option=option)
    actor = operator_actor(runtime, options["workspace"])
    letter = _letter(actor, options["campaign"])
    if not options["yes"]:
        _ask(letter.name)
    stopped = control.stop(actor, letter.id)
    found = delivery.sums(stopped.dispatch_id) if stopped.dispatch_id else None
    if options["as_json"]:
        sums = asdict(found) if found else {}
        say_json(
            {"campaign": str(letter.id), "name": letter.name, "state": stopped.status, "sums": sums}
        )
        return
    click.echo(_("“%(name)s” is stopped. Nothing more of it leaves.") % {"name": letter.name})
    if found:
        text = _(
            "Accepted: %(accepted)s. Cancelled: %(cancelled)s. Still in flight or in doubt: %(open)s."
        )
        click.echo(text % {"accepted": found.accepted, "cancelled": found.cancelled,
                           "open": found.waiting + found.in_doubt})  # fmt: skip


def _letter(actor: Actor, wanted: str) -> CampaignView:
    """By its id, or by its name where only one letter on its way has it."""
    from hatobin.campaigns import queries

    try:
        return queries.campaign(actor, uuid.UUID(wanted))
    except ValueError:
        found = queries.on_their_way(actor, name=wanted)
    if not found:
        text = _("No letter on its way has this name. Ids and names stand under Letters.")
        fail(text, code="no-letter", option="LETTER")
    if len(found) > 1:
        text = _("Several letters on their way have this name. Give the id.")
        fail(text, code="which-letter", option="LETTER")
    return found[0]


def _ask(name: str) -> None:
    """A single letter is stopped for good, so somebody says yes; a program says it with --yes."""
    text = _("Stop “%(name)s” for good? What has not left is cancelled.") % {"name": name}
    if not sys.stdin.isatty():
        fail(_("Nobody is there to answer. Give --yes."), code="not-confirmed", option="--yes")
    if not click.confirm(text, err=True):
        fail(_("Nothing was stopped."), code="not-confirmed")


def _say(reports: tuple[Report, ...], options: dict[str, Any]) -> None:
    if options["as_json"]:
        say_json({"stops": [_as_json(each) for each in reports]})
        return
    if not reports:
        click.echo(_("No emergency stop stands."))
    for each in reports:
        place = _("The whole installation") if each.stop.everywhere else each.stop.workspace
        said = _("%(place)s is stopped since %(at)s, by %(by)s.") % {
            "place": place, "at": f"{each.stop.at.astimezone():%Y-%m-%d %H:%M:%S}", "by": each.stop.by,
        }  # fmt: skip
        click.echo(f"{said} {each.stop.reason}".rstrip())
        text = _(
            "Paused: %(sending)s. On hold, and not beginning: %(held)s. In flight at that moment: %(count)s"
        )
        click.echo(text % {"sending": each.stop.sending, "held": each.stop.held,
                           "count": each.stop.in_flight})  # fmt: skip
        for letter in each.letters:
            name = letter.name or _("A test")
            text = _(
                "%(name)s: %(count)s (accepted %(accepted)s, in doubt %(doubt)s, awaited %(awaited)s)"
            )
            click.echo("  " + text % {"name": name, "count": letter.count, "accepted": letter.accepted,
                                      "doubt": letter.in_doubt, "awaited": letter.answer_awaited})  # fmt: skip


def _as_json(report: Report) -> dict[str, Any]:
    body = asdict(report)
    return {
        **body.pop("stop"),
        "in_flight_letters": body["letters"],
        "elsewhere": body["elsewhere"],
    }
