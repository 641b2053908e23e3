"""``hatobin send``: a spreadsheet and a text become one letter per person, in one command."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from hatobin.cli.reporting import (
    explain,
    finding_as_text,
    outcome_as_json,
    outcome_as_text,
    show_check,
    show_rows,
)
from hatobin.cli.shared import Runtime, fail, name_of, option_of, with_services
from hatobin.common.sentences import in_a_row
from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import ngettext

_SHOWN_ROWS = 20  # of a file of which no row could be taken
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("send")
@click.option(
    "--list-file", type=_FILE, required=True, help="The people: CSV, TSV, xlsx, xls, ods."
)
@click.option("--from", "sender", required=True, help="'Name <address>'")
@click.option("--reply-to", default="", help="Reply address, if it is another one.")
@click.option(
    "--organisation", default="", help="Who sends; else the stored one, else the From name."
)
@click.option("--postal-address", default="", help="Stands under the letter; else the stored one.")
@click.option("--contact", default="", help="For questions and complaints; else the stored one.")
@click.option(
    "--kind",
    type=click.Choice(["marketing", "notice"]),
    default="marketing",
    show_default=True,
    help="What the law sees in it.",
)
@click.option("--subject", required=True, help="May hold merge fields: {{ 氏名 }}")
@click.option("--text-file", type=_FILE, required=True, help="The letter, UTF-8.")
@click.option("--html-file", type=_FILE, help="The same as HTML, UTF-8.")
@click.option(
    "--egress",
    default="",
    help="smtp://[user@]host:port, smtps://…, sandbox, or its name; else the default.",
)
@click.option("--fallback", "fallbacks", multiple=True, help="field=what stands where it is empty")
@click.option(
    "--map",
    "columns",
    multiple=True,
    help="column=field; column= leaves it out; column=@ holds the addresses.",
)
@click.option(
    "--hold",
    type=click.IntRange(0, 86400),
    default=0,
    show_default=True,
    help="Seconds in which it can be called back before the first letter leaves.",
)
@click.option(
    "--give-up-after",
    default="",
    help="How long a letter is worth delivering, such as '6 h'; else as the delivery pace says.",
)
@click.option(
    "--retry",
    default="",
    help="When a letter that was put off is tried again: '5 min, 10 min, then 1 h'.",
)
@click.option("--wait", type=click.IntRange(0, 172800), default=60, show_default=True,
              help="Seconds to wait for letters that must be tried again, or a server that says nothing.")  # fmt: skip
@click.option("--workspace", default="", help="Name of the workspace, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask; needed when unattended.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_services
def send(runtime: Runtime, **options: Any) -> None:
    """Send one letter to every person of a spreadsheet, each alone in its envelope.

    The password of a relay is taken from HATOBIN_EGRESS_PASSWORD, never from the command line. Exit
    status 0: everybody's letter was accepted (whoever is on the do-not-mail list gets none); 1: some
    wait, bounced, expired, were cancelled or are in doubt, or the sending was stopped or paused; why
    stands on stderr; 2: nothing was sent. The same command given again while its letter is unfinished
    goes on with that letter.
    """
    from hatobin.campaigns.services import one_shot
    from hatobin.cli.workspaces import operator_actor

    name, address = _sender(options["sender"])
    text = _text(options["text_file"], "--text-file")
    html = _text(options["html_file"], "--html-file")
    fallbacks = _pairs(options["fallbacks"], "--fallback")
    columns = _pairs(options["columns"], "--map")
    actor = operator_actor(runtime, options["workspace"], create_as=options["organisation"] or name)
    order = one_shot.Order(
        file_name=name_of(options["list_file"]),
        data=options["list_file"].read_bytes(),
        sender_name=name,
        sender_address=address,
        reply_to=options["reply_to"],
        organisation=options["organisation"],
        postal_address=options["postal_address"],
        contact=options["contact"],
        kind=options["kind"],
        subject=options["subject"],
        text=text,
        html=html,
        fallbacks=fallbacks,
        columns=columns,
        egress_id=_egress(actor, options["egress"]),
        give_up_after=options["give_up_after"],
        retry=options["retry"],
    )
    with one_shot.one_at_a_time(actor, order):
        running = one_shot.unfinished(actor, order)
        if running is not None:
            said = _(
                "A letter of the same command is still on its way. It goes on; nobody gets a second one."
            )
            click.echo(f"hatobin: {said}", err=True)
            shot: Any = running
            dispatch = running.dispatch
        else:
            shot = _prepared(actor, order, options)
            dispatch = one_shot.send(actor, shot, hold=timedelta(seconds=options["hold"]))
    _finish(actor, shot, dispatch, options)


def _prepared(actor: Any, order: Any, options: dict[str, Any]) -> Any:
    """The checked letter, to which somebody said yes; else nothing of it stays."""
    from hatobin.campaigns.services import one_shot

    shot = _prepare(actor, order)
    show_check(shot, quiet=options["as_json"])
    try:
        if not shot.check.can_send:
            _refuse(shot)
        if not options["yes"]:
            _ask(shot.check.sendable)
    except SystemExit:
        one_shot.discard(actor, shot)
        raise
    return shot


def _prepare(actor: Any, order: Any) -> Any:
    """Names the rows where the file is refused because of them: nothing of it stays to be looked at."""
    from hatobin.campaigns.services import one_shot

    try:
        return one_shot.prepare(actor, order)
    except one_shot.ListRefused as error:
        show_rows(error.refused_rows, most=_SHOWN_ROWS)
        option = option_of(send, error.field)
        fail(str(error), code=error.code, option=option, refused_rows=error.refused_rows)


def _ask(letters: int) -> None:
    question = ngettext("Send %(count)s letter?", "Send %(count)s letters?", letters)
    try:
        sure = click.confirm(question % {"count": f"{letters:,}"}, err=True)
    except click.Abort:  # Ctrl-C, or nobody is there to answer
        fail(_("Nothing was sent: nobody said yes. Unattended, give --yes."), code="not-confirmed")
    if not sure:
        fail(_("Nothing was sent."), code="not-confirmed")


def _finish(actor: Any, shot: Any, dispatch: Any, options: dict[str, Any]) -> NoReturn:
    from hatobin.campaigns.services import one_shot
    from hatobin.delivery.runner import send_until_settled

    send_until_settled(dispatch.pk, timedelta(seconds=options["wait"]))
    report = one_shot.report(shot, dispatch)
    click.echo(outcome_as_json(report) if options["as_json"] else outcome_as_text(report))
    if not report.clean:
        explain(actor, shot.campaign_id, report)
    raise SystemExit(0 if report.clean else 1)


def _refuse(shot: Any) -> NoReturn:
    """Names every reason, each with the option that mends it."""
    reasons = [each for each in shot.check.findings if each.level == "refuse"]
    said = []
    for each in reasons:
        option = option_of(send, each.where)
        said.append(f"{option}: " * bool(option) + finding_as_text(each))
    code = reasons[0].code if reasons else "refused"
    fail(in_a_row(_("Nothing was sent."), *said), code=code, refused_rows=shot.refused_rows)


def _egress(actor: Any, url: str) -> Any:
    from hatobin.delivery.services.egress_url import egress_by_url

    return egress_by_url(actor, url, password=os.environ.get("HATOBIN_EGRESS_PASSWORD", "")).pk


def _text(path: Path | None, option: str) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = _("%(file)s is not UTF-8. Save it as UTF-8 and try again.") % {
            "file": click.format_filename(path)
        }
        fail(text, code="not-utf-8", option=option)


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            said = _("“%(text)s”: write it as name=value.") % {"text": text}
            fail(said, code="bad-option", option=option)
        pairs[name.strip()] = value.strip()
    return pairs


def _sender(text: str) -> tuple[str, str]:
    """(name, address); refused here, before anything is made for it."""
    from hatobin.wire.address import AddressError, parse_address, split_display

    name, address = split_display(text)
    try:
        if set("<>") & set(name):  # two senders, or one that is not closed
            raise AddressError("several-addresses")
        parse_address(address)
    except AddressError:
        said = _("This is not a mail address.") + " " + _("Write it like %(example)s.")
        fail(said % {"example": "'Name <name@example.jp>'"}, code="bad-address", option="--from")
    return name or address, address
