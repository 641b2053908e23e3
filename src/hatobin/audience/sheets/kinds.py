"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import struct
from typing import Literal

from hatobin.audience.sheets.decoding import seems_utf16
from hatobin.audience.sheets.errors import SheetError

Container = Literal["text", "zip", "ole"]

HEAD = 64 * 1024

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"RIFF", "media"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"SQLite format 3", "database"),
    (b"\0\1\0\0Standard ", "database"),
    (b"{\\rtf", "word"),
)
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SECTOR = 512  # streams of an OLE file start at multiples of this
_FILE_PASS, _WRITE_PROTECT = b"\x2f\0", b"\x86\0"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TEXT_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<head", "html"),
    (b"<meta", "html"),
    (b"<table", "html"),
    (b"mime-version:", "html"),  # "single file web page", as some systems name .xls
    (b"begin:vcard", "vcard"),
    (b"<?xml", "xml"),
)
# What separates text from something else; ESC belongs to ISO-2022-JP, 0x1A ended files in DOS.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1a\x1b"))
_MOST_CONTROLS = 0.05


def container_of(head: bytes) -> Container:
    """Text, zip (xlsx, ods) or OLE (xls). ``head`` is the first HEAD bytes of the file.

    Raises SheetError ``wrong-type`` (found: what it is) or ``empty-file``.
    """
    if head.startswith(_OLE):
        return "ole"
    if head.startswith(_ZIP):
        return "zip"
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            raise SheetError("wrong-type", found=found)
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x1a"):
        raise SheetError("empty-file")
    _refuse_other_text(head)
    return "text"


def check_ole(data: bytes) -> None:
    """Refuses an OLE file that is no readable Excel 97 workbook.

    The directory of an OLE file names its streams in UTF-16; a modern workbook with a password is an
    OLE file with the stream EncryptedPackage ([MS-OFFCRYPTO] 2.3.4.4).
    """
    if _stream(data, "EncryptedPackage"):
        raise SheetError("encrypted")
    for stream, found in (("WordDocument", "word"), ("PowerPoint Document", "powerpoint")):
        if _stream(data, stream):
            raise SheetError("wrong-type", found=found)
    if not (_stream(data, "Workbook") or _stream(data, "Book")):
        raise SheetError("wrong-type", found="ole")
    if _has_file_pass(data):
        raise SheetError("encrypted")


def _refuse_other_text(head: bytes) -> None:
    utf16 = seems_utf16(head)
    start = head.replace(b"\0", b"") if utf16 else head
    start = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    for beginning, found in _TEXT_STARTS:
        if start.startswith(beginning):
            raise SheetError("wrong-type", found="html" if b"<html" in start[:2000] else found)
    if not utf16 and len(head.translate(None, _CONTROLS)) < len(head) * (1 - _MOST_CONTROLS):
        raise SheetError("wrong-type", found="binary")


def _has_file_pass(data: bytes) -> bool:
    """A FilePass record follows the workbook's first record ([MS-XLS] 2.1.4, 2.4.117)."""
    for start in range(_SECTOR, len(data) - 8, _SECTOR):
        kind, size, version, content = struct.unpack_from("<4H", data, start)
        if (kind, content) == (0x0809, 0x0005) and version in (0x0500, 0x0600):
            at = start + 4 + size
            while data[at : at + 2] == _WRITE_PROTECT:
                at += 4
            return data[at : at + 2] == _FILE_PASS
    return False


def _stream(data: bytes, name: str) -> bool:
    return name.encode("utf-16-le") + b"\0\0" in data
