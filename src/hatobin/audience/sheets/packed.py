"""The zip around xlsx and ods, checked before anything is trusted to it.

Runs in the child only. A zip's directory may lie about sizes, so every part is inflated here once,
counted, and thrown away; on the way the parts with the rows are looked at for what the reader of
cells does not tell (formulas, hidden rows).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.limits import Limits
from hatobin.audience.sheets.shapes import Kind

_END = struct.Struct("<4s4H2LH")  # end of central directory, APPNOTE 4.3.16
_LOCAL = struct.Struct("<4s5H3L2H")  # local file header, APPNOTE 4.3.7
_STEP = 1 << 20
_SIP = 1 << 16  # zlib copies what is left of its input at every step
_OVERLAP = 4096  # a tag cut in two between steps is seen whole in the next
_KEPT = 4 << 20  # of the two small parts that name the sheets
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, zlib.error)
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"

# Cells of xlsx (ISO/IEC 29500-1, 18.3.1.40); some programs write every tag with a prefix.
_FORMULA_ALONE = re.compile(
    rb"<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*(?:/>|>\s*</)|</(?:\w+:)?c>)"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*\bhidden=[\"'](?:1|true)[\"']")
# Plain words without which the pattern cannot fit: a search for them is twenty times faster.
_FORMULA_WORDS = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")
_NOTES = (
    ("formula-cells", _FORMULA_WORDS, _FORMULA),
    ("formula-cells-without-value", _FORMULA_WORDS, _FORMULA_ALONE),
    ("hidden-rows-included", (b"hidden=",), _HIDDEN_ROW),
)


@dataclass(slots=True)
class Package:
    """What was learnt from the zip: its kind, and notes per part of rows."""

    kind: Kind
    notes: dict[str, set[str]] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    def notes_of(self, sheet: str) -> list[str]:
        """Notes about the sheet of this name, in a fixed order."""
        found = self.notes.get(self._part_of(sheet), set())
        return [note for note, *_ in _NOTES if note in found]

    def _part_of(self, sheet: str) -> str:
        try:
            book = ElementTree.fromstring(self.kept.get(_WORKBOOK, b""))  # noqa: S314 in the child
            links = ElementTree.fromstring(self.kept.get(_RELATIONS, b""))  # noqa: S314
        except ElementTree.ParseError:
            return ""
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for element in book.iter():
            if element.tag.endswith("}sheet") and element.get("name") == sheet:
                key = next((v for k, v in element.items() if k.endswith("}id")), None)
                target = targets.get(key, "")
                return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        return ""


def check_package(data: bytes, limits: Limits) -> Package:
    """Refuses what is no workbook, has a password, or unpacks beyond the limits. Raises SheetError."""
    _check_directory_size(data, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_declared(parts, limits)
            package = Package(kind=_kind_of(archive, parts))
    except _DAMAGE:
        raise SheetError("damaged") from None
    left = limits.unpacked_bytes
    for part in parts:
        left -= _inflate_part(data, part, package, left, limits)
    return package


def _check_directory_size(data: bytes, limits: Limits) -> None:
    # zipfile makes an object per entry before anybody can count them.
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if at < 0 or at + _END.size > len(data):
        raise SheetError("damaged")
    *_, entries, size, _offset, _comment = _END.unpack_from(data, at)
    if entries > limits.parts or size > limits.directory_bytes:
        raise SheetError("zip-bomb", reason="parts")


def _check_declared(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = [part.filename for part in parts]
    if len(parts) > limits.parts:
        raise SheetError("zip-bomb", reason="parts")
    if len(set(names)) != len(names) or any(map(_climbs, names)):
        raise SheetError("damaged")
    if any(part.flag_bits & 1 for part in parts):
        raise SheetError("encrypted")
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise SheetError("zip-bomb", reason="size")
    for part in parts:
        _check_ratio(part.file_size, part.compress_size, limits)


def _check_ratio(unpacked: int, packed: int, limits: Limits) -> None:
    if unpacked > limits.big_part_bytes and unpacked > packed * limits.part_ratio:
        raise SheetError("zip-bomb", reason="ratio")


def _climbs(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _kind_of(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Kind:
    names = {part.filename for part in parts}
    if _WORKBOOK in names or "xl/workbook.bin" in names:
        return "xlsx"
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        if archive.read("mimetype").strip().startswith(_ODS):
            if b"encryption-data" in _manifest(archive, names):
                raise SheetError("encrypted")
            return "ods"
        raise SheetError("wrong-type", found="opendocument")
    raise SheetError("wrong-type", found=_other_zip(names))


def _manifest(archive: zipfile.ZipFile, names: set[str]) -> bytes:
    name = "META-INF/manifest.xml"
    if name not in names or archive.getinfo(name).file_size > _KEPT:
        return b""
    return archive.read(name)


def _other_zip(names: set[str]) -> str:
    folders = {name.split("/")[0] for name in names}
    if "word" in folders:
        return "word"
    if "ppt" in folders:
        return "powerpoint"
    # Numbers and Pages of Apple share one format.
    if "Index" in folders or "Index.zip" in names:
        return "iwork"
    return "archive"


def _inflate_part(
    data: bytes, part: zipfile.ZipInfo, package: Package, left: int, limits: Limits
) -> int:
    """Inflates one part within ``left`` bytes; how many it has."""
    size, tail, kept = 0, b"", bytearray()
    keeps = part.filename in (_WORKBOOK, _RELATIONS)
    looks = part.filename.startswith("xl/worksheets/")
    for piece in _inflated(data, part):
        size += len(piece)
        if size > left:
            raise SheetError("zip-bomb", reason="size")
        if keeps and size <= _KEPT:
            kept += piece
        if looks:
            _look(tail + piece, package.notes.setdefault(part.filename, set()))
            tail = piece[-_OVERLAP:]
    _check_ratio(size, part.compress_size, limits)
    if keeps:
        package.kept[part.filename] = bytes(kept)
    return size


def _look(piece: bytes, notes: set[str]) -> None:
    for note, words, pattern in _NOTES:
        if note not in notes and any(word in piece for word in words) and pattern.search(piece):
            notes.add(note)


def _inflated(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    start = _content_start(data, part)
    packed = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + _STEP]) for at in range(0, len(packed), _STEP))
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise SheetError("damaged")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for at in range(0, len(packed), _SIP):
            waiting = bytes(packed[at : at + _SIP])
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _STEP)
                waiting = inflater.unconsumed_tail
    except zlib.error:
        raise SheetError("damaged") from None


def _content_start(data: bytes, part: zipfile.ZipInfo) -> int:
    if part.header_offset < 0 or part.header_offset + _LOCAL.size > len(data):
        raise SheetError("damaged")
    signature, *_, name, extra = _LOCAL.unpack_from(data, part.header_offset)
    if signature != b"PK\x03\x04":
        raise SheetError("damaged")
    return part.header_offset + _LOCAL.size + int(name) + int(extra)
