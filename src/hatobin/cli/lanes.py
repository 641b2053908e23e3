"""``hatobin lanes``, ``retry`` and ``move``: how sending goes, end a rest, send what waits by another way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hatobin.cli.egress import find_way
from hatobin.cli.shared import AS_JSON, WORKSPACE, Runtime, fail, say_json, with_services
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import terminal_language

if TYPE_CHECKING:
    from datetime import datetime

    from hatobin.delivery.queries import EgressView
    from hatobin.delivery.queries.emergency import StopView
    from hatobin.delivery.queries.lane_views import LaneView
    from hatobin.delivery.services.moving import Move


@click.command()
@click.option("--slow", is_flag=True, help="Only what rests, is slow or stands still.")
@WORKSPACE
@AS_JSON
@with_services
def lanes(runtime: Runtime, slow: bool, workspace: str, as_json: bool) -> None:
    """Show where letters wait, how fast they go and why they are slow."""
    from django.utils.translation import override

    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery.queries.emergency import standing
    from hatobin.delivery.queries.lanes import lanes as query

    with override(terminal_language()):
        actor = operator_actor(runtime, workspace)
        found = query(actor, slow=slow)
        stops = standing(actor.workspace_id)
        if as_json:
            sums = ("waiting", "on_hold", "still", "in_hand", "per_minute", "more", "more_waiting",
                    "complete")  # fmt: skip
            body = {name: getattr(found, name) for name in sums}
            body |= {
                "stopped": bool(stops),
                "senders": len(found.senders),
                "lanes": [_object(each) for each in found.lanes],
            }
            say_json(body)
            return
        if stops:
            _show_stop(stops[0])
        for each in found.lanes:
            _show(each)
        said = _("Waiting: %(waiting)s. In the last minute: %(rate)s. Senders at work: %(senders)s")
        numbers = {
            "waiting": f"{found.waiting + (found.still if stops else 0):,}",
            "rate": f"{found.per_minute:,}",
            "senders": len(found.senders),
        }
        click.echo(said % numbers)
        if found.on_hold:
            click.echo(
                _("On hold, begin by themselves: %(count)s") % {"count": f"{found.on_hold:,}"}
            )
        if found.still and not stops:
            click.echo(_("Paused or held back: %(count)s") % {"count": f"{found.still:,}"})


@click.command()
@click.argument("which", metavar="WAY")
@click.option("--site", default="", metavar="DESTINATION",
              help="Only this one, as `hatobin lanes --json` names it; else the whole way.")  # fmt: skip
@WORKSPACE
@with_services
def retry(runtime: Runtime, which: str, site: str, workspace: str) -> None:
    """End the rest of a way of sending, or of one destination: it is tried at once."""
    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery.services.lanes import wake_lane, wake_way

    actor = operator_actor(runtime, workspace)
    way = find_way(actor, which)
    if site:
        wake_lane(actor, way.id, site)
    else:
        wake_way(actor, way.id)
    click.echo(_("It is tried again now."))


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--yes", is_flag=True, help="Do not ask.")
@WORKSPACE
@AS_JSON
@with_services
def move(
    runtime: Runtime, source: str, target: str, yes: bool, workspace: str, as_json: bool
) -> None:
    """Send what waits for one way of sending by another one; says where it goes, and asks."""
    from hatobin.cli.workspaces import operator_actor
    from hatobin.delivery.services.moving import move_way, plan_for_way

    actor = operator_actor(runtime, workspace)
    way, to = find_way(actor, source), find_way(actor, target)
    plan = plan_for_way(actor, way.id, to.id)
    if not yes:
        _ask(plan, way, to)
    done = move_way(actor, way.id, to.id)
    if as_json:
        say_json({"letters": done.letters, "in_hand": done.in_hand})
        return
    click.echo(_("Letters that go the other way now: %(count)s") % {"count": f"{done.letters:,}"})
    if done.in_hand:
        said = _("In a sender's hands, and stay with their way: %(count)s")
        click.echo(said % {"count": f"{done.in_hand:,}"})


def _ask(plan: Move, way: EgressView, to: EgressView) -> None:
    said = _("%(count)s letters go from “%(source)s” to “%(target)s” (%(place)s).")
    params = {
        "count": f"{plan.letters:,}",
        "source": way.name,
        "target": to.name,
        "place": to.place or to.kind_text,
    }
    click.echo(said % params, err=True)
    if not sys.stdin.isatty():
        fail(_("Nobody is there to answer. Give --yes."), code="not-confirmed", option="--yes")
    if not click.confirm(_("Is this right?"), err=True):
        fail(_("Nothing was moved."), code="not-confirmed")


def _show_stop(stop: StopView) -> None:
    from django.utils import timezone

    said = _("An emergency stop stands since %(at)s, by %(by)s (%(reason)s). Nothing is sent.")
    params = {
        "at": f"{timezone.localtime(stop.at):%Y-%m-%d %H:%M}",
        "by": stop.by,
        "reason": stop.reason or _("no reason given"),
    }
    click.echo(said % params)


def _show(lane: LaneView) -> None:
    way = "" if lane.site == "*" else f"  ({lane.egress_name})"
    rate = _("%(count)s in the last minute") % {"count": f"{lane.per_minute:,}"}
    count = lane.waiting + lane.on_hold + lane.still
    click.echo(f"{count:>9,}  {lane.title}{way}  {rate}")
    until = _("Goes on at") + " " + _clock(lane.next_at) if lane.next_at else ""
    click.echo("           " + " ".join(filter(None, (str(lane.text), lane.why, until))))


def _clock(moment: datetime) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"


def _object(lane: LaneView) -> dict[str, object]:
    plain = ("egress_name", "site", "title", "waiting", "later", "resting", "on_hold", "still", "in_hand",
             "per_minute",
             "mood", "why_code", "why", "most", "granted", "open", "accepted", "refused", "last_reply",
             "senders")  # fmt: skip
    return {
        "egress_id": lane.egress_id,
        **{name: getattr(lane, name) for name in plain},
        "text": lane.text,
        "domains": list(lane.domains),
        "next_at": lane.next_at,
    }
