"""Reads one workbook in a process of its own. Started as ``python -m hatobin.audience.sheets.child``.

Job: parse an untrusted xlsx, xls or ods with a library written in another language, where a hostile or
merely huge file can exhaust memory or crash, away from the process that serves people.

Stdin: one JSON line {"limits": {...}, "sheet": null | name}, then the file's bytes until the end.
Stdout, JSON lines. Without a sheet, a survey: {"kind", "hidden": bool}, then per visible sheet
{"name", "rows", "head": [[number, cells, problem], ...], "merged_rows", "notes"}. With a sheet: lists of
rows [[number, cells, problem], ...]. Last line {"done": true} or {"error": code, "params": {...}}.

Limits: address space, processor time, no file written, no core file (it would hold people's data).
Security: gets no environment with secrets, no database, no network address; writes nothing to disk.
Diagnostics: a missing last line means that it died; the parent tells why from its exit status.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

import python_calamine as calamine

from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.kinds import check_ole, container_of
from hatobin.audience.sheets.limits import Limits
from hatobin.audience.sheets.packed import Package, check_package
from hatobin.audience.sheets.records import SAMPLE, judged
from hatobin.audience.sheets.shapes import Row

_BATCH_ROWS = 500
_BATCH_CHARS = 1 << 18
_HEAD_CHARS = 1 << 22
_MIDNIGHT = dt.time()


def main() -> None:
    """Answers the one request on stdin."""
    request = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**request["limits"])
    _bind(limits)
    try:
        _answer(sys.stdin.buffer.read(), request["sheet"], limits)
        _say({"done": True})
    except SheetError as error:
        _say({"error": error.code, "params": error.params})
    except MemoryError:
        _say({"error": "zip-bomb", "params": {"reason": "memory"}})


def _bind(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
        # The hard limit kills without a word; SIGXCPU at the soft one tells the parent why.
        resource.RLIMIT_CPU: (limits.cpu_seconds, limits.cpu_seconds + 5),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, values in wanted.items():
        with contextlib.suppress(OSError, ValueError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(kind, values)


def _answer(data: bytes, sheet: str | None, limits: Limits) -> None:
    package = None
    if container_of(data[:16]) == "zip":
        package = check_package(data, limits)
    else:
        check_ole(data)
    with _damage_named():
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        if sheet is None:
            _survey(book, package, limits)
        else:
            _rows_of(book, sheet, limits)


@contextlib.contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except calamine.PasswordError:
        raise SheetError("encrypted") from None
    except calamine.WorksheetNotFound:
        raise SheetError("no-such-sheet") from None
    except (SheetError, MemoryError):
        raise
    except BaseException as error:  # a Rust panic is no Exception
        raise SheetError("damaged", detail=type(error).__name__) from None


def _survey(book: calamine.CalamineWorkbook, package: Package | None, limits: Limits) -> None:
    sheets = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [s.name for s in sheets if s.visible == calamine.SheetVisibleEnum.Visible]
    kind = package.kind if package else "xls"
    _say({"kind": kind, "hidden": len(visible) < len(sheets)})
    for name in visible:
        _say(_described(book, name, package, limits))


def _described(
    book: calamine.CalamineWorkbook, name: str, package: Package | None, limits: Limits
) -> dict[str, Any]:
    sheet = book.get_sheet_by_name(name)
    head: list[Row] = []
    count = size = 0
    for row in _rows(sheet, limits):
        count += 1
        if len(head) < SAMPLE and size < _HEAD_CHARS:
            head.append(row)
            size += sum(map(len, row.cells))
    return {
        "name": name,
        "rows": count,
        "head": [_packed(row) for row in head],
        "merged_rows": _merged_rows(sheet, head[-1].number if head else 0),
        "notes": package.notes_of(name) if package else [],
    }


def _merged_rows(sheet: calamine.CalamineSheet, last: int) -> list[int]:
    """Row numbers up to ``last`` in which cells of several columns are one."""
    found: set[int] = set()
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if right > left:
            found.update(range(top + 1, min(bottom + 1, last) + 1))
    return sorted(found)


def _rows_of(book: calamine.CalamineWorkbook, name: str, limits: Limits) -> None:
    batch: list[list[object]] = []
    size = 0
    for row in _rows(book.get_sheet_by_name(name), limits):
        batch.append(_packed(row))
        size += sum(map(len, row.cells))
        if len(batch) >= _BATCH_ROWS or size > _BATCH_CHARS:
            _say(batch)
            batch, size = [], 0
    if batch:
        _say(batch)


def _rows(sheet: calamine.CalamineSheet, limits: Limits) -> Iterator[Row]:
    """Rows that are not blank. The library starts at row 1, but at the first filled column."""
    left = [""] * sheet.start[1] if sheet.start else []
    for number, values in enumerate(sheet.iter_rows(), start=1):
        row = judged(number, left + [_text(value) for value in values], limits)
        if any(cell.strip() for cell in row.cells):
            yield row


def _text(value: object) -> str:
    """A cell as Excel shows it without a number format."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Excel keeps 15 digits: 0.1+0.2 is 0.3 there.
        return str(int(value)) if value.is_integer() else format(value, ".15g")
    if isinstance(value, dt.datetime):
        day = value.date().isoformat()
        return day if value.time() == _MIDNIGHT else f"{day} {value:%H:%M:%S}"
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, dt.time):
        return f"{value:%H:%M:%S}"
    return str(value)


def _packed(row: Row) -> list[object]:
    return [row.number, row.cells, row.problem]


def _say(value: object) -> None:
    # ASCII only, so that a lone surrogate of a broken workbook cannot stop the answer.
    sys.stdout.buffer.write(json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
