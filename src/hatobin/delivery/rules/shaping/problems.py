"""What is wrong in a shaping file, as data: the sentences stand in ``rules.shaping_problems``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing to put right. ``key`` as it stands in the file: ``group.google.rate``."""

    code: str
    file: str
    line: int
    key: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written. ``layer``: shipped, installation or workspace."""

    layer: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
