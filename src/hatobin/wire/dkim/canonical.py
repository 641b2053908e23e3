"""The relaxed forms of a header block and a body (RFC 6376 section 3.4), and which fields are signed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

# Signed as often as they stand there, and once more, so that nobody adds one on the way
# (RFC 6376 section 8.15). Those that a letter must or may have count even where it has none.
ALWAYS: Final = (
    b"from", b"to", b"cc", b"subject", b"date", b"reply-to", b"message-id", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id",
)  # fmt: skip
# Signed and closed only where the letter has them: relays and lists on the way may add these rightly.
WHERE_PRESENT: Final = (
    b"sender", b"in-reply-to", b"references", b"content-language", b"content-id", b"content-disposition",
    b"content-description", b"list-id", b"list-help", b"list-subscribe", b"list-owner", b"list-archive",
    b"list-post", b"auto-submitted", b"precedence", b"resent-from", b"resent-to", b"resent-cc", b"resent-date",
    b"resent-message-id", b"resent-sender",
)  # fmt: skip
_FIELDS: Final = ALWAYS + WHERE_PRESENT

_FIELD_NAME: Final = re.compile(rb"[!-9;-~]+[ \t]*")
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_SPACES: Final = re.compile(rb"[ \t]+")
_LINE_SPACES: Final = re.compile(rb"[ \t]+(?=\r\n|\Z)")
_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LINE_OF_NAMES: Final = 72  # of h= as it is written; the limit of 78 less what stands around


class DkimError(ValueError):
    """A letter cannot be signed as it is. ``code`` says why; the message holds no part of the letter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Plan(NamedTuple):
    """What follows from the names of a header block alone: equal for all letters of a kind."""

    order: tuple[tuple[int, bytes], ...]  # line of the block, ``name:`` in its relaxed form
    names: bytes  # the value of h=, folded as it is written


def canonical_body(body: bytes) -> bytes:
    """The relaxed form of a body (without dot-stuffing): the reference for what receivers hash.

    Raises DkimError where a CR or LF stands alone: receivers disagree about such a body.
    """
    if _BARE.search(body):
        raise DkimError("bare-line-end")
    relaxed = _SPACES.sub(b" ", _LINE_SPACES.sub(b"", body))
    end = len(relaxed)
    while relaxed.startswith(b"\r\n", end - 2) and end >= 2:
        end -= 2
    return relaxed[:end] + b"\r\n" if end else b""


def is_canonical(body: bytes) -> bool:
    """Whether a body is its own relaxed form, so that its plain SHA-256 may be given to the signer."""
    try:
        return canonical_body(body) == body
    except DkimError:
        return False


def canonical_head(head: bytes) -> tuple[bytes, bytes]:
    """(the signed fields in their relaxed form, in the order signed; the value of ``h=``, folded).

    ``head`` is the header block without the empty line. Raises DkimError.
    """
    lines = head.count(b"\r\n")
    if head.count(b"\n") != lines or head.count(b"\r") != lines:
        raise DkimError("bare-line-end")
    if head[-2:] != b"\r\n" or head[:1] in b" \t":
        raise DkimError("not-a-header")
    flat = head
    if b"\r\n " in flat or b"\r\n\t" in flat:
        flat = _FOLD.sub(b"", flat)
    if b"\t" in flat or b"  " in flat:
        flat = _SPACES.sub(b" ", flat)
    fields = [line.partition(b":") for line in flat[:-2].split(b"\r\n")]
    plan = _plan(tuple([field[0] for field in fields]))
    relaxed = [name + fields[line][2].strip(b" ") for line, name in plan.order]
    return b"\r\n".join(relaxed), plan.names


@lru_cache(maxsize=256)
def _plan(written: tuple[bytes, ...]) -> Plan:
    """Where each signed field stands. Of several with one name the last is signed first."""
    places: dict[bytes, list[int]] = {}
    for line, name in enumerate(written):
        if not _FIELD_NAME.fullmatch(name):
            raise DkimError("not-a-header")
        places.setdefault(name.rstrip(b" \t").lower(), []).append(line)
    if b"from" not in places:
        raise DkimError("no-from")
    order: list[tuple[int, bytes]] = []
    names: list[bytes] = []
    for name in _FIELDS:
        found = places.get(name, [])
        order += [(line, name + b":") for line in reversed(found)]
        if found or name in ALWAYS:
            names += [name] * (len(found) + 1)
    return Plan(order=tuple(order), names=_folded(names))


def _folded(names: list[bytes]) -> bytes:
    lines, line = [], names[0]
    for name in names[1:]:
        if len(line) + len(name) + 1 > _LINE_OF_NAMES:
            lines.append(line + b":")
            line = name
        else:
            line += b":" + name
    return b"\r\n ".join([*lines, line])
