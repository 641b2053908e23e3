"""Short words for the stories of this folder: a file, an import, what stands in the database."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Sequence

from django.db import connection

from hatobin.accounts.rules import Actor
from hatobin.audience import queries
from hatobin.audience.choices import FieldChoice, ImportChoice, Mapping
from hatobin.audience.models import ConsentBasis, Import
from hatobin.audience.queries import ImportStatus, PersonRow
from hatobin.audience.services.imports import run_import, start_import
from hatobin.audience.services.uploads import preview, stage_upload

HEADER = ("メールアドレス", "氏名")


def csv_file(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    """A CSV file as UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def many_people(number: int) -> bytes:
    """A file of ``number`` people."""
    return csv_file((f"p{n}@example.jp", f"太郎{n}") for n in range(number))


def staged(actor: Actor, data: bytes, name: str = "会員.csv") -> Import:
    """An uploaded file."""
    return stage_upload(actor, file_name=name, data=data)


def choice(
    list_name: str = "会員", columns: Sequence[str] = ("氏名",), **changes: object
) -> ImportChoice:
    """Address in the first column, then these fields."""
    fields = tuple(FieldChoice(column=n, name=name) for n, name in enumerate(columns, 1))
    given: dict[str, object] = {
        "mapping": Mapping(address=0, fields=fields),
        "basis": ConsentBasis.CONSENT.value,
        "list_name": list_name,
    }
    return ImportChoice(**(given | changes))  # type: ignore[arg-type]


def imported(actor: Actor, data: bytes, list_name: str = "会員") -> ImportStatus:
    """The whole import with what is proposed."""
    upload = staged(actor, data)
    mapping = preview(actor, upload.pk).proposal.mapping()
    start_import(
        actor,
        upload.pk,
        ImportChoice(mapping=mapping, basis=ConsentBasis.CONSENT, list_name=list_name),
        queue=False,
    )
    run_import(upload.pk)
    return queries.import_status(actor, upload.pk)


def people_of(actor: Actor, list_name: str = "会員", search: str = "") -> list[PersonRow]:
    """The people of the list with this name."""
    found = next(each for each in queries.lists(actor) if each.name == list_name)
    return list(queries.people(actor, found.id, search=search, per_page=500).items)


def addresses(rows: Iterable[PersonRow]) -> list[str]:
    """Only the addresses."""
    return [row.address for row in rows]


def dump() -> str:
    """Every table of the database as COPY writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        pieces = [_table(name) for name in tables]
    return "\n".join(pieces)


def _table(name: str) -> str:
    with connection.cursor() as cursor:
        with cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
            return b"".join(bytes(piece) for piece in copy).decode()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Looks again and again until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(0.01)
