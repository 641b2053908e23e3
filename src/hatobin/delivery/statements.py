"""The room's SQL by name: ``sql/<name>.sql``, each with a sentence. ``{people}`` includes another one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_INCLUDED = "people"


@cache
def statement(name: str) -> str:
    """The text of ``sql/<name>.sql`` without its comment lines."""
    text = (files("hatobin.delivery") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    body = "\n".join(lines)
    placeholder = f"{{{_INCLUDED}}}"
    return body.replace(placeholder, statement(_INCLUDED)) if placeholder in body else body
