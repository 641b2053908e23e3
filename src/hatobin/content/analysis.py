"""Reading a letter: which fields it uses, where its links lead, what it says in plain text."""

from __future__ import annotations

import html as html_module
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from liquid.exceptions import LiquidError

from hatobin.content import syntax
from hatobin.content.engine import environment
from hatobin.content.letters import CompiledLetter, LetterDraft

LinkProblem = Literal["broken", "not-secure", "other-target"]
_ANCHOR = re.compile(r"<a\b[^>]*?\bhref=\"([^\"]*)\"[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"'、。）」』]+", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}\Z", re.IGNORECASE)
_LOOK_ALIKES = ("{{{}}}", "｛{}｝", "%{}%", "[[{}]]", "<<{}>>", "${}$")
_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A link of a letter: where it leads, what stands there, and what is wrong with it."""

    url: str
    text: str
    problem: LinkProblem | None = None


def names_used(*parts: str, field_names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Every name that these Liquid sources read, in order; a source that does not parse has none."""
    found: dict[str, None] = {}
    for part in parts:
        try:
            template = environment(escape=False).from_string(syntax.liquid(part, field_names))
            found |= dict.fromkeys(str(name) for name in template.global_variables())
        except LiquidError:
            continue
    return tuple(found)


def names_of_draft(draft: LetterDraft, field_names: tuple[str, ...]) -> tuple[str, ...]:
    """The same for a draft as it was written."""
    body = syntax.html_tags(draft.html) if draft.mode == "rich" else ""
    sources = [syntax.plain_tags(part) for part in (draft.subject, draft.preheader, draft.text)]
    return names_used(*sources, body, field_names=field_names)


def look_alikes(letter: CompiledLetter) -> tuple[str, ...]:
    """Field names written as other programs write merge fields, ``{氏名}`` or ``%氏名%``: they would go out so."""
    # The plain part follows the formatted one; markup could stand between the signs there.
    shown = " ".join((letter.subject, letter.preheader, letter.text, _MARKUP.sub("", letter.html)))
    rest = _TAG.sub(" ", shown)
    return tuple(
        name
        for name in letter.field_names
        if any(form.format(name) in rest for form in _LOOK_ALIKES)
    )


def links_of(html: str, text: str) -> tuple[Link, ...]:
    """Links of both parts, each once, in order. Nothing is fetched."""
    found: dict[tuple[str, str], Link] = {}
    for url, label in _ANCHOR.findall(html):
        words = html_module.unescape(_MARKUP.sub("", label)).strip()
        link = _link(html_module.unescape(url), words)
        found.setdefault((link.url, link.text), link)
    known = {link.url for link in found.values()}
    for url in _URL.findall(text):
        if url not in known:
            found.setdefault((url, url), _link(url, url))
    return tuple(found.values())


def text_from_html(html: str) -> str:
    """The plain part of a formatted letter; merge tags stay whole, links show where they lead."""
    config = ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False)
    marked = _ANCHOR.sub(_shown_link, html)
    text = get_text(f"<html><body>{marked}</body></html>", config)
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def html_from_text(text: str) -> str:
    """Paragraphs from plain text, for switching to the editor."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return "".join(
        f"<p>{html_module.escape(b, quote=False).replace(chr(10), '<br>')}</p>" for b in blocks
    )


def _shown_link(found: re.Match[str]) -> str:
    url, label = html_module.unescape(found.group(1)), found.group(2)
    words = html_module.unescape(_MARKUP.sub("", label)).strip()
    target = url.removeprefix("mailto:").removeprefix("tel:")
    if not words or words == target or url.startswith("#"):
        return html_module.escape(target, quote=False)
    return f"{label} ( {html_module.escape(target, quote=False)} )"


def _link(url: str, text: str) -> Link:
    return Link(url=url, text=text, problem=_problem(url.strip(), text))


def _problem(url: str, text: str) -> LinkProblem | None:
    if _TAG.fullmatch(url):
        return None
    plain = _TAG.sub("x", url)
    try:
        parts = urlsplit(plain)
        host = parts.hostname or ""
    except ValueError:
        return "broken"
    if parts.scheme in {"mailto", "tel"}:
        return None if parts.path else "broken"
    if parts.scheme not in {"http", "https"} or " " in plain or not _HOST.match(host):
        return "broken"
    if _other_host(host, text):
        return "other-target"
    return "not-secure" if parts.scheme == "http" else None


def _other_host(host: str, text: str) -> bool:
    """Whether the visible words are a web address of somebody else."""
    shown = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        seen = urlsplit(shown).hostname or ""
    except ValueError:
        return False
    if not _HOST.match(seen) or " " in text.strip() or "." not in text:
        return False
    return _bare(seen) != _bare(host)


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
