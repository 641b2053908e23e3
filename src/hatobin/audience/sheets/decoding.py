"""From bytes to text: which encoding, and how Japanese programs really write it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import get_args

from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.shapes import Encoding
from hatobin.audience.sheets.source import SheetSource

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
_HEAD = 64 * 1024

_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Python's cp932 lets these undefined bytes through (0x80, 0xA0, 0xFD to 0xFF): no office text has them.
_NOT_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_FULL_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_NUL_SHARE = 0.1  # of every second byte


def detect(source: SheetSource) -> tuple[Encoding, tuple[Encoding, ...]]:
    """The likeliest encoding, and the others that decode the whole file without error.

    By trial over every byte, never by statistics alone: libraries that guess misread Japanese.
    Raises SheetError ``undecodable``.
    """
    head = source.head(_HEAD)
    if head.startswith(_UTF8_MARK):
        return _only("utf-8-sig", source)
    if seems_utf16(head):
        return _only("utf-16", source)
    alive, seven_bit, escapes = _try_all(source, head)
    if seven_bit:
        return ("iso-2022-jp", ()) if escapes and "iso-2022-jp" in alive else ("utf-8", ())
    order: list[Encoding] = [each for each in ("utf-8", "cp932", "euc-jp") if each in alive]
    if not order:
        raise SheetError("undecodable", encoding="", row=_failing_line(source))
    if order == ["cp932", "euc-jp"] and _reads_better_as_euc(head):
        order.reverse()
    return order[0], tuple(order[1:])


def decoded(source: SheetSource, encoding: Encoding) -> Iterator[str]:
    """The text in pieces, without byte order mark. Raises SheetError ``undecodable``."""
    if encoding not in ENCODINGS:
        raise SheetError("undecodable", encoding=str(encoding))
    decode = _decoder(encoding, source.head(_HEAD))
    try:
        for chunk in source.chunks():
            if text := decode(chunk, False):
                yield text
        if text := decode(b"", True):
            yield text
    except UnicodeDecodeError:
        raise SheetError("undecodable", encoding=encoding) from None


def seems_utf16(head: bytes) -> bool:
    """A byte order mark, or so many NULs in every second byte as ASCII letters leave in UTF-16."""
    return head.startswith(_UTF16_MARKS) or _nul_side(head) is not None


def _only(encoding: Encoding, source: SheetSource) -> tuple[Encoding, tuple[Encoding, ...]]:
    for _ in decoded(source, encoding):
        pass
    return encoding, ()


def _try_all(source: SheetSource, head: bytes) -> tuple[set[Encoding], bool, bool]:
    candidates: tuple[Encoding, ...] = ("utf-8", "cp932", "euc-jp", "iso-2022-jp")
    alive = {encoding: _decoder(encoding, head) for encoding in candidates}
    seven_bit, escapes = True, False
    for chunk in _then_end(source.chunks()):
        seven_bit = seven_bit and chunk.isascii()
        escapes = escapes or b"\x1b" in chunk
        for encoding, decode in list(alive.items()):
            try:
                decode(chunk, not chunk)
            except UnicodeDecodeError:
                del alive[encoding]
    return set(alive), seven_bit, escapes


def _then_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from (chunk for chunk in chunks if chunk)
    yield b""


def _decoder(encoding: Encoding, head: bytes) -> Callable[[bytes, bool], str]:
    if encoding == "iso-2022-jp":
        return _Jis().decode
    if encoding == "cp932":
        return partial(_decode_cp932, codecs.getincrementaldecoder("cp932")())
    name = {"utf-8": "utf-8-sig", "utf-16": _utf16_codec(head)}.get(encoding, encoding)
    return codecs.getincrementaldecoder(name)().decode


def _decode_cp932(decoder: codecs.IncrementalDecoder, data: bytes, final: bool) -> str:
    text = decoder.decode(data, final)
    if wrong := _NOT_CP932.search(text):
        raise UnicodeDecodeError("cp932", data, 0, len(data), f"{wrong[0]!r} is no cp932")
    return text


def _utf16_codec(head: bytes) -> str:
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    return "utf-16-be" if _nul_side(head) == 0 else "utf-16-le"


def _nul_side(head: bytes) -> int | None:
    """0: the even bytes are often NUL (big endian), 1: the odd ones (little endian), None: neither."""
    enough = max(1, len(head) // 2 * _NUL_SHARE)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < enough or min(even, odd) * 10 > max(even, odd):
        return None
    return 0 if even > odd else 1


def _reads_better_as_euc(head: bytes) -> bool:
    """Both decode: kana and kanji of EUC-JP look like a wall of half-width kana in cp932."""
    as_cp932 = head.decode("cp932", "ignore")
    as_euc = head.decode("euc-jp", "ignore")
    foreign = sum(not letter.isascii() for letter in as_cp932)
    half = len(_HALF_KANA.findall(as_cp932))
    return half * 2 > foreign and len(_FULL_KANA.findall(as_euc)) * 10 > foreign


def _failing_line(source: SheetSource) -> int:
    """The 1-based line where UTF-8 stops making sense; of help when only one letter is broken."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in _then_end(source.chunks()):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            return line + chunk[: max(0, error.start - held)].count(b"\n")
        line += chunk.count(b"\n")
    return line


class _Jis:
    """ISO-2022-JP as Windows programs write it (code page 50221).

    Python's iso2022_jp follows RFC 1468 and stops at ①, ㈱ and half-width kana, which real files hold.
    The two-byte codes of JIS X 0208 with NEC's row 13 are those of cp932, moved by arithmetic.
    Works line by line: RFC 1468 returns to ASCII before the end of each line.
    """

    _ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI])")

    def __init__(self) -> None:
        self._pending = bytearray()

    def decode(self, data: bytes, final: bool) -> str:
        self._pending += data
        if final:
            block = bytes(self._pending)
            self._pending.clear()
        elif b"\n" in data:
            end = self._pending.rfind(b"\n") + 1
            block = bytes(self._pending[:end])
            del self._pending[:end]
        else:
            return ""
        return "".join(map(self._line, block.splitlines(keepends=True)))

    def _line(self, line: bytes) -> str:
        if b"\x1b" not in line:
            return line.decode("ascii")
        pieces = [b"(B", *self._ESCAPE.split(line)]
        return "".join(map(_jis_run, pieces[0::2], pieces[1::2]))


def _jis_run(escape: bytes, run: bytes) -> str:
    body = run.rstrip(b"\r\n")
    ending = run[len(body) :].decode("ascii")
    if b"\x1b" in body:
        raise UnicodeDecodeError("iso-2022-jp", run, 0, len(run), "unknown escape sequence")
    if escape in (b"(B", b"(J"):
        return body.decode("ascii") + ending
    if escape == b"(I":
        return bytes(code | 0x80 for code in body).decode("cp932") + ending
    pairs = zip(body[0::2], body[1::2], strict=len(body) % 2 == 0)
    if len(body) % 2 or not all(0x21 <= code <= 0x7E for code in body):
        raise UnicodeDecodeError("iso-2022-jp", run, 0, len(run), "half a letter")
    return b"".join(_shifted(*pair) for pair in pairs).decode("cp932") + ending


def _shifted(row: int, cell: int) -> bytes:
    """A JIS X 0208 code as Shift_JIS."""
    lead = (row - 0x21) // 2 + 0x81
    trail = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
    return bytes((lead if lead <= 0x9F else lead + 0x40, trail))
