"""Address-like strings in free text, for the check that a letter names nobody else.

It looks at the neighbourhood of each ``@``, so that a long text without one costs one scan.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Iterator

from hatobin.wire.japanese_addresses import fold_width, is_carrier

_SIGNS = re.compile("[@＠﹫]|%(?:25)*40|&#|&commat", re.IGNORECASE)
_ENTITY = re.compile("&#|&commat", re.IGNORECASE)
# Taken away before one looks a second time at HTML: an address may stand on both sides of a tag.
MARKUP = re.compile(r"</?[A-Za-z][^<>@]*>")
_WINDOW = 128  # characters before an @: twice the longest local part

_ASCII = r"A-Za-z0-9.!#$%&'*+/?^_`{|}~-"
# Latin, Greek and Cyrillic belong to the local part; kana and kanji before an ASCII local part
# are the sentence around it ("連絡先はhanako@example.jpまで").
_LOCAL = re.compile(rf"[\u00c0-\u024f\u0370-\u03ff\u0400-\u052f{_ASCII}]+\Z")
_LOCAL_OF_WORDS = re.compile(r"[\w.+-]+\Z")
_LOCAL_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\.)+)"\Z')
_EDGE = "-_+.~"
_BREAK = re.compile(r"[/~#$%!?|=&*'{}^`]")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_DECODED = 3  # times: a link inside a link is encoded twice
_AROUND = "'*`{|}"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?")
_WORD_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN_OF_WORDS = re.compile(
    rf"(?:{_WORD_LABEL}\.)+{_WORD_LABEL}|(?:{_WORD_LABEL}。)+{_WORD_LABEL}"
)
_ASCII_START = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?=[^\x00-\x7f])")


def may_hold_address(text: str) -> bool:
    """One quick scan: without such a sign there is nothing to find, with or without markup."""
    return _SIGNS.search(text) is not None


def hidden_in(found: str) -> list[str]:
    """Other addresses that a found one may really be, where something was written right before or after.

    "総務/hanako@example.jp" reads as ``/hanako@example.jp``, "hanako@example.jp-tel" as a longer domain.
    Signs that stand in real addresses (dot, plus, hyphen, underscore) split only at the very beginning.
    """
    local, _at, domain = found.rpartition("@")
    locals_ = [local.lstrip(_EDGE)]
    locals_ += [local[cut.end() :].lstrip(_EDGE) for cut in _BREAK.finditer(local)]
    labels = domain.rsplit(".", 1)
    domains = [domain]
    if len(labels) == 2 and "-" in labels[1] and not labels[1].lower().startswith("xn--"):
        domains.append(f"{labels[0]}.{labels[1].partition('-')[0]}")
    every = dict.fromkeys(f"{one}@{other}" for one in locals_ if one for other in domains)
    every.pop(found, None)
    return list(every)


def find_addresses(text: str) -> list[str]:
    """Every address-like string, in order, each once; full width folded, ``%40`` and entities read.

    The strings are candidates: compare ``parse_address(found).key_form`` where it parses. Only a
    non-ASCII local part that mixes kana or kanji with ASCII is cut short.
    """
    if not may_hold_address(text):
        return []
    if _ENTITY.search(text):
        text = html.unescape(text)
    text = fold_width(INVISIBLE.sub("", text))
    found = dict.fromkeys(_candidates(text))
    for _again in range(_DECODED):
        if "%40" not in text and "%25" not in text:
            break
        text = fold_width(urllib.parse.unquote(text))
        found |= dict.fromkeys(_candidates(text))
    return list(found)


def _candidates(text: str) -> Iterator[str]:
    at = text.find("@")
    floor = 0
    while at >= 0:
        domain = _domain_after(text, at + 1)
        local = _local_before(text[max(floor, at - _WINDOW) : at], domain) if domain else ""
        if local:
            yield f"{local}@{domain}"
            floor = at + 1 + len(domain)
        at = text.find("@", at + 1)


def _domain_after(text: str, start: int) -> str:
    found = DOMAIN.match(text, start)
    if found and not (
        text[found.end() : found.end() + 1] == "." and _is_word(text, found.end() + 1)
    ):
        return found[0]
    found = _DOMAIN_OF_WORDS.match(text, start)
    if not found:
        return ""
    labels = found[0].replace("。", ".").split(".")
    sentence = _ASCII_START.match(labels[-1])  # "jpまで"
    return ".".join([*labels[:-1], sentence[0] if sentence else labels[-1]])


def _is_word(text: str, index: int) -> bool:
    following = text[index : index + 1]
    return not following.isascii() and following.isalpha()


def _local_before(window: str, domain: str) -> str:
    quoted = _LOCAL_QUOTED.search(window)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1])
    found = _LOCAL.search(window) or _LOCAL_OF_WORDS.search(window)
    if not found:
        return ""
    local = found[0]
    before = window[found.start() - 1 : found.start()]
    if "//" in local or before == "=" or local[0] in "?&":  # inside a URL these end a word
        local = re.split("[/?&]", local)[-1]
    local = local.lstrip(_AROUND)
    return local if is_carrier(domain) else local.rstrip(".").rpartition("..")[2].lstrip(".")
