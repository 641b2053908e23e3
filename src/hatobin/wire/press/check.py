"""A finished header block names one sender and one reader, and that one is the envelope's.

Shares nothing with what writes it: it looks at the octets that leave.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LINES = re.compile(
    rb"\n(?:([!-9;-~]+):|[ \t])"
)  # the first of a field, with its name, or a folded one
# More senders, more receivers, and who else would get an answer or a report.
_NO_ONE_ELSE = re.compile(
    rb"(cc|bcc|apparently-to|resent-.*|sender|return-receipt-to|errors-to|disposition-notification-to)"
)


def wrong_in_head(head: bytes, recipient: bytes) -> str | None:
    """The place where a header block is not for exactly this recipient; None when all is well.

    ``head`` ends with the last field's CRLF; ``recipient`` is the address as the envelope carries it.
    """
    ends = head.count(b"\r\n")
    if head.count(b"\n") != ends or head.count(b"\r") != ends or not head.endswith(b"\r\n"):
        return "line-end"
    names = _LINES.findall(b"\n" + head)
    # An empty line, or one that is no field: readers do not agree on what follows.
    if len(names) != ends or not names[0]:
        return "field"
    wrong = _wrong_name(b":".join(names))
    if wrong:
        return wrong
    line = b"\r\nTo: " + recipient + b"\r\n"
    after = head.find(line) + len(line)
    if after < len(line) or head[after : after + 1] in (b" ", b"\t"):  # folded: it goes on
        return "to"
    return None


@lru_cache(maxsize=1024)
def _wrong_name(joined: bytes) -> str | None:
    names = joined.lower().split(b":")
    for name in names:
        if _NO_ONE_ELSE.fullmatch(name):
            return name.decode()
    return next((once.decode() for once in (b"from", b"to") if names.count(once) != 1), None)
