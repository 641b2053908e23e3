"""Columns to fields: what is proposed, and whether what was chosen can be stored. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from hatobin.audience import choices, reasons
from hatobin.audience.models import FieldKind
from hatobin.audience.rules import CONTROL, NAME_MAX, TAG_LETTERS, field_name_problem, same_name
from hatobin.audience.sheets import Column
from hatobin.common.errors import HatobinError, Invalid

# The workspace's fields: name > (kind, personal).
Known = Mapping[str, tuple[str, bool]]

_SPACES = re.compile(r"\s+")


def propose(columns: Iterable[Column], known: Known) -> choices.Proposal:
    """A mapping for these columns. ``known``: the workspace's fields, name > (kind, personal)."""
    all_columns = tuple(columns)
    address = next((column.index for column in all_columns if column.guess == "address"), None)
    known_names = {same_name(name): name for name in known}
    taken: set[str] = set()
    plans = []
    for column in all_columns:
        name = _free_name(column, taken)
        name = known_names.get(same_name(name), name)
        taken.add(same_name(name))
        plans.append(_plan(column, name, known, is_address=column.index == address))
    return choices.Proposal(address=address, columns=tuple(plans))


def _plan(column: Column, name: str, known: Known, *, is_address: bool) -> choices.ColumnPlan:
    guess = column.guess if column.guess in FieldKind.values else FieldKind.TEXT.value
    kind, personal = known.get(name, (guess, True))
    return choices.ColumnPlan(
        column=column.index,
        label=column.label,
        samples=tuple(column.samples),
        use=column.guess != "empty" and not is_address,
        name=name,
        kind=kind or FieldKind.TEXT.value,
        personal=personal,
        existing=name in known,
    )


def _free_name(column: Column, taken: Collection[str]) -> str:
    """The column's label as a field name: printable, not reserved, told apart from those before."""
    base = _SPACES.sub(" ", TAG_LETTERS.sub("", CONTROL.sub(" ", column.label))).strip()
    base = base[: NAME_MAX - 4].strip()
    if not base or field_name_problem(base):
        base = f"列{column.index + 1}"
    name, number = base, 2
    while same_name(name) in taken:
        name, number = f"{base} {number}", number + 1
    return name


def check_mapping(mapping: choices.Mapping, columns: int, known: Known) -> None:
    """Raises Invalid for the first thing that does not fit; ``field`` is ``address`` or ``fields.<column>``."""
    if mapping.address is None or not 0 <= mapping.address < columns:
        raise _no_address_column()
    names: set[str] = set()
    used = {mapping.address}
    for choice in mapping.fields:
        place = f"fields.{choice.column}"
        _check_column(choice, columns, used, place)
        problem = field_name_problem(choice.name)
        if problem is None and same_name(choice.name) in names:
            problem = "field-name-twice"
        if problem:
            raise reasons.name_problem(problem, choice.name, field=place, limit=NAME_MAX)
        _check_kind(choice, known, place)
        names.add(same_name(choice.name))
        used.add(choice.column)


def corrected(proposal: choices.Proposal, lines: str) -> choices.Mapping:
    """The proposal with corrections, one ``label=field`` a line (``label=``: not used, ``label=@``: address).

    Raises Invalid (``field="columns"``) for a line that names no column.
    """
    columns = {plan.label: plan for plan in proposal.columns}
    for number, line in enumerate(lines.splitlines(), 1):
        label, equals, name = (part.strip() for part in line.rpartition("="))
        if not line.strip():
            continue
        if not equals or label not in columns:
            raise _no_such_column(number)
        plan = columns[label]
        if name == "@":
            proposal = choices.Proposal(address=plan.column)
        columns[label] = replace(plan, use=name not in {"", "@"}, name=name or plan.name)
    return choices.Proposal(address=proposal.address, columns=tuple(columns.values())).mapping()


def _no_such_column(number: int) -> HatobinError:
    return Invalid(
        "no-column",
        _("Line %(line)s does not name a column of the file."),
        advice=_("Write the column's name, an equals sign and the name of the field."),
        field="columns",
        row=number,
        params={"line": number},
    )


def _check_column(choice: choices.FieldChoice, columns: int, used: set[int], place: str) -> None:
    if not 0 <= choice.column < columns:
        raise Invalid("no-column", _("The file has no such column."), field=place)
    if choice.column in used:
        raise Invalid(
            "column-twice",
            _("This column is used twice."),
            advice=_("Use each column once; the address column cannot be a field as well."),
            field=place,
        )


def _check_kind(choice: choices.FieldChoice, known: Known, place: str) -> None:
    if choice.kind not in FieldKind.values:
        raise Invalid("unknown-kind", _("There is no such kind of field."), field=place)
    if choice.personal and not known.get(choice.name, ("", True))[1]:
        raise Invalid(
            "field-is-ordinary",
            _("“%(field)s” is stored as an ordinary field already, not sealed."),
            advice=_("Choose another name to keep this column sealed, or mark it as ordinary."),
            field=place,
            params={"field": choice.name},
        )


def _no_address_column() -> HatobinError:
    return Invalid(
        "no-address-column",
        _("No column is chosen for the mail address."),
        advice=_("Choose the column that holds the addresses."),
        field="address",
    )
