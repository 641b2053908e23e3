"""What the judgements look at: gathered by the check, frozen, free of addresses."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.content.analysis import Link


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterFacts:
    """The letter. ``html_bytes``: the largest merged HTML part; ``problems``: why it does not compile.

    ``strangers``: how many addresses in the fixed text belong to people of this workspace.
    ``link_host`` and ``link_secure``: where the unsubscribe link leads, and whether by HTTPS.
    """

    kind: str
    subject: str
    has_text: bool
    has_html: bool
    html_bytes: int = 0
    links: tuple[Link, ...] = ()
    broken_people: int = 0
    broken_positions: tuple[int, ...] = ()
    strangers: int = 0
    text_edited: bool = False
    link_host: str = ""
    link_secure: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class EmptyField:
    """A field that the letter uses and that some people have empty, with nothing in its place."""

    name: str
    count: int
    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AudienceFacts:
    """The people. ``last_count``: how many got the last letter to this list, None for the first.

    ``leaves``: the letters go to another machine, not to the sandbox or a server on this one.
    """

    people: int
    sendable: int
    suppressed: int
    empty: tuple[EmptyField, ...] = ()
    last_count: int | None = None
    list_name: str = ""
    leaves: bool = False
