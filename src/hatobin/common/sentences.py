"""Sentences behind each other, in either language."""

from __future__ import annotations


def in_a_row(*sentences: object) -> str:
    """Joined by a space, but not after a Japanese full stop; empty ones are left out."""
    return " ".join(text for each in sentences if (text := str(each))).replace("。 ", "。")
