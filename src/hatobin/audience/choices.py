"""What a person decides about an upload; crosses the room and lives in JSON columns."""

from __future__ import annotations

import uuid
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from hatobin.audience.sheets import Reading


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChoice:
    """One column that becomes a field. ``kind`` is a FieldKind value; ``personal`` means sealed."""

    column: int
    name: str
    kind: str = "text"
    personal: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """Which column (0-based) holds the address and which columns become fields; others are not read."""

    address: int | None
    fields: tuple[FieldChoice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Dictionary[str, Any]) -> Self:
        """From a JSON column written by ``to_json``."""
        return cls(
            address=data["address"], fields=tuple(FieldChoice(**each) for each in data["fields"])
        )


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """For a JSON column."""
    return asdict(reading)


def reading_from_json(data: Dictionary[str, Any]) -> Reading:
    """From a JSON column written by ``reading_to_json``."""
    return Reading(**data)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportChoice:
    """The confirmed preview: where the people go and how the file is read.

    Either ``list_id`` (an existing list) or ``list_name`` (an existing list of that name, else a new
    one). ``basis`` is a ConsentBasis value. ``reading`` is the preview's; without it the file is read
    as is guessed. A known field keeps its kind; one that is sealed stays sealed.
    """

    mapping: Mapping
    basis: str
    list_name: str = ""
    list_id: uuid.UUID | None = None
    reading: Reading | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnPlan:
    """A column of the preview and what is proposed for it.

    ``existing``: the workspace has a field of this name, so its kind and ``personal`` are proposed.
    """

    column: int
    label: str
    samples: tuple[str, ...]
    use: bool
    name: str
    kind: str
    personal: bool
    existing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The proposed mapping. ``address`` is None when no column looks like mail addresses.

    ``rivals``: columns that could hold the addresses about as well; a person has to look.
    """

    address: int | None
    columns: tuple[ColumnPlan, ...] = field(default=())
    rivals: tuple[int, ...] = ()

    def candidates(self) -> tuple[ColumnPlan, ...]:
        """The columns of which one holds the addresses, where that is not clear; else none."""
        named = {self.address, *self.rivals} if self.rivals else set()
        return tuple(plan for plan in self.columns if plan.column in named)

    def mapping(self) -> Mapping:
        """The proposal as a choice, unchanged."""
        return Mapping(
            address=self.address,
            fields=tuple(
                FieldChoice(
                    column=plan.column, name=plan.name, kind=plan.kind, personal=plan.personal
                )
                for plan in self.columns
                if plan.use and plan.column != self.address
            ),
        )
