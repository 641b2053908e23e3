"""What is wrong with a text that is no TOML, and what was probably meant."""

from __future__ import annotations

import re
import unicodedata

from hatobin.delivery.rules.shaping.problems import Problem

_AT = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_BARE_VALUE = re.compile(r"\s*([\w.-]+)\s*=\s*(?=[^\s\"'\[{])([^#]*)")
_NUMBER = re.compile(r"[+-]?[0-9][0-9_.]*|true|false")
_KEY = re.compile(r"\s*\[{0,2}\s*([\w.-]+)")
_QUOTED = re.compile(r'"[^"]*"' + r"|'[^']*'")
_TWICE = ("Cannot overwrite a value", "Cannot declare", "Cannot mutate", "Duplicate inline")


def syntax_problem(text: str, file: str, error: Exception) -> Problem:
    """One problem: the parser stops at the first line that it cannot read."""
    lines = text.split("\n")
    found = _AT.search(str(error))
    number = int(found[1]) if found and found[1] else len(text.rstrip().split("\n"))
    number = min(max(number, 1), len(lines))
    line = lines[number - 1]
    # A string or list that is never closed is noticed on a later line, where no key begins.
    key = _KEY.match(line)
    code, params = _guess(line, str(error))
    return Problem(code=code, file=file, line=number, key=key[1] if key else "", params=params)


def _guess(line: str, words: str) -> tuple[str, dict[str, object]]:
    if words.startswith(_TWICE):
        return "twice", {}
    outside = _QUOTED.sub("", line).partition("#")[0]
    wide = next((sign for sign in outside if _is_wide_sign(sign)), "")
    if wide:
        return "wide-sign", {
            "sign": wide,
            "plain": _PLAIN.get(wide, unicodedata.normalize("NFKC", wide)),
        }
    bare = _BARE_VALUE.match(line)
    if bare and not _NUMBER.fullmatch(bare[2].strip()):
        return "no-quotes", {"key": bare[1], "value": bare[2].strip()}
    if line.strip() and "=" not in line and not line.lstrip().startswith("["):
        return "no-equals", {}
    return "syntax", {"words": _AT.sub("", words).strip()}


_PLAIN = {
    "“": '"',
    "”": '"',
    "„": '"',
    "「": '"',
    "」": '"',
    "‘": "'",
    "’": "'",
    "\u3000": " ",
    "\u00a0": " ",
}


def _is_wide_sign(sign: str) -> bool:
    return sign in _PLAIN or "\uff01" <= sign <= "\uff5e"
