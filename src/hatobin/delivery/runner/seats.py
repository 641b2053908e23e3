"""How many connections one process may have, of all its lanes together; lanes that want one wait in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MOST = 500


class Seats:
    """``most`` carriers at a time."""

    def __init__(self, most: int = MOST) -> None:
        self._free = most
        self._queue: deque[Callable[[], None]] = deque()

    @property
    def contended(self) -> bool:
        """Whether somebody waits: who has nothing to carry should not sit."""
        return bool(self._queue)

    def take(self, again: Callable[[], None]) -> bool:
        """A seat; else ``again`` is called when one may be free."""
        if self._free:
            self._free -= 1
            return True
        if again not in self._queue:
            self._queue.append(again)
        return False

    def leave(self) -> None:
        """Gives one back; the lane that has waited longest looks again."""
        self._free += 1
        if self._queue:
            self._queue.popleft()()
