"""The parts of the design system that need a little thinking; docs/mechanisms/design-system.md shows each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Right
from hatobin.common.sentences import in_a_row
from hatobin.console import parts
from hatobin.delivery.rules.troubles import words_label
from hatobin.wire.address import in_own_letters

register = template.Library()

_SECTIONS = (
    ("console:home", "home", _("Home")),
    ("console:letters", "letter", _("Letters")),
    ("console:delivery", "send", _("Delivery status")),
    ("console:lists", "people", _("Lists")),
    ("console:sandbox", "inbox", pgettext_lazy("menu", "Sandbox mailbox")),
    ("console:suppression", "suppressed", _("Do-not-mail list")),
    ("console:settings", "settings", _("Settings")),
)
# Both are full of addresses: who may not see people is not led there.
_WITH_PEOPLE = {"console:sandbox", "console:suppression"}
_NEAR = 300  # seconds from now in which seconds are told
_WEEKDAYS = ("月", "火", "水", "木", "金", "土", "日")


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A drawing from icons.svg. It is decoration: the words stand beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("console/icons.svg"),
        name,
    )


@register.inclusion_tag("console/components/nav.html", takes_context=True)
def primary_nav(context: template.Context) -> dict[str, Any]:
    """The main places of the console; the one we are in is marked. ``section``: its address, where a page
    says that it belongs elsewhere than its own address does."""
    request: HttpRequest | None = context.get("request")
    here = context.get("section") or (request.path if request else "")
    actor = context.get("actor")
    items = []
    for name, drawing, label in _SECTIONS:
        if name in _WITH_PEOPLE and actor and not actor.may(Right.VIEW_PEOPLE):
            continue
        url = reverse(name)
        current = here == url if name == "console:home" else here.startswith(url)
        items.append({"url": url, "icon": drawing, "label": label, "current": current})
    return {"items": items}


@register.inclusion_tag("console/components/crumbs.html")
def crumbs(*labels_and_urls: str) -> dict[str, Any]:
    """``{% crumbs label url label url label %}``: the last label is this page and has no address."""
    pairs = list(zip(labels_and_urls[:-1:2], labels_and_urls[1::2], strict=True))
    return {"parents": pairs, "here": labels_and_urls[-1]}


@register.inclusion_tag("console/components/steps.html")
def step_bar(letter_id: object, step: str, done: object) -> dict[str, Any]:
    """The five steps of a letter. ``done`` has an attribute per step."""
    shown = parts.steps(step, done)
    items = [(each, reverse(each.view, args=[letter_id]) if each.open else "") for each in shown]
    now = next(each for each in shown if each.now)
    return {"items": items, "now": now, "total": len(shown)}


@register.inclusion_tag("console/components/field.html")
def field(bound: Any, kind: str = "", size: str = "", **options: Any) -> dict[str, Any]:
    """A BoundField with label, ※必須, help, control and errors. ``kind``: see ``parts.field_kind``."""
    kind = kind or parts.field_kind(bound)
    options["size"] = size
    return parts.field_context(bound, kind, options)


@register.inclusion_tag("console/components/form_errors.html")
def form_errors(form: Any, focus: bool = True) -> dict[str, Any]:
    """What is wrong with a form as a whole, and links to the fields to correct. Takes the focus."""
    if not form.is_bound or not form.errors:
        return {"show": False}
    wrong = [form[name] for name in form.errors if name in form.fields]
    fields = [bound for bound in wrong if not bound.is_hidden]
    hidden = [error for bound in wrong if bound.is_hidden for error in bound.errors]
    return {
        "show": True,
        "focus": focus,
        "general": [*form.non_field_errors(), *hidden],
        "fields": fields,
    }


@register.inclusion_tag("console/components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any) -> dict[str, Any]:
    """Links to the other pages of a ``Page`` (items, total, page, pages); keeps the search."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()

    def address(number: int) -> str:
        query["page"] = str(number)
        return "?" + query.urlencode()

    numbers = [(n, address(n) if n else "") for n in parts.page_numbers(page.page, page.pages)]
    return {
        "page": page,
        "numbers": numbers,
        "previous": address(page.page - 1) if page.page > 1 else "",
        "next": address(page.page + 1) if page.page < page.pages else "",
    }


@register.inclusion_tag("console/components/meter.html")
def meter(total: int, *segments: object, **options: str) -> dict[str, Any]:
    """``{% meter total "good" label count "bad" label count ... %}``: a bar and its sums.

    Kinds: good, wait, care, bad, rest. The sum of the counts stands below, so that everyone can
    see that nobody is missing.
    """
    shown = parts.segments(total, segments)
    return {"segments": shown, "total": total, "label": options.get("label", "")}


@register.inclusion_tag("console/components/state.html")
def state_tag(value: str, label: str = "") -> dict[str, Any]:
    """A state in one word with its colour and icon; ``label`` says it otherwise."""
    kind, drawing, word = parts.state_look(value)
    return {"kind": kind, "icon": drawing, "label": label or word}


@register.simple_tag
def tab(url: str, label: str, current: bool = False, count: int | None = None) -> SafeString:
    """One link of ``<nav class="tabs">``."""
    here = SafeString(' aria-current="page"') if current else ""
    number = (
        format_html(' <span class="count">{}</span>', thousands(count)) if count is not None else ""
    )
    return format_html('<a href="{}"{}>{}{}</a>', url, here, label, number)


@register.simple_tag
def when(moment: datetime | None, seconds: bool = False) -> SafeString:
    """2026年11月24日(火) 14:05, or Tue 24 Nov 2026, 14:05; nothing for None."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if (get_language() or "ja").startswith("ja"):
        day = f"{local.year}年{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]})"
        text = f"{day} {clock}"
    else:
        text = f"{local:%a} {local.day} {local:%b %Y}, {clock}"
    return format_html('<time datetime="{}" class="when">{}</time>', local.isoformat(), text)


@register.simple_tag
def clock_time(moment: datetime | None) -> SafeString:
    """14:05 for a moment of today (14:05:30 within the next minutes), else as ``when``."""
    if moment is None:
        return SafeString("")
    local, now = timezone.localtime(moment), timezone.localtime()
    if local.date() != now.date():
        return when(moment)
    near = abs((local - now).total_seconds()) < _NEAR
    return format_html(
        '<span class="when">{}</span>', f"{local:%H:%M:%S}" if near else f"{local:%H:%M}"
    )


@register.simple_tag(name="words_label")
def label_of_words(code: str) -> Promise:
    """Whose the words of a failed test are."""
    return words_label(code)


@register.simple_tag(name="in_a_row")
def sentences_in_a_row(*sentences: object) -> SafeString:
    """Sentences that come from several texts, without the gap that a space leaves after a Japanese one."""
    return mark_safe(in_a_row(*(conditional_escape(str(each)) for each in sentences)))  # noqa: S308 - each is escaped


@register.simple_tag
def colon() -> str:
    """What stands between a label and its value: full width in Japanese."""
    return "：" if (get_language() or "ja").startswith("ja") else ": "


@register.filter
def own_letters(address: str) -> str:
    """An address, or a From line, with an international domain as people write it."""
    line, closes = (address[:-1], ">") if address.endswith(">") else (address, "")
    return in_own_letters(line) + closes


@register.filter
def thousands(value: object) -> str:
    """1,000 for 1000."""
    return f"{value:,}" if isinstance(value, int) else str(value or "")
