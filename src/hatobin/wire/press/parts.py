"""A text part with places for values: composed once, printed for many.

The pieces of a part are text and places. A place is a number: which of a letter's values stands there.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal

from hatobin.wire.headers import ComposeError, header
from hatobin.wire.press import quoted, sixtyfour

Piece = str | int
Printer = Callable[[list[bytes], list[bytes]], None]  # values, body so far
Encoding = Literal["7bit", "quoted-printable", "base64"]

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_UNSAFE_IN_7BIT = re.compile(rb"[^\t\r\n -~]")
# What relaxed canonicalisation, dot-stuffing, a mailbox file or a narrow road would change, or a boundary.
_CHANGED = re.compile(rb"\t|  | \r\n| \Z|^[.]|^From |=_|^[^\r\n]{77}", re.MULTILINE)
_OWN_PIECE = 24  # octets: shorter text between two values is encoded together with them
_LINE_OCTETS = 57


def tidy(text: str, subtype: str) -> bytes:
    """UTF-8 with CRLF line ends. Raises ComposeError for what mail cannot carry."""
    if "\0" in text:
        raise ComposeError("nul", subtype)
    try:
        return _LINE_ENDS.sub("\r\n", text).encode()
    except UnicodeEncodeError:
        raise ComposeError("surrogate", subtype) from None


class Part:
    """One text part. ``alone``: it is the whole body, so that empty lines at its end would be lost."""

    def __init__(self, subtype: str, pieces: Sequence[Piece], *, alone: bool) -> None:
        self._steps = _steps(pieces, subtype)
        self._first, self._slots, self._between = _split(self._steps)
        static = b"".join(step for step in self._steps if isinstance(step, bytes))
        self.encoding = _encoding(static, self._steps, alone=alone)
        charset = "us-ascii" if self.encoding == "7bit" else "utf-8"
        self.headers = header(
            "Content-Type", f'text/{subtype}; charset="{charset}"'.encode()
        ) + header("Content-Transfer-Encoding", self.encoding.encode())

    def printer(self, before: bytes, after: bytes) -> tuple[bytes, Printer | None]:
        """(what always comes first, what prints the rest); ``before`` and ``after`` stand around the part."""
        if not self._slots:
            return before + _fixed(self._first, self.encoding) + after, None
        if self.encoding == "base64":
            return _base64(self._first, self._slots, self._between, before, after)
        return _quoted(self._first, self._slots, self._between, before, after)


Slot = tuple[bytes | int, ...]


def _steps(pieces: Sequence[Piece], subtype: str) -> list[bytes | Slot]:
    """Octets and slots in turn; a slot is values and short text between them."""
    joined: list[bytes | int] = []
    for is_text, group in groupby(pieces, lambda piece: isinstance(piece, str)):
        if is_text:
            joined += [tidy("".join(map(str, group)), subtype)]
        else:
            joined += [piece for piece in group if isinstance(piece, int)]
    joined = [piece for piece in joined if piece != b""]
    steps: list[bytes | Slot] = []
    for index, piece in enumerate(joined):
        own = isinstance(piece, bytes) and (
            index in {0, len(joined) - 1} or len(piece) >= _OWN_PIECE
        )
        if isinstance(piece, bytes) and own:
            steps.append(piece)
        elif steps and isinstance(steps[-1], tuple):
            steps[-1] = (*steps[-1], piece)
        else:
            steps.append((piece,))
    return steps


def _split(steps: list[bytes | Slot]) -> tuple[bytes, list[Slot], list[bytes]]:
    """(text before the first slot, slots, text behind each slot)."""
    slots = [step for step in steps if isinstance(step, tuple)]
    first = steps[0] if steps and isinstance(steps[0], bytes) else b""
    behind: list[bytes] = []
    for index, step in enumerate(steps):
        if isinstance(step, tuple):
            following = steps[index + 1] if index + 1 < len(steps) else b""
            behind.append(following if isinstance(following, bytes) else b"")
    return first, slots, behind


def _encoding(static: bytes, steps: list[bytes | Slot], *, alone: bool) -> Encoding:
    """As ``wire.mime`` chooses, seen from the text that never changes."""
    unsafe = len(_UNSAFE_IN_7BIT.findall(static))
    end = steps[-1] if steps else b""
    if not isinstance(end, bytes) or not end.endswith(b"\r\n"):
        return "base64"  # the other two could not end without a line end
    if alone and (end == b"\r\n" or end.endswith(b"\r\n\r\n")):
        return "base64"
    if len(steps) == 1 and not unsafe and not _CHANGED.search(static):
        return "7bit"
    return "quoted-printable" if unsafe * 6 < len(static) else "base64"


def _fixed(raw: bytes, encoding: Encoding) -> bytes:
    if encoding == "7bit":
        return raw
    if encoding == "quoted-printable":
        return quoted.static(raw)
    return sixtyfour.wrapped(raw) + b"\r\n"


def _single(slot: Slot) -> Slot | int:
    """Most slots are one value: only its number."""
    return slot[0] if len(slot) == 1 and isinstance(slot[0], int) else slot


def _value(slot: Slot, values: list[bytes]) -> bytes:
    return b"".join([values[each] if isinstance(each, int) else each for each in slot])


def _quoted(
    first: bytes, slots: list[Slot], behind: list[bytes], before: bytes, after: bytes
) -> tuple[bytes, Printer]:
    texts = [quoted.static(text) for text in behind]
    texts[-1] += after
    plan = list(zip(map(_single, slots), texts, strict=True))
    encode = quoted.value

    def print_part(values: list[bytes], body: list[bytes]) -> None:
        for slot, text in plan:
            raw = values[slot] if isinstance(slot, int) else _value(slot, values)
            body.append(encode(raw))
            body.append(text)

    return before + quoted.static(first), print_part


def _base64(
    first: bytes, slots: list[Slot], behind: list[bytes], before: bytes, after: bytes
) -> tuple[bytes, Printer]:
    lines, lent = sixtyfour.opening(first)
    phases = [sixtyfour.between(text) for text in behind[:-1]] + [sixtyfour.closing(behind[-1])]
    one, two, three = ((head, text + after, tail) for head, text, tail in phases[-1])
    phases[-1] = one, two, three
    plan = list(zip(map(_single, slots), phases, strict=True))
    encode, wrapped = b2a_base64, sixtyfour.wrapped

    def print_part(values: list[bytes], body: list[bytes]) -> None:
        tail = lent
        add = body.append
        for slot, phase in plan:
            raw = values[slot] if isinstance(slot, int) else _value(slot, values)
            raw = tail + raw
            head, text, tail = phase[len(raw) % 3]
            raw += head
            if not raw:  # a part that begins with an empty value: no empty line
                add(text[2:])
                continue
            add(encode(raw, newline=False) if len(raw) <= _LINE_OCTETS else wrapped(raw))
            add(text)

    return before + lines, print_part
