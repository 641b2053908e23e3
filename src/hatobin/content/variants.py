"""A letter for one outcome of its conditions: text and places only, composed once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hatobin.content.branches import Block, Piece, blocks_in, chosen, flat
from hatobin.content.run import Maker, Run
from hatobin.wire.headers import ComposeError
from hatobin.wire.press import Fixed, Plate, subject_field

_VARIANTS = 64  # a press keeps as many; further outcomes have their branches encoded in each print
_CARRIAGE_RETURNS = re.compile(r"\r\n|\r")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Variant:
    """Pieces are text and numbers of ``makers``. ``fixed_subject`` is None when it differs from person to person."""

    subject: list[str | int]
    text: list[str | int]
    html: list[str | int] | None
    makers: list[Maker]
    fixed_subject: str | None
    plate: Plate


class Variants:
    """All of a letter's, each made when it is first asked for. Threads may make one twice."""

    def __init__(
        self, fixed: Fixed, makers: list[Maker], *sources: list[Piece], html: list[Piece] | None
    ) -> None:
        self._fixed = fixed
        self._makers = makers
        self._sources = [*sources, *([] if html is None else [html])]
        self._blocks = [block for source in self._sources for block in blocks_in(source)]
        self._made: dict[tuple[tuple[int, ...], ...], Variant | None] = {}
        self._loose: Variant | None = None

    def of(self, run: Run) -> Variant | None:
        """None when nothing is left of the HTML part: such a letter has another form."""
        key = tuple(chosen(self._blocks, run)) if self._blocks else ()
        try:
            return self._made[key]
        except KeyError:
            pass
        if len(self._made) >= _VARIANTS:
            self._loose = self._loose or self._with_blocks_as_places()
            return self._loose
        choices = iter(key)
        made = self._variant([flat(source, choices) for source in self._sources], self._makers)
        self._made[key] = made
        return made

    def _with_blocks_as_places(self) -> Variant | None:
        makers = list(self._makers)
        sources = [_loosely(source, makers) for source in self._sources]
        return self._variant(sources, makers)

    def _variant(self, sources: list[list[str | int]], makers: list[Maker]) -> Variant | None:
        # In the order of the letter: what Liquid remembers from one loop to the next depends on it.
        used = sorted({piece for source in sources for piece in source if isinstance(piece, int)})
        numbers = {place: number for number, place in enumerate(used)}
        subject, text, *others = [_renumbered(source, numbers) for source in sources]
        html = others[0] if others else None
        if html is not None and not any(isinstance(piece, str) for piece in html):
            return None
        fixed_subject = _fixed(subject)
        return Variant(
            subject=subject,
            text=text,
            html=html,
            makers=[makers[place] for place in used],
            fixed_subject=fixed_subject,
            plate=Plate(self._fixed, text=text, html=html, subject=fixed_subject),
        )


def _renumbered(source: list[str | int], numbers: dict[int, int]) -> list[str | int]:
    """Neighbouring text is joined too."""
    pieces: list[str | int] = []
    for piece in source:
        last = pieces[-1] if pieces else None
        if isinstance(piece, int):
            pieces.append(numbers[piece])
        elif isinstance(last, str):
            pieces[-1] = last + piece
        else:
            pieces.append(piece)
    return pieces


def _fixed(subject: list[str | int]) -> str | None:
    """None when it differs from person to person, or is refused for each of them."""
    if any(isinstance(piece, int) for piece in subject):
        return None
    text = "".join(map(str, subject))
    try:
        subject_field(text)
    except ComposeError:
        return None
    return text


def _loosely(source: list[Piece], makers: list[Maker]) -> list[str | int]:
    pieces: list[str | int] = []
    for piece in source:
        if isinstance(piece, Block):
            pieces.append(len(makers))
            makers.append(_joined(piece, list(makers)))
        else:
            pieces.append(piece)
    return pieces


def _joined(block: Block, makers: list[Maker]) -> Maker:
    """The branches chosen as one text."""

    def texts(pieces: list[Piece], run: Run) -> Iterator[str]:
        for piece in pieces:
            if isinstance(piece, Block):
                for number in piece.choose(run):
                    yield from texts(piece.branches[number], run)
            else:
                yield piece if isinstance(piece, str) else makers[piece](run)

    def make(run: Run) -> str:
        # Each one is written on its own: a line end is never made of two.
        return "".join([_CARRIAGE_RETURNS.sub("\n", text) for text in texts([block], run)])

    return make
