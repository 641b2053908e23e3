"""A file in one call, for programs and commands: columns recognised, corrections given by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.audience import choices
from hatobin.audience.choices import FieldChoice, ImportChoice, Proposal
from hatobin.audience.models import Import
from hatobin.audience.services import imports, uploads
from hatobin.audience.services.uploads import ReadingOverride
from hatobin.common.errors import Invalid

ADDRESS = "@"


def import_file(
    actor: Actor,
    *,
    file_name: str,
    data: BinaryIO | bytes,
    list_name: str,
    basis: str,
    columns: Mapping[str, str],
    reading: ReadingOverride | None = None,
    queue: bool = True,
) -> Import:
    """Stages a file and starts its import; ``queue=False``: the caller runs it with ``run_import``.

    ``columns`` corrects what was recognised: column label > field name, ``""`` to leave a column out,
    ``"@"`` for the one with the mail address. Raises what staging and starting raise, and Invalid
    (``field="columns"``) for a label that the file does not have.
    """
    staged = uploads.stage_upload(actor, file_name=file_name, data=data)
    shown = uploads.preview(actor, staged.pk, reading)
    choice = ImportChoice(
        mapping=corrected(shown.proposal, columns),
        basis=basis,
        list_name=list_name,
        reading=shown.preview.reading,
    )
    return imports.start_import(actor, staged.pk, choice, queue=queue)


def columns_of(text: str) -> dict[str, str]:
    """``column=field`` lines as a mapping; raises Invalid for a line without ``=``."""
    pairs = {}
    for line in filter(str.strip, text.splitlines()):
        label, sign, name = line.partition("=")
        if not sign:
            raise Invalid(
                "bad-columns",
                _("“%(line)s” is not of the form column=field."),
                field="columns",
                params={"line": line.strip()},
            )
        pairs[label.strip()] = name.strip()
    return pairs


def corrected(proposal: Proposal, columns: Mapping[str, str]) -> choices.Mapping:
    """The proposal with the given corrections."""
    labels = {plan.label.strip(): plan.column for plan in proposal.columns}
    for label in columns:
        if label not in labels:
            raise Invalid(
                "no-column",
                _("The file has no column “%(label)s”. It has: %(labels)s"),
                field="columns",
                params={"label": label, "labels": ", ".join(labels)},
            )
    named = {labels[label]: name for label, name in columns.items()}
    address = next((column for column, name in named.items() if name == ADDRESS), proposal.address)
    fields = [
        _choice(plan, named)
        for plan in proposal.columns
        if plan.column != address and named.get(plan.column, "x" if plan.use else "")
    ]
    return replace(proposal.mapping(), address=address, fields=tuple(fields))


def _choice(plan: choices.ColumnPlan, named: Mapping[int, str]) -> FieldChoice:
    name = named.get(plan.column) or plan.name
    return FieldChoice(column=plan.column, name=name, kind=plan.kind, personal=plan.personal)
