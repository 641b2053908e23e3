"""Workbooks that would hurt: bombs, lies, locks, damage. Each ends in a clear code."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.samples.workbooks import inline_row, ods, ods_table, ole, xls, xlsx_parts, zipped

from hatobin.audience.sheets import (
    LIMITS,
    Limits,
    Reading,
    SheetError,
    SheetSource,
    inspect,
    read_rows,
)
from hatobin.audience.sheets.limits import MB

PARTS = xlsx_parts(inline_row(1, "花子", "hanako@example.jp"))
GOOD = zipped(PARTS)


def refused(data: bytes, limits: Limits = LIMITS) -> SheetError:
    with pytest.raises(SheetError) as caught:
        inspect(SheetSource.from_bytes(data), limits=limits)
    return caught.value


def own_children() -> list[int]:
    """Processes of ours that read a workbook."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"hatobin.audience.sheets.child" in command:
            found.append(int(entry.name))
    return found


def with_declared_size(data: bytes, name: str, size: int) -> bytes:
    """The zip with another size of this part in its directory and in the part's own header."""
    changed = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo(name).header_offset
    struct.pack_into("<L", changed, start + 22, size)
    entry = data.rindex(name.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<L", changed, entry + 24, size)
    return bytes(changed)


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    bomb = zipped({**PARTS, "xl/media/big.bin": bytes(320 * MB)})
    assert len(bomb) < MB
    error = refused(bomb)
    assert (error.code, error.params["reason"]) == ("zip-bomb", "size")


def test_a_part_that_packs_far_too_well_is_refused() -> None:
    error = refused(zipped({**PARTS, "xl/media/big.bin": bytes(20 * MB)}))
    assert (error.code, error.params["reason"]) == ("zip-bomb", "ratio")
    assert (
        inspect(SheetSource.from_bytes(zipped({**PARTS, "x.bin": bytes(10 * MB)}))).total_rows == 1
    )


def test_a_bomb_whose_directory_lies_is_refused_while_it_inflates() -> None:
    honest = zipped({**PARTS, "xl/media/big.bin": bytes(20 * MB)})
    lie = with_declared_size(honest, "xl/media/big.bin", 1_000)
    assert refused(lie, replace(LIMITS, unpacked_bytes=5 * MB)).params["reason"] == "size"
    assert refused(lie).params["reason"] == "ratio"


def test_too_many_parts_are_refused() -> None:
    crowd = zipped({**PARTS, **{f"x/{n}": b"" for n in range(10_001)}})
    error = refused(crowd)
    assert (error.code, error.params["reason"]) == ("zip-bomb", "parts")


def test_a_repeated_cell_that_fills_the_memory_ends_the_child_only() -> None:
    table = ods_table("表", [["花子", "a@example.jp"]])
    wide = table.replace(
        "<table:table-cell ", '<table:table-cell table:number-columns-repeated="9" '
    )
    tall = wide.replace(
        "<table:table-row>", '<table:table-row table:number-rows-repeated="900000000">'
    )
    assert refused(ods(tall), replace(LIMITS, memory_bytes=400 * MB)).code == "zip-bomb"


def test_a_child_without_memory_says_so() -> None:
    error = refused(GOOD, replace(LIMITS, memory_bytes=MB))
    assert (error.code, error.params["reason"]) == ("zip-bomb", "memory")


def test_a_child_that_takes_too_long_is_killed() -> None:
    assert refused(GOOD, replace(LIMITS, wait_seconds=0.001)).code == "timeout"
    assert own_children() == []


def test_a_reader_that_is_left_leaves_no_process() -> None:
    rows = read_rows(SheetSource.from_bytes(GOOD), Reading(kind="xlsx", sheet="名簿", header_row=0))
    assert next(rows).cells == ("花子", "hanako@example.jp")
    rows.close()  # type: ignore[attr-defined]
    assert own_children() == []


def test_no_copy_of_the_data_is_left_on_the_disk() -> None:
    started = time.time() - 1
    mark = "mihon-secret-7f3a@example.jp"
    data = zipped(xlsx_parts(inline_row(1, "花子", mark)))
    source = SheetSource.from_bytes(data)
    rows = read_rows(source, inspect(source).reading)
    next(rows)
    during = files_with(mark.encode(), data[:200], started)
    list(rows)
    assert (during, files_with(mark.encode(), data[:200], started)) == ([], [])


def files_with(mark: bytes, beginning: bytes, since: float) -> list[Path]:
    """Looked for wherever something was put since then: the folder that got it says so too."""
    found = []
    for folder, folders, names in os.walk(tempfile.gettempdir()):
        folders[:] = [each for each in folders if touched(Path(folder, each), since)]
        for path in (Path(folder, name) for name in names):
            try:
                if path.is_symlink() or not path.is_file() or not touched(path, since):
                    continue
                content = path.read_bytes()
            except OSError:
                continue
            if mark in content or beginning in content:
                found.append(path)
    return found


def touched(path: Path, since: float) -> bool:
    try:
        return path.stat().st_mtime >= since
    except OSError:
        return False


def test_the_child_needs_no_django() -> None:
    check = "import hatobin.audience.sheets.child, sys; print('django' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    said = subprocess.check_output([sys.executable, "-c", check], env=environment, text=True)
    assert said.strip() == "False"


def test_tags_that_never_end_cannot_stall_the_look_for_formulas() -> None:
    endless = "<f " * 300_000 + "<row " * 200_000
    parts = {**PARTS, "xl/worksheets/sheet9.xml": endless}
    assert inspect(SheetSource.from_bytes(zipped(parts))).total_rows == 1


def test_the_child_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from hatobin.audience.sheets.workbook import _environment

    monkeypatch.setenv("HATOBIN_MASTER_KEY", "secret")
    assert set(_environment()) == {"PYTHONPATH", "PYTHONUTF8", "LC_ALL"}


@pytest.mark.parametrize(
    "data",
    [
        ole({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}),
        xls([("a@example.jp",)], password=True),
        ods(ods_table("表", [["a@example.jp"]]), encrypted=True),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_a_file_with_a_password_is_said_to_have_one(data: bytes) -> None:
    assert refused(data).code == "encrypted"


def test_a_zip_with_a_password_is_said_to_have_one() -> None:
    locked = bytearray(GOOD)
    entry = GOOD.index(b"PK\x01\x02")
    locked[entry + 8] |= 1
    assert refused(bytes(locked)).code == "encrypted"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (zipped({"[Content_Types].xml": "", "word/document.xml": ""}), "word"),
        (zipped({"[Content_Types].xml": "", "ppt/presentation.xml": ""}), "powerpoint"),
        (zipped({"Index/Document.iwa": "", "Metadata/Properties.plist": ""}), "iwork"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "opendocument"),
        (zipped({"名簿.csv": "a@example.jp"}), "archive"),
        (ole({"WordDocument": b"x"}), "word"),
        (ole({"PowerPoint Document": b"x"}), "powerpoint"),
        (ole({"__properties_version1.0": b"x"}), "ole"),
    ],
)
def test_other_office_files_are_called_by_their_names(data: bytes, found: str) -> None:
    error = refused(data)
    assert (error.code, error.params) == ("wrong-type", {"found": found})


@pytest.mark.parametrize(
    "data",
    [
        GOOD[: len(GOOD) // 2],
        b"PK\x03\x04" + b"junk" * 100,
        zipped({**PARTS, "xl/worksheets/sheet1.xml": "<worksheet><sheetData><row"}),
        zipped({**PARTS, "xl/workbook.xml": "no xml"}),
        zipped({**PARTS, "../../etc/cron.d/x": "x"}),
        GOOD.replace(b"PK\x03\x04", b"PK\x03\x05").replace(b"PK\x03\x05", b"PK\x03\x04", 1),
        xls([("a@example.jp",)])[:1500],
        ole({"Workbook": b"junk"}),
    ],
)
def test_a_damaged_workbook_is_said_to_be_damaged(data: bytes) -> None:
    assert refused(data).code == "damaged"


def test_too_many_columns_are_refused() -> None:
    cells = "".join(f"<c><v>{n}</v></c>" for n in range(1_001))
    error = refused(zipped(xlsx_parts(f'<row r="1">{cells}</row>')))
    assert (error.code, error.params) == ("too-many-columns", {"limit": 1_000, "row": 1})


def test_too_many_rows_are_refused() -> None:
    data = zipped(xlsx_parts("".join(inline_row(n, f"u{n}@example.jp") for n in range(1, 12))))
    rows = read_rows(
        SheetSource.from_bytes(data),
        Reading(kind="xlsx", sheet="名簿", header_row=0),
        limits=replace(LIMITS, rows=10),
    )
    with pytest.raises(SheetError, match="too-many-rows"):
        list(rows)


def test_every_refusal_the_child_can_send_is_known() -> None:
    from hatobin.audience.sheets.errors import CODES

    assert {"encrypted", "zip-bomb", "damaged", "wrong-type", "timeout", "no-such-sheet"} <= CODES
