"""From a draft to a letter that can be merged: sanitised, footer in place, every tag understood."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Literal

from django.utils.translation import gettext_lazy as _
from liquid.exceptions import LiquidError

from hatobin.common.errors import Invalid
from hatobin.content import analysis, clean, footer, frame, syntax
from hatobin.content.engine import environment
from hatobin.content.letters import CompiledLetter, LegalFooter, LetterDraft

# Names that are the product's own. In a letter they are one more place for the unsubscribe link.
OWN_NAMES = frozenset({"hatobin"})
_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_OWN_LINK = re.compile(r"\{[{%][^{}]*\bhatobin\b")
_EXCERPT = 24  # characters that show which tag is meant
_PLACES = {
    "subject": _("Subject"),
    "preheader": _("Preview line"),
    "html": _("Letter"),
    "text": _("Plain text"),
}
_LINK_NAMES = re.compile(r"\{\{\s*(?:配信停止URL|unsubscribe_url)\s*\}\}")


def compile_letter(
    draft: LetterDraft,
    *,
    kind: Literal["marketing", "notice"],
    language: str,
    field_names: Sequence[str],
    footer: LegalFooter,
) -> CompiledLetter:
    """The letter as it is frozen. Raises Invalid naming the part (``subject``, ``preheader``, ``html``, ``text``)."""
    names = tuple(field_names)
    check_footer(footer)
    subject = _line(draft.subject, names, field="subject")
    if not subject.strip():
        raise Invalid(
            "subject-missing",
            _("The subject is missing."),
            advice=_("Write what the letter is about in a few words."),
            field="subject",
        )
    preheader = _line(draft.preheader, names, field="preheader")
    html = _html_body(draft, names) if draft.mode == "rich" else ""
    text = _text_body(draft, html, names)
    return CompiledLetter(
        kind=kind,
        language=language,
        subject=subject,
        preheader=preheader,
        text=text + _text_footer(footer, kind, language),
        html=_document(draft, html, subject, preheader, footer, kind, language) if html else "",
        fallbacks={name: value for name, value in draft.fallbacks.items() if name in names},
        field_names=names,
    )


def check_footer(footer: LegalFooter) -> None:
    """Raises Invalid when a legal fact is missing."""
    for name in ("organisation", "postal_address", "contact"):
        if not getattr(footer, name).strip():
            raise Invalid(
                "footer-incomplete",
                _(
                    "The legal footer is not complete: organisation, postal address and contact are needed."
                ),
                advice=_("Fill them in under Settings > Sender."),
                field="profile",
                params={"missing": name},
            )


def _line(text: str, names: tuple[str, ...], *, field: str) -> str:
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in text):
        raise Invalid(
            "control-character",
            _("This contains a line break or another invisible character."),
            advice=_("Write it on one line."),
            field=field,
        )
    return _source(text, names, field=field)


def _html_body(draft: LetterDraft, names: tuple[str, ...]) -> str:
    rough = _LINK_NAMES.sub(footer.UNSUBSCRIBE, syntax.html_tags(draft.html))
    cleaned = (
        clean.clean_document(rough) if clean.is_document(rough) else clean.clean_rich_html(rough)
    )
    if "<img" not in cleaned and not analysis.text_from_html(cleaned).strip():
        return ""
    return _source(cleaned, names, field="html")


def _text_body(draft: LetterDraft, html: str, names: tuple[str, ...]) -> str:
    if draft.mode == "rich" and not (draft.text_edited and draft.text.strip()):
        if not html:
            raise _empty("html")
        # Markup inside a tag is gone here, so what was none in the HTML may have become one.
        return _source(analysis.text_from_html(html), names, field="html")
    text = _LINK_NAMES.sub(footer.UNSUBSCRIBE, draft.text).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise _empty("text")
    if "\0" in text:
        raise Invalid(
            "control-character",
            _("This contains a character that mail cannot carry."),
            field="text",
        )
    return _source(text, names, field="text").rstrip("\n") + "\n"


def _source(text: str, names: tuple[str, ...], *, field: str) -> str:
    """Liquid that parses and reads only known names; raises Invalid saying which is unknown."""
    source = syntax.liquid(syntax.plain_tags(text), names)
    try:
        template = environment(escape=False).from_string(source)
    except LiquidError as error:
        raise _bad_tag(source, error, field) from error
    if _has_range(source):
        raise _no_ranges(field)
    if _OWN_LINK.search(source.replace(footer.UNSUBSCRIBE, "")):
        raise _own_link_in_use(field)
    for used in template.analyze().filters:
        if used not in template.env.filters:
            raise _unknown_filter(str(used), field)
    for name in template.global_variables():
        if str(name) not in names and str(name) not in OWN_NAMES:
            raise _unknown(str(name), names, field)
    return source


def _document(
    draft: LetterDraft,
    html: str,
    subject: str,
    preheader: str,
    facts: LegalFooter,
    kind: str,
    language: str,
) -> str:
    bare = clean.is_document(draft.html)
    body = html + footer.html_footer(facts, kind=kind, language=language)
    return frame.document(body, title=subject, preheader=preheader, language=language, bare=bare)


def _text_footer(facts: LegalFooter, kind: str, language: str) -> str:
    return footer.text_footer(facts, kind=kind, language=language)


def _empty(field: str) -> Invalid:
    return Invalid(
        "letter-empty", _("The letter is empty."), advice=_("Write something."), field=field
    )


def _bad_tag(source: str, error: LiquidError, field: str) -> Invalid:
    """Names the place and the words; the engine's own message is for its makers."""
    start = error.token.start_index if error.token is not None else 0
    begin = max(source.rfind("{", 0, start + 2) - 1, 0)
    excerpt = " ".join(source[begin : begin + _EXCERPT].split())
    return Invalid(
        "bad-merge-tag",
        _("%(place)s: “%(words)s” is not a complete merge field."),
        advice=_("Delete it and insert it again with the buttons beside the letter."),
        field=field,
        params={"place": _PLACES[field], "words": excerpt},
    )


def _has_range(source: str) -> bool:
    """Whether a tag counts numbers, ``(1..9)``: a short text could ask for any amount of work."""
    return any(".." in _QUOTED.sub("", tag) for tag in _TAGS.findall(source))


def _no_ranges(field: str) -> Invalid:
    return Invalid(
        "merge-range",
        _("Merge fields cannot count numbers like (1..9)."),
        advice=_("Write the repeated part out."),
        field=field,
    )


def _own_link_in_use(field: str) -> Invalid:
    return Invalid(
        "own-link-in-use",
        _("The unsubscribe link can only be shown; no condition and no filter may use it."),
        advice=_("Write it alone: {{ unsubscribe_url }}"),
        field=field,
    )


def _unknown_filter(name: str, field: str) -> Invalid:
    return Invalid(
        "unknown-filter",
        _("A merge field uses “%(name)s”, which is not known here."),
        advice=_("Delete it and insert it again with the buttons beside the letter."),
        field=field,
        params={"name": name},
    )


def _unknown(name: str, names: tuple[str, ...], field: str) -> Invalid:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
    advice = (
        _("Did you mean “%(near)s”? The list has: %(names)s")
        if near
        else _("The list has these fields: %(names)s")
    )
    return Invalid(
        "unknown-merge-name",
        _("The list has no field “%(name)s”."),
        advice=advice,
        field=field,
        params={"name": name, "near": near[0] if near else "", "names": "、".join(names) or "—"},
    )
