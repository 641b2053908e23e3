"""The file of refused rows: corrected in a spreadsheet and uploaded again."""

from __future__ import annotations

import csv
import io
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.audience.models import ImportProblem
from hatobin.audience.queries.imports import access_import, every_problem
from hatobin.audience.rules import defused
from hatobin.audience.services.uploads import open_labels


@transaction.atomic
def refused_file(
    actor: Actor, import_id: uuid.UUID, kind: str = ImportProblem.Kind.REFUSED
) -> tuple[str, bytes]:
    """(file name, CSV in UTF-8 with BOM and CRLF): row number, reason, and the row's own cells.

    ``kind="duplicate"`` gives the merged rows instead. Cells that a spreadsheet would run begin with ``'``.
    """
    check_right(actor, Right.EXPORT)
    upload = access_import(actor, import_id)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_("Row"), _("Reason"), *map(defused, open_labels(upload))])
    rows = 0
    for problem in every_problem(actor, import_id, kind):
        rows += 1
        writer.writerow([problem.row, *map(defused, (problem.sentence, *problem.cells))])
    audit.record(actor, "import.rows-exported", subject=str(import_id), kind=kind, rows=rows)
    return f"{kind}-{str(upload.pk)[-12:]}.csv", text.getvalue().encode("utf-8-sig")
