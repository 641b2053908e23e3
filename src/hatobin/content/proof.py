"""A print read back as a receiver reads it, and compared with the slow road: the press has no word in it.

About a millisecond: for the first letter of a dispatch in each process, and now and then after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.content.merge import Merger
from hatobin.content.press import Printed
from hatobin.wire.message_facts import read_facts


def part_that_differs(printed: Printed, merger: Merger, fields: Mapping[str, str]) -> str | None:
    """The part of a print that does not say what merging says for these fields; None when all is well.

    A text without a last line end may have got one. Raises what merging raises.
    """
    facts = read_facts(printed.message)
    merged = merger.merge(fields, unsubscribe_url=printed.unsubscribe_url)
    wanted: dict[str, tuple[object, object]] = {
        "to": (facts.recipients, (printed.to.wire,)),
        "subject": (facts.subject.split(), merged.subject.split()),
        "text": (_lines(facts.text), _lines(merged.text)),
        "html": (_lines(facts.html or ""), _lines(merged.html)),
        "message-id": (facts.message_id, printed.message_id),
        "list-unsubscribe": (facts.list_unsubscribe, f"<{printed.unsubscribe_url}>"),
    }
    return next((part for part, (said, meant) in wanted.items() if said != meant), None)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
