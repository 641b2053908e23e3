"""One shape for everything that is shown page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

_Item = TypeVar("_Item")

PAGE = 50
PAGE_MAX = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[_Item]):
    """``page`` counts from 1. ``complete`` is False when a search found so many that it stopped looking."""

    items: tuple[_Item, ...]
    total: int
    page: int
    pages: int
    complete: bool = True


def bounds(total: int, page: int, per_page: int) -> tuple[int, int, int, int]:
    """(page, pages, first, last) with a page that exists; ``last`` is exclusive."""
    size = min(max(per_page, 1), PAGE_MAX)
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    return page, pages, (page - 1) * size, page * size
