"""Everybody's letter, made once before anybody's is sent.

Reads the list from the first to the last person, opening each once. Up to MERGE_ALL people every letter
is printed for real, by the press that will print it when it is sent, and looked at by the check that lets
it leave; of a longer list every n-th, and of the rest the fields that the letter uses are looked at. So an
empty field is found in every list; an odd size or an error in every list of an office.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hatobin.audience.queries import OpenPerson
from hatobin.content.letters import MergedLetter
from hatobin.content.merge import MergeError
from hatobin.content.press import Press, Printed
from hatobin.content.strangers import StrangerCheck
from hatobin.content.variants import Variant
from hatobin.delivery.rules.last_byte import strangers_in
from hatobin.wire.address import AddressError, parse_address
from hatobin.wire.headers import ComposeError

MERGE_ALL = 100_000  # some ten seconds
STRANGE = 50_000  # so many different addresses are remembered
NAMED = 20  # so many people are named for each finding
SAMPLE_LINK = "https://example.invalid/u/" + "x" * 38  # as long as a real one
_SAMPLE_WORD = "0" * 32  # as a real one is written


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
    press: Press | None,
    everybody: Iterable[OpenPerson],
    *,
    expected: int,
    own: frozenset[str] = frozenset(),
) -> Survey:
    """Walks through the people. ``expected``: about how many; without a press they are only counted.

    ``own``: the office's addresses, which may stand in every letter.
    """
    seen = Survey()
    look = None if press is None else _Look(seen, press, own)
    step = max(1, -(-expected // MERGE_ALL))
    for each in everybody:
        index = seen.sendable
        seen.people += 1
        if each.suppressed:
            seen.suppressed += 1
        elif look is not None:
            look.at_fields(each, index)
            if index % step == 0:
                look.at_letter(each)
    return seen


def size_of(letter: MergedLetter) -> int:
    """Bytes that a mail program counts when it decides to cut a letter off."""
    return len((letter.html or letter.text).encode())


class _Look:
    """Looks at one person after the other, and notes what it sees."""

    def __init__(self, seen: Survey, press: Press, own: frozenset[str]) -> None:
        self._seen = seen
        self._press = press
        self._strangers = StrangerCheck(press, expected=own, search=strangers_in)
        self._message_id = f"<{_SAMPLE_WORD}@{press.fixed.from_address.domain}>"
        self._sizes: dict[Variant, tuple[int, list[int]]] = {}

    def at_fields(self, each: OpenPerson, index: int) -> None:
        """Which of those that the letter uses are empty, with nothing in their place."""
        _values, empty = self._press.merger.values_for(each.person.fields)
        if empty and len(self._seen.gaps) < NAMED:
            self._seen.gaps.append(index)
        for name in empty:
            self._seen.empty.setdefault(name, Named()).add(each.position)

    def at_letter(self, each: OpenPerson) -> None:
        """The letter as it would leave; who the addresses in it belong to is asked later."""
        seen = self._seen
        try:
            printed = self._press.print(
                each.person.fields,
                to=parse_address(each.person.address),
                message_id=self._message_id,
                unsubscribe_url=SAMPLE_LINK,
            )
        except (MergeError, ComposeError, AddressError):
            seen.failed.add(each.position)
            return
        seen.merged += 1
        seen.largest = max(seen.largest, self._size(printed))
        seen.subject = seen.subject or printed.subject
        for form in self._strangers.strange(printed):
            if form == self._message_id[1:-1]:
                continue
            if form in seen.strange or len(seen.strange) < STRANGE:
                seen.strange.setdefault(form, Named()).add(each.position)

    def _size(self, printed: Printed) -> int:
        """As ``size_of``; what never changes is counted once."""
        variant = printed.variant
        if variant is None:
            return size_of(printed.whole) if printed.whole else 0
        if variant not in self._sizes:
            pieces = variant.text if variant.html is None else variant.html
            text = sum(len(piece.encode()) for piece in pieces if isinstance(piece, str))
            self._sizes[variant] = text, [piece for piece in pieces if isinstance(piece, int)]
        size, places = self._sizes[variant]
        return size + sum([len(printed.texts[place].encode()) for place in places])
