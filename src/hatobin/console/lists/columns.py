"""The table of columns in the preview: what is proposed, or what the person made of it so far."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from hatobin.audience.choices import ColumnPlan, FieldChoice, Mapping, Proposal
from hatobin.audience.models import FieldKind
from hatobin.audience.sheets.labels import column_letters
from hatobin.common.errors import HatobinError

PREFIX = "column:"
_PLACE = "fields."
_SHOWN_SAMPLES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnRow:
    """A column of the file and its controls. ``key`` begins the names of the controls."""

    column: int
    key: str
    label: str
    samples: tuple[str, ...]
    use: bool
    name: str
    kind: str
    ordinary: bool
    existing: bool
    is_address: bool
    error: str = ""


def column_rows(
    proposal: Proposal, address: str, post: Dictionary[str, str] | None = None
) -> list[ColumnRow]:
    """A row per column; ``post`` is what was typed, when the form came back."""
    taken = {plan.name for plan in proposal.columns}
    rows = []
    for plan in proposal.columns:
        rows.append(_proposed(plan, address, taken))
        taken.add(rows[-1].name)
    return rows if post is None else [_typed(row, post) for row in rows]


def with_error(rows: list[ColumnRow], error: HatobinError) -> list[ColumnRow] | None:
    """The rows with a service's error beside the column it is about; None when it is about none."""
    place = error.field or ""
    wrong = place.removeprefix(_PLACE)
    if not place.startswith(_PLACE) or wrong not in {str(row.column) for row in rows}:
        return None
    return [replace(row, error=str(error)) if str(row.column) == wrong else row for row in rows]


def shown_label(column: int, label: str) -> str:
    """A column without a name is called by its letter, in the reader's language."""
    if not _is_nameless(column, label):
        return label
    return _("Column %(letters)s") % {"letters": column_letters(column)}


def chosen_mapping(rows: list[ColumnRow], address: int) -> Mapping:
    """The address column, and a field for each other column that is used."""
    fields = [
        FieldChoice(column=row.column, name=row.name, kind=row.kind, personal=not row.ordinary)
        for row in rows
        if row.use and row.column != address
    ]
    return Mapping(address=address, fields=tuple(fields))


def _proposed(plan: ColumnPlan, address: str, taken: Collection[str]) -> ColumnRow:
    label = shown_label(plan.column, plan.label)
    name = label if plan.name == plan.label else plan.name
    meaning = str(FieldKind(plan.kind).label)
    if (
        _is_nameless(plan.column, plan.name)
        and plan.kind != FieldKind.TEXT
        and meaning not in taken
    ):
        name = meaning  # a column of names without a name is best called so
    return ColumnRow(
        column=plan.column,
        key=f"{PREFIX}{plan.column}",
        label=label,
        samples=plan.samples[:_SHOWN_SAMPLES],
        use=plan.use,
        name=name,
        kind=plan.kind,
        ordinary=not plan.personal,
        existing=plan.existing,
        is_address=str(plan.column) == address,
    )


def _is_nameless(column: int, label: str) -> bool:
    return label == f"列{column_letters(column)}"


def _typed(row: ColumnRow, post: Dictionary[str, str]) -> ColumnRow:
    return replace(
        row,
        use=f"{row.key}:use" in post,
        name=post.get(f"{row.key}:name", row.name).strip(),
        kind=post.get(f"{row.key}:kind", row.kind),
        ordinary=post.get(f"{row.key}:ordinary") == "on",
    )
