"""What ``hatobin send`` says: the check before, the sums afterwards, and why they are not all accepted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hatobin.common.sentences import in_a_row
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import ngettext

if TYPE_CHECKING:
    from hatobin.accounts.rules import Actor
    from hatobin.campaigns.services.one_shot import OneShot, Report
    from hatobin.cli.shared import RefusedRow
    from hatobin.guard.findings import Finding

_SUMS = (
    "audience", "accepted", "bounced", "expired", "suppressed", "cancelled", "in_doubt", "waiting",
)  # fmt: skip


def show_check(shot: OneShot, *, quiet: bool) -> None:
    """What would be sent, on stderr; ``quiet``: only what a person must look at."""
    check = shot.check
    if not quiet:
        sums = {
            "people": f"{check.people:,}",
            "letters": f"{check.sendable:,}",
            "suppressed": f"{check.suppressed:,}",
            "duplicates": f"{shot.duplicates:,}",
            "refused": f"{len(shot.refused_rows):,}",
        }
        summary = _(
            "People: %(people)s, letters: %(letters)s, on the do-not-mail list: %(suppressed)s, "
            "duplicate rows: %(duplicates)s, refused rows: %(refused)s"
        )
        click.echo(summary % sums, err=True)
        show_rows(shot.refused_rows)
    if shot.duplicates:
        text = ngettext(
            "%(count)s row has an address that stands in the file already; it gets no letter.",
            "%(count)s rows have an address that stands in the file already; they get no letter.",
            shot.duplicates,
        )
        click.echo("  " + text % {"count": f"{shot.duplicates:,}"}, err=True)
    for finding in check.findings:
        level = _("Stands in the way") if finding.level == "refuse" else _("Please look")
        click.echo(f"  {level}: {finding_as_text(finding)}", err=True)


def finding_as_text(finding: Finding) -> str:
    """What was found, what to do, and which rows it is about.

    On a list that one file filled a person's position is the row of the file.
    """
    places = [f"{position:,}" for position in finding.positions]
    if places and isinstance(count := finding.params.get("count"), int) and count > len(places):
        places.append("…")
    where = _("Rows of the file:") + " " + ", ".join(places) if places else ""
    return in_a_row(finding.text, finding.advice, where)


def show_rows(rows: Sequence[RefusedRow], *, most: int | None = None) -> None:
    """Rows of the file that were not taken, on stderr; only the first ``most``, and how many more."""
    for each in rows[:most]:
        row = {"row": each.row, "reason": each.reason}
        click.echo("  " + _("row %(row)s: %(reason)s") % row, err=True)
    if most is not None and len(rows) > most:
        left = len(rows) - most
        text = ngettext("and %(count)s more refused row", "and %(count)s more refused rows", left)
        click.echo("  " + text % {"count": f"{left:,}"}, err=True)


def outcome_as_json(report: Report) -> str:
    """The one object of ``--json``."""
    body = {name: getattr(report.sums, name) for name in _SUMS}
    rows = [{"row": each.row, "reason": each.reason} for each in report.refused_rows]
    return json.dumps(body | {"refused_rows": rows}, ensure_ascii=False)


def outcome_as_text(report: Report) -> str:
    """The same sums as a sentence."""
    text = _(
        "People: %(audience)s. Accepted: %(accepted)s, refused: %(bounced)s, expired: %(expired)s, "
        "on the do-not-mail list: %(suppressed)s, cancelled: %(cancelled)s, in doubt: %(in_doubt)s, "
        "waiting: %(waiting)s"
    )
    return text % {name: f"{getattr(report.sums, name):,}" for name in _SUMS}


def explain(actor: Actor, campaign_id: uuid.UUID, report: Report) -> None:
    """Why not everybody's letter was accepted: how many for which reason, and what to do next."""
    said = [report.stop]
    for each in report.reasons:
        if each.state != "suppressed":
            words = {"count": f"{each.count:,}", "state": each.state_text}
            said.append(in_a_row(_("%(count)s × “%(state)s”:") % words, each.reason_text))
    said += _next_steps(report)
    page = f"{_base_url(actor)}/letters/{campaign_id}/result/"
    said.append(_("Each person's letter: %(page)s (while `hatobin serve` runs)") % {"page": page})
    for line in filter(None, said):
        click.echo(f"hatobin: {line}", err=True)


def _next_steps(report: Report) -> list[str]:
    sums = report.sums
    steps = []
    if sums.waiting:
        waiting = _("Letters that wait: %(count)s.") % {"count": f"{sums.waiting:,}"}
        goes_on = _("A running `hatobin serve` goes on with them.")
        steps.append(in_a_row(waiting, report.trouble, "" if report.stop else goes_on))
    if sums.in_doubt:
        steps.append(
            _(
                "In doubt: nobody knows whether it arrived. Decide on its page whether to send again."
            )
        )
    if sums.bounced or sums.expired:
        steps.append(_("Refused or expired: correct the address, and send to these people alone."))
    if sums.cancelled:
        steps.append(
            _("Cancelled: these people got nothing. Where they should, send to them alone.")
        )
    return steps


def _base_url(actor: Actor) -> str:
    from hatobin.accounts.services.workspaces import base_url_of

    return base_url_of(actor.workspace_id)
