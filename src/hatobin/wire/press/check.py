"""A finished header block names one sender and one reader, and that one is the envelope's.

Shares nothing with what writes it: it looks at the octets that leave.
"""

from __future__ import annotations

import re

_FIELDS = re.compile(rb"\n([!-9;-~]+):")
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
    names = [name.lower() for name in _FIELDS.findall(b"\n" + head)]
    if len(names) + head.count(b"\r\n ") + head.count(b"\r\n\t") != ends:
        return (
            "field"  # an empty line, or one that is no field: readers do not agree on what follows
        )
    for name in names:
        if _NO_ONE_ELSE.fullmatch(name):
            return name.decode()
    if names.count(b"from") != 1:
        return "from"
    _before, found, after = head.partition(b"\r\nTo: " + recipient + b"\r\n")
    if names.count(b"to") != 1 or not found or after[:1] in (b" ", b"\t"):  # folded: it goes on
        return "to"
    return None
