"""HTML from people, made harmless: what the editor saves, and whole documents that somebody uploads."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import css_inline
import nh3

from hatobin.content import syntax

_RICH_TAGS = {
    "p", "br", "h1", "h2", "h3", "strong", "b", "em", "i", "u", "s", "ul", "ol", "li", "a", "hr",
    "blockquote", "div", "span", "img",
}  # fmt: skip
_LAYOUT_TAGS = _RICH_TAGS | {
    "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col", "h4", "h5", "h6",
    "pre", "code", "small", "sub", "sup", "center", "font", "section", "article", "header", "footer", "figure",
    "figcaption", "dl", "dt", "dd",
}  # fmt: skip
_COMMON = {"style", "align", "lang", "dir", "title"}
_ATTRIBUTES = {
    "a": {"href", "style", "title"},
    "img": {"src", "alt", "width", "height", "style"},
    **dict.fromkeys(("p", "div", "span", "h1", "h2", "h3", "h4", "li", "section", "center"), _COMMON),
    **{
        tag: _COMMON | {"width", "height", "bgcolor", "valign", "border", "cellpadding", "cellspacing", "colspan",
                        "rowspan", "role", "scope"}
        for tag in ("table", "tr", "td", "th", "tbody", "col")
    },
    "font": {"color", "size", "face"},
}  # fmt: skip
_STYLES = {
    "color", "background-color", "background", "font-size", "font-family", "font-weight", "font-style", "line-height",
    "letter-spacing", "text-align", "text-decoration", "vertical-align", "margin", "margin-top", "margin-right",
    "margin-bottom", "margin-left", "padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
    "border", "border-top", "border-right", "border-bottom", "border-left", "border-radius", "border-collapse",
    "width", "max-width", "min-width", "height", "display", "word-break", "overflow-wrap",
}  # fmt: skip
_RICH_STYLES = {"color", "text-align", "text-decoration", "font-weight", "font-style"}
_SCHEMES = {"http", "https", "mailto", "tel"}
_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body|style|table)\b", re.IGNORECASE)
_FETCHES = re.compile(r"url\s*\(|image-set\s*\(|\\", re.IGNORECASE)  # an escape could hide the word
_TAG_IN_URL = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def clean_rich_html(html: str) -> str:
    """What the editor saves: a small set of formats, merge tags whole."""
    return _cleaned(syntax.html_tags(html), _RICH_TAGS, _RICH_STYLES)


def clean_document(html: str) -> str:
    """An uploaded document's body: its style sheet inlined, scripts and forms gone, tables kept."""
    inlined = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False).inline(
        syntax.html_tags(html)
    )
    return _cleaned(inlined, _LAYOUT_TAGS, _STYLES)


def is_document(html: str) -> bool:
    """Whether it brings its own layout."""
    return bool(_DOCUMENT.search(html))


def _cleaned(html: str, tags: set[str], styles: set[str]) -> str:
    cleaned = nh3.clean(
        html,
        tags=tags,
        clean_content_tags={"script", "style", "title", "template", "noscript", "iframe", "object"},
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags},
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        filter_style_properties=styles,
        link_rel=None,
        strip_comments=True,
    )
    return syntax.html_tags(cleaned)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Addresses must say where they lead; pictures come over HTTPS; styles fetch nothing."""
    if attribute == "style":
        return None if _FETCHES.search(value) else value
    if attribute not in {"href", "src"}:
        return value
    plain = _TAG_IN_URL.sub("x", value).strip()
    scheme = urlsplit(plain).scheme.lower() if ":" in plain else ""
    if tag == "img":
        return value if scheme == "https" else None
    if _TAG_IN_URL.fullmatch(value.strip()):
        return _filtered(value.strip(), "web_address")
    if scheme not in _SCHEMES:
        return None
    return _TAG_IN_URL.sub(lambda found: _filtered(found.group(), "url_encode"), value)


def _filtered(tag: str, name: str) -> str:
    """The merge tag with one more filter at its end, once."""
    inner = tag[2:-2].strip()
    return (
        tag
        if inner.endswith(name) or inner.startswith("hatobin.")
        else "{{ " + f"{inner} | {name}" + " }}"
    )
