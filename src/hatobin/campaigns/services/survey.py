"""Everybody's letter, made once before anybody's is sent.

Reads the list from the first to the last person, opening each once. Up to MERGE_ALL people every letter
is merged for real; of a longer list every n-th, and of the rest the fields that the letter uses are
looked at. So an empty field is found in every list; an odd size or an error in every list of an office.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hatobin.audience.queries import OpenPerson
from hatobin.content.letters import MergedLetter
from hatobin.content.merge import MergeError, Merger
from hatobin.delivery.rules.last_byte import strangers_in
from hatobin.wire.address import parse_address

MERGE_ALL = 20_000  # some ten seconds
STRANGE = 50_000  # so many different addresses are remembered
NAMED = 20  # so many people are named for each finding
SAMPLE_LINK = "https://example.invalid/u/" + "x" * 38  # as long as a real one


@dataclass(kw_only=True, slots=True)
class Named:
    """How many people something concerns, and the rows of the list of the first of them."""

    count: int = 0
    positions: list[int] = field(default_factory=list)

    def add(self, position: int) -> None:
        """One more person."""
        self.count += 1
        if len(self.positions) < NAMED:
            self.positions.append(position)


@dataclass(kw_only=True, slots=True)
class Survey:
    """What was seen.

    ``left``: who unsubscribed from the list and is not among ``people``.
    ``empty``: field name > who has nothing there. ``failed``: whose letter cannot be made.
    ``gaps``: indexes (from 0, of people who get a letter) of the first with an empty field.
    ``strange``: addresses in merged letters that are neither the reader's nor ``own`` > in whose letters.
    ``largest``: bytes of the largest HTML part (else text part). ``subject``: the first person's.
    """

    people: int = 0
    suppressed: int = 0
    left: int = 0
    merged: int = 0
    largest: int = 0
    subject: str = ""
    empty: dict[str, Named] = field(default_factory=dict)
    failed: Named = field(default_factory=Named)
    gaps: list[int] = field(default_factory=list)
    strange: dict[str, Named] = field(default_factory=dict)

    @property
    def sendable(self) -> int:
        """Letters that would be sent."""
        return self.people - self.suppressed


def survey(
    merger: Merger | None,
    everybody: Iterable[OpenPerson],
    *,
    expected: int,
    own: frozenset[str] = frozenset(),
) -> Survey:
    """Walks through the people. ``expected``: about how many; without a merger they are only counted.

    ``own``: the office's addresses, which may stand in every letter.
    """
    seen = Survey()
    step = max(1, -(-expected // MERGE_ALL))
    for each in everybody:
        index = seen.sendable
        seen.people += 1
        if each.suppressed:
            seen.suppressed += 1
        elif merger is not None:
            letter = _look(seen, merger, each, index, whole=index % step == 0)
            if letter is not None:
                _look_for_strangers(seen, letter, each, own)
    return seen


def size_of(letter: MergedLetter) -> int:
    """Bytes that a mail program counts when it decides to cut a letter off."""
    return len((letter.html or letter.text).encode())


def _look(
    seen: Survey, merger: Merger, each: OpenPerson, index: int, *, whole: bool
) -> MergedLetter | None:
    _values, empty = merger.values_for(each.person.fields)
    if empty and len(seen.gaps) < NAMED:
        seen.gaps.append(index)
    for name in empty:
        seen.empty.setdefault(name, Named()).add(each.position)
    if not whole:
        return None
    try:
        letter = merger.merge(each.person.fields, unsubscribe_url=SAMPLE_LINK)
    except MergeError:
        seen.failed.add(each.position)
        return None
    seen.merged += 1
    seen.largest = max(seen.largest, size_of(letter))
    seen.subject = seen.subject or letter.subject
    return letter


def _look_for_strangers(
    seen: Survey, letter: MergedLetter, each: OpenPerson, own: frozenset[str]
) -> None:
    """The same search as right before a letter leaves; who these addresses belong to is asked later."""
    texts = (("subject", letter.subject), ("text", letter.text), ("html", letter.html))
    if not strangers_in(texts, own=own):
        return
    mine = parse_address(each.person.address).key_form
    for form in strangers_in(texts, own=own | {mine}):
        if form in seen.strange or len(seen.strange) < STRANGE:
            seen.strange.setdefault(form, Named()).add(each.position)
