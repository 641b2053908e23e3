"""Where one person's values could make an address together with the text around them.

Found out once for a part, so that the check of each print looks only at what is new. A place stands as a
mark, which belongs to no address; then each @ of the text shows whether what an address search reads
around it reaches a mark. The search is ``wire.address_search``: its readings of entities, full width, %40
and markup are the views taken here.
"""

from __future__ import annotations

import html as html_module
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hatobin.wire.address_search import DOMAIN, INVISIBLE, MARKUP
from hatobin.wire.japanese_addresses import fold_width
from hatobin.wire.press.parts import Piece

_FIRST_MARK, _LAST_MARK = 0xF0000, 0xFFFFD  # private use: letters of no script
_MARK = f"[{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}]"
_MARKS = re.compile(_MARK)
# Text right before a place that the place's value could complete to a sign, an entity or a tag.
_OPEN = re.compile(rf"(?:%[0-9A-Fa-f]?|%(?:25)+(?:2|4)?|&#?[0-9A-Za-z]*|</?){_MARK}")
# All that any reading of a local part takes.
_LOCAL = re.compile(r"[\w\u00c0-\u024f\u0370-\u03ff\u0400-\u052f.!#$%&'*+/=?^`{|}~-]+\Z")
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9.-]*")
_WORD_DOMAIN = re.compile(r"[\w.。-]*")
_ENTITY = re.compile("&#|&commat", re.IGNORECASE)
_WINDOW = 128
_DECODED = 3
_NEUTRAL = r"[\s<>:;,()\[\]、。「」【】・\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seams:
    """``static``: the text with marks for places. ``quiet``: no ``inert`` value takes part in an address.
    ``alone``: places where a plain address stands for itself, whatever is around. ``entities``: some are read as
    signs already. ``decodes``: so is %40."""

    static: str
    quiet: bool
    alone: frozenset[int]
    entities: bool
    decodes: bool
    markup: bool

    def inert(self, value: str) -> bool:
        """Whether a value changes neither where addresses are seen nor how the text around it is read."""
        if self.markup:
            return _INERT_IN_HTML.fullmatch(value) is not None and not (
                self.decodes and _PERCENT.search(value)
            )
        if ("&" in value and self.entities) or (self.decodes and _PERCENT.search(value)):
            return False
        return _INERT.fullmatch(value) is not None


# Words behind a sign that make nothing of it: no entity that counts as a sign, no octet.
_WORD = r"[ \u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff、。）」]"
_PERCENT = re.compile("[%％]")
_INERT = re.compile(rf"(?:[^@＠﹫%％&]|[%％&](?={_WORD})|&(?=[A-BD-Zabd-z]))*")
_INERT_IN_HTML = re.compile(rf"(?:[^@＠﹫%％&<>]|[%％](?={_WORD})|&(?:amp|lt|gt|\#39|\#34);)*")


def may_matter(text: str) -> bool:
    """Whether a value holds what alone can be an address's sign, or change how the text around it is read."""
    # Eight short scans in C are faster than one regular expression.
    return (
        "@" in text
        or "＠" in text
        or "﹫" in text
        or "%" in text
        or "％" in text
        or "&" in text
        or "<" in text
        or ">" in text
    )


def seams_of(pieces: Sequence[Piece], *, markup: bool) -> Seams:
    """``markup``: the part is HTML."""
    marks = [piece for piece in pieces if isinstance(piece, int)]
    static = _with_marks(pieces)
    if len(marks) > _LAST_MARK - _FIRST_MARK or len(_MARKS.findall(static)) != len(marks):
        return Seams(
            static=static,
            quiet=False,
            alone=frozenset(),
            entities=True,
            decodes=True,
            markup=markup,
        )
    views = list(_views(static, markup=markup))
    quiet = not any(_OPEN.search(static) or _reaches_a_mark(view) for view in views)
    shown = 2 if markup else 1
    unsafe = {
        place
        for number, place in enumerate(marks)
        if not all(_stands_alone(chr(_FIRST_MARK + number), view, shown) for view in views)
    }
    return Seams(
        static=static,
        quiet=quiet,
        alone=frozenset(set(marks) - unsafe),
        entities=_ENTITY.search(static) is not None,
        decodes=any("%40" in view or "%25" in view for view in views),
        markup=markup,
    )


def _with_marks(pieces: Sequence[Piece]) -> str:
    marks = iter(range(_FIRST_MARK, _LAST_MARK + len(pieces)))
    return "".join(piece if isinstance(piece, str) else chr(next(marks)) for piece in pieces)


def _views(static: str, *, markup: bool) -> Iterator[str]:
    """The text as an address search may read it, for each way that entities and %40 ask for."""
    shown = f"{static} {MARKUP.sub('', static)}" if markup else static
    for text in (shown, html_module.unescape(shown)):
        view = fold_width(INVISIBLE.sub("", text))
        yield view
        for _again in range(_DECODED):
            view = fold_width(urllib.parse.unquote(view))
            yield view


def _reaches_a_mark(view: str) -> bool:
    if _OPEN.search(view):
        return True
    at = view.find("@")
    while at >= 0:
        if _left_reaches(view, at) or _right_reaches(view, at + 1):
            return True
        at = view.find("@", at + 1)
    return False


def _left_reaches(view: str, at: int) -> bool:
    window = view[max(0, at - _WINDOW - 1) : at]
    if window.endswith('"'):  # a quoted local part may hold anything but a line end
        return _MARKS.search(re.split(r"[\r\n]", window)[-1]) is not None
    run = _LOCAL.search(window)
    begin = run.start() if run else len(window)
    return _MARKS.match(window[begin - 1 : begin]) is not None if begin else False


def _right_reaches(view: str, start: int) -> bool:
    if _MARKS.match(view, _end(_ASCII_DOMAIN, view, start)):
        return True
    found = DOMAIN.match(view, start)
    if found and view[found.end() : found.end() + 1] != ".":
        return False
    return _MARKS.match(view, _end(_WORD_DOMAIN, view, start)) is not None


def _end(run: re.Pattern[str], view: str, start: int) -> int:
    found = run.match(view, start)
    return found.end() if found else start


def _stands_alone(mark: str, view: str, times: int) -> bool:
    return len(re.findall(rf"(?:\A|(?<={_NEUTRAL})){mark}(?={_NEUTRAL}|\Z)", view)) == times
