"""What the judgements look at: gathered by the check, frozen, free of addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hatobin.content.analysis import Link

RoadKind = Literal["sandbox", "this-machine", "away"]
Straight = Literal["always", "fall-back", "never"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterFacts:
    """The letter. ``html_bytes``: the largest merged HTML part; ``problems``: why it does not compile.

    ``strangers``: how many addresses in the fixed text belong to people of this workspace.
    ``leaking``: rows of people whose letter shows another person's address. ``look_alikes``: fields that
    are written as other programs write them. ``unseen``: the letters were not made with people's values.
    ``link_host`` and ``link_secure``: where the unsubscribe link leads, and whether by HTTPS.
    ``unsigned_domain``: that of the From address, when we have no key in use for it.
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
    leaking: tuple[int, ...] = ()
    look_alikes: tuple[str, ...] = ()
    unseen: bool = False
    text_edited: bool = False
    link_host: str = ""
    link_secure: bool = True
    unsigned_domain: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmptyField:
    """A field that the letter uses and that some people have empty, with nothing in its place."""

    name: str
    count: int
    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AudienceFacts:
    """The people. ``last_count``: how many got the last letter to this list, None for the first.

    ``road``: a server on this machine may well hand the letters on to the world. ``straight``: whether letters
    go to the recipients' own servers: always, when the fall-back takes over, or never.
    """

    people: int
    sendable: int
    suppressed: int
    empty: tuple[EmptyField, ...] = ()
    last_count: int | None = None
    list_name: str = ""
    road: RoadKind = "sandbox"
    straight: Straight = "never"
