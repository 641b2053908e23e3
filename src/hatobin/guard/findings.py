"""What a judgement says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hatobin.common.errors import HatobinError, Text

Level = Literal["refuse", "advise"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing found. ``refuse``: the letter cannot be released. ``positions``: rows of the list, the first few."""

    code: str
    level: Level
    message: Text
    advice_text: Text = ""
    params: Mapping[str, object] = field(default_factory=dict)
    positions: tuple[int, ...] = ()
    where: str = ""  # the part of the letter, or the step, that mends it

    @property
    def text(self) -> str:
        """The sentence in the language that is active now."""
        return str(self.message) % self.params if self.params else str(self.message)

    @property
    def advice(self) -> str:
        """What to do, in the language that is active now."""
        return str(self.advice_text) % self.params if self.params else str(self.advice_text)


def from_error(error: HatobinError) -> Finding:
    """What a service refuses, as a finding that refuses."""
    return Finding(
        code=error.code,
        level="refuse",
        message=error.message.replace("%", "%%") if error.params else error.message,
        advice_text=error.advice.replace("%", "%%") if error.params else error.advice,
        params=error.params,
        where=error.field or "",
    )
