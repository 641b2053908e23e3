"""``hatobin import``: a spreadsheet into a list, whole or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import click

from hatobin.cli.shared import Runtime, name_of, with_services
from hatobin.common.sentences import in_a_row
from hatobin.common.terminal import gettext as _

_BASES = ["consent", "given", "trading", "published", "not-advertising"]
_ENCODINGS = ["cp932", "utf-8", "utf-16", "iso-2022-jp", "euc-jp"]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--list", "list_name", required=True, help="Name of the list; a known one is added to."
)
@click.option(
    "--basis", type=click.Choice(_BASES), required=True, help="Why you may write to them."
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    help="column=field; column= leaves it out; column=@ holds the addresses.",
)
@click.option(
    "--encoding",
    type=click.Choice(_ENCODINGS),
    help="The file's encoding, where the guess is wrong.",
)
@click.option("--sheet", help="Sheet of a workbook.")
@click.option("--workspace", default="", help="Name of the workspace, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_services
def import_command(
    runtime: Runtime,
    file: Path,
    list_name: str,
    basis: str,
    columns: tuple[str, ...],
    encoding: str | None,
    sheet: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Import FILE (CSV, TSV, xlsx, xls, ods) into a list, whole or nothing.

    Encoding and columns are recognised. Every row that was not taken is named with its reason. Exit
    status 0: imported; 2: nothing was written.
    """
    from hatobin.audience import queries
    from hatobin.audience.mapping import columns_of
    from hatobin.audience.services import imports
    from hatobin.audience.services.uploads import ReadingOverride
    from hatobin.audience.sheets import Encoding
    from hatobin.cli.workspaces import operator_actor

    actor = operator_actor(runtime, workspace)
    upload = imports.import_file(
        actor,
        file_name=name_of(file),
        data=file.read_bytes(),
        list_name=list_name,
        basis=basis,
        columns=columns_of("\n".join(columns)),
        reading=ReadingOverride(encoding=cast("Encoding | None", encoding), sheet=sheet),
        queue=False,
    )
    imports.run_import(upload.pk)
    status = queries.import_status(actor, upload.pk)
    refused = [
        {"row": each.row, "reason": each.sentence}
        for each in queries.refused_rows(actor, upload.pk)
    ]
    click.echo(_as_json(status, refused) if as_json else _as_text(status, refused))
    if status.state != "done":
        click.echo(f"hatobin: {in_a_row(status.error, status.advice)}", err=True)
        raise SystemExit(2)


def _as_json(status: Any, refused: list[dict[str, Any]]) -> str:
    names = ("rows", "added", "changed", "unchanged", "duplicates", "refused", "suppressed")
    body = {name: getattr(status, name) for name in names} | {"refused_rows": refused}
    if status.error:
        body["error"] = {"code": status.error_code, "message": status.error}
    return json.dumps(body, ensure_ascii=False)


def _as_text(status: Any, refused: list[dict[str, Any]]) -> str:
    names = ("rows", "added", "changed", "unchanged", "duplicates", "refused", "suppressed")
    sums = {name: f"{getattr(status, name):,}" for name in names}
    summary = _(
        "%(list)s: %(rows)s rows read, %(added)s added, %(changed)s changed, %(unchanged)s unchanged, "
        "%(duplicates)s duplicates, %(refused)s refused, %(suppressed)s on the do-not-mail list"
    )
    lines = [summary % {"list": status.list_name, **sums}]
    lines += ["  " + _("row %(row)s: %(reason)s") % each for each in refused]
    return "\n".join(lines)
