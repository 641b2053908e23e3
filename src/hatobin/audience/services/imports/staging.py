"""The rows of one import, checked and sealed, in a temporary table until all of them are known."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from django.db import connection

from hatobin.accounts.services.sealing import vault_of
from hatobin.audience import choices
from hatobin.audience.models import Contact
from hatobin.audience.people import Person, open_contact
from hatobin.audience.rules import Accepted, Refused, check_row, merged_fields
from hatobin.audience.services.imports import sql
from hatobin.audience.services.writing import field_set, sealer
from hatobin.audience.sheets import Row
from hatobin.suppression.queries import suppressed_keys

_MANY = 1000  # rows from which a wrong guess of the planner costs more than reading a workspace
_ROW_TYPES = ["int4", "bytea", "text", "int8", "int4", "bool", "text", "bytea", "jsonb", "text"]
_PROBLEM_TYPES = ["text", "int4", "text", "jsonb", "bytea"]


class PeopleChanged(Exception):
    """Somebody else changed the same people between reading and writing; reading again helps."""


@dataclass(frozen=True, slots=True)
class OnList:
    """What an import does to its list, in people."""

    added: int
    changed: int
    unchanged: int
    suppressed: int


@dataclass(slots=True)
class _Known:
    """A contact that is stored already."""

    id: int
    revision: int
    person: Person


class Stage(AbstractContextManager["Stage"]):
    """Takes rows batch by batch, then moves all of them in the caller's transaction.

    ``rows``, ``duplicates``, ``refused`` and ``changes`` (by kind) count what was taken so far.
    """

    def __init__(
        self, workspace_id: uuid.UUID, upload_id: uuid.UUID, mapping: choices.Mapping
    ) -> None:
        self._workspace_id = workspace_id
        self._upload_id = upload_id
        self._mapping = mapping
        self._vault = vault_of(workspace_id)
        self._seal = sealer(self._vault, field_set(workspace_id, mapping.fields))
        self._first_rows: dict[bytes, int] = {}
        self.rows = self.duplicates = self.refused = 0
        self.changes = {"new": 0, "changed": 0, "same": 0}

    def __enter__(self) -> Self:
        _execute(sql.CREATE_STAGE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # After a database error the session, and the tables with it, may be gone or unusable.
        if kind is None or connection.is_usable():
            _execute(sql.DROP_STAGE)

    @property
    def people(self) -> int:
        """How many people the file holds so far."""
        return len(self._first_rows)

    def add(self, rows: list[Row]) -> None:
        """Checks, compares and seals a batch."""
        accepted: list[tuple[Row, bytes, Accepted]] = []
        problems: list[tuple[Any, ...]] = []
        for row in rows:
            outcome = check_row(row, self._mapping)
            if isinstance(outcome, Refused):
                self.refused += 1
                problems.append(self._problem("refused", row, outcome.reason, outcome.params))
                continue
            key = self._vault.address_key(outcome.address.key_form)
            first = self._first_rows.setdefault(key, row.number)
            if first == row.number:
                accepted.append((row, key, outcome))
            else:
                self.duplicates += 1
                problems.append(self._problem("duplicate", row, "duplicate", {"first_row": first}))
        self.rows += len(rows)
        _copy(sql.COPY_ROWS, _ROW_TYPES, self._staged(accepted))
        _copy(sql.COPY_PROBLEMS, _PROBLEM_TYPES, problems)

    def move_people(self, list_id: uuid.UUID, *, after: int, basis: str) -> OnList:
        """Writes everybody; ``after`` is the last place on the list. Raises PeopleChanged."""
        given: dict[str, Any] = {
            "workspace": self._workspace_id,
            "list": list_id,
            "after": after,
            "basis": basis,
            "source": f"import:{self._upload_id}",
        }
        _execute(sql.ANALYZE_STAGE)
        with _planned_for(self.people):
            written = {
                "new": _execute(sql.INSERT_CONTACTS, given),
                "changed": _execute(sql.UPDATE_CONTACTS, given),
                "same": _one_row(sql.COUNT_SAME_CONTACTS, given)[0],
            }
            if written != self.changes:
                raise PeopleChanged
            counts = OnList(*_one_row(sql.COUNT_ON_LIST, given))
            if _execute(sql.INSERT_SUBSCRIPTIONS, given) != counts.added:
                raise PeopleChanged
        return counts

    def move_problems(self) -> None:
        """Writes the refused and merged rows."""
        given = {"workspace": self._workspace_id, "upload": self._upload_id}
        _execute(sql.INSERT_PROBLEMS, given)

    def _staged(self, accepted: list[tuple[Row, bytes, Accepted]]) -> Iterable[tuple[Any, ...]]:
        keys = [key for _row, key, _outcome in accepted]
        known = self._known(keys)
        stopped = suppressed_keys(self._workspace_id, keys)
        for row, key, outcome in accepted:
            yield self._row(row.number, key, outcome, known.get(key), key in stopped)

    def _row(
        self, number: int, key: bytes, outcome: Accepted, known: _Known | None, stopped: bool
    ) -> tuple[Any, ...]:
        change, person = _compared(outcome, known)
        self.changes[change] += 1
        seen = (known.id, known.revision) if known else (None, None)
        if change == "same":
            return (number, key, change, *seen, stopped, None, None, None, None)
        columns = self._seal(key, person)
        # As an array literal: adapting a hundred numbers one by one takes longer than sealing the row.
        keys = "{" + ",".join(map(str, columns.search_keys)) + "}"
        new = (outcome.address.domain, columns.sealed, dict(columns.fields), keys)
        return (number, key, change, *seen, stopped, *new)

    def _known(self, keys: list[bytes]) -> dict[bytes, _Known]:
        rows = Contact.objects.of(self._workspace_id).filter(address_key__in=keys)
        found = {}
        for number, raw, revision, sealed, fields in rows.values_list(
            "id", "address_key", "revision", "sealed", "fields"
        ):
            key = bytes(raw)
            found[key] = _Known(number, revision, open_contact(self._vault, key, sealed, fields))
        return found

    def _problem(
        self, kind: str, row: Row, reason: str, params: Mapping[str, object]
    ) -> tuple[Any, ...]:
        cells = json.dumps(list(row.cells), ensure_ascii=False).encode()
        sealed = self._vault.seal(cells, b"import-problem:" + self._upload_id.bytes)
        return (kind, row.number, reason, dict(params), sealed)


@contextmanager
def _planned_for(people: int) -> Iterator[None]:
    """With many rows, joins read each side once.

    The planner's numbers are from before this transaction. In them a new workspace has nobody, and a loop in a
    loop looks cheap: for 20,000 people it takes minutes.
    """
    if people < _MANY:
        yield
        return
    _execute(sql.LOOPS_OFF)
    yield
    _execute(sql.LOOPS_ON)  # after an error the transaction's end does it


def _compared(outcome: Accepted, known: _Known | None) -> tuple[str, Person]:
    """The address stays as it was first written; the file's fields replace."""
    if known is None:
        return "new", Person(address=outcome.address.email, fields=outcome.fields)
    fields = merged_fields(known.person.fields, outcome.fields)
    change = "same" if fields == known.person.fields else "changed"
    return change, Person(address=known.person.address, fields=fields)


def _copy(statement: str, types: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    # The rows are made before COPY begins: making them asks the same connection.
    made = list(rows)
    if not made:
        return
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in made:
            copy.write_row(row)


def _execute(statement: str, given: Mapping[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return int(cursor.rowcount)


def _one_row(statement: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        row: tuple[Any, ...] = cursor.fetchone()
        return row
