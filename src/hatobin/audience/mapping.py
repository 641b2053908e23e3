"""Columns to fields: what is proposed, and whether what was chosen can be stored. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.audience import choices, reasons
from hatobin.audience.models import FieldKind
from hatobin.audience.rules import CONTROL, NAME_MAX, TAG_LETTERS, field_name_problem, same_name
from hatobin.audience.sheets import Column
from hatobin.common.errors import HatobinError, Invalid

# The workspace's fields: name > (kind, personal).
Known = Mapping[str, tuple[str, bool]]

ADDRESS = "@"  # in place of a field name: the column with the addresses
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
    rivals = tuple(column.index for column in all_columns if column.rival)
    return choices.Proposal(address=address, columns=tuple(plans), rivals=rivals)


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


def columns_of(text: str) -> dict[str, str]:
    """``column=field`` lines as a mapping; raises Invalid for a line without ``=``."""
    pairs = {}
    for number, line in enumerate(text.splitlines(), 1):
        label, sign, name = (part.strip() for part in line.rpartition("="))
        if not line.strip():
            continue
        if not sign:
            raise Invalid(
                "bad-columns",
                _("“%(line)s” is not of the form column=field."),
                field="columns",
                row=number,
                params={"line": line.strip()},
            )
        pairs[label] = name
    return pairs


def corrected(proposal: choices.Proposal, columns: Mapping[str, str]) -> choices.Mapping:
    """The proposal with corrections: column label > field name, ``""`` to leave it out, ``"@"`` for the
    one with the addresses. Nobody looks at the result, so it must be clear which column that is. Raises
    Invalid (``field="columns"``) where it is not, and for a label that the file does not have.
    """
    plans = {plan.label.strip(): plan for plan in proposal.columns}
    said: dict[int, str] = {}
    for label, name in columns.items():
        plan = plans.get(label.strip())
        if plan is None:
            raise Invalid(
                "no-column",
                _("The file has no column “%(label)s”. It has: %(labels)s"),
                field="columns",
                params={"label": label, "labels": ", ".join(filter(None, plans))},
            )
        said[plan.column] = name
    address = _address_said(proposal, said)
    every = tuple(_as_said(plan, said.get(plan.column)) for plan in proposal.columns)
    return choices.Proposal(address=address, columns=every).mapping()


def _as_said(plan: choices.ColumnPlan, name: str | None) -> choices.ColumnPlan:
    if name is None:
        return plan
    return replace(plan, use=name not in {"", ADDRESS}, name=name or plan.name)


def _address_said(proposal: choices.Proposal, said: Mapping[int, str]) -> int | None:
    """The column with the addresses after the corrections (column > what was said of it)."""
    named = [column for column, name in said.items() if name == ADDRESS]
    if len(named) > 1:
        raise _not_clear(proposal, named, _("Two columns are named for the addresses: %(labels)s."))
    if named or proposal.address is None:
        return next(iter(named), None)
    left = [
        column for column in (proposal.address, *proposal.rivals) if column not in said
    ]  # fmt: skip
    if len(left) == 1:
        return left[0]
    if left:
        raise _not_clear(proposal, left, _("Several columns could hold the addresses: %(labels)s."))
    taken = [proposal.address]
    raise _not_clear(
        proposal, taken, _("The column with the addresses is used for something else: %(labels)s.")
    )


def _not_clear(proposal: choices.Proposal, columns: Collection[int], message: Promise) -> Invalid:
    labels = [plan.label for plan in proposal.columns if plan.column in columns]
    return Invalid(
        "which-address-column",
        message,
        advice=_("Name the one column that holds the addresses, like this: “%(label)s=@”."),
        field="columns",
        params={"labels": ", ".join(labels), "label": labels[0]},
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
