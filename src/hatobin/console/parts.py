"""What the parts of a page show, decided without templates or requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One of the five steps: where it leads, whether it is done, open to a click, or now."""

    number: int
    key: str
    label: str | Promise
    done: bool
    now: bool
    open: bool

    @property
    def view(self) -> str:
        """Name of its address."""
        return f"console:letter-{self.key}"


_STEPS: tuple[tuple[str, Promise], ...] = (
    ("people", pgettext_lazy("step", "People")),
    ("letter", pgettext_lazy("step", "Letter")),
    ("check", pgettext_lazy("step", "Check")),
    ("send", pgettext_lazy("step", "Send")),
    ("result", pgettext_lazy("step", "Result")),
)


def steps(current: str, done: object) -> list[Step]:
    """Before the release one may go back, and forward as far as things are complete; after it,
    only the result can be opened. ``done.send`` is what tells the two apart."""
    released = bool(getattr(done, "send", False))
    written = bool(getattr(done, "people", False) and getattr(done, "letter", False))
    reachable = {
        "people": not released,
        "letter": not released and bool(getattr(done, "people", False)),
        "check": not released and written,
        "send": not released and written,
        "result": released,
    }
    return [
        Step(
            number=number,
            key=key,
            label=label,
            done=bool(getattr(done, key, False)),
            now=key == current,
            open=reachable[key] and key != current,
        )
        for number, (key, label) in enumerate(_STEPS, start=1)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A part of a meter. ``start`` and ``width`` are percent of the bar, as text for SVG."""

    kind: str
    label: str
    count: int
    start: str
    width: str


def segments(total: int, triples: Sequence[object]) -> list[Segment]:
    """From kind, label, count, kind, label, count ...; a bar of nothing has no width."""
    shown = []
    at = 0
    for index in range(0, len(triples), 3):
        kind, label, count = triples[index : index + 3]
        number = int(str(count or 0))
        shown.append(
            Segment(
                kind=str(kind),
                label=str(label),
                count=number,
                start=_percent(at, total),
                width=_percent(number, total),
            )
        )
        at += number
    return shown


def _percent(part: int, total: int) -> str:
    return f"{100 * part / total:.3f}%" if total > 0 else "0%"


def page_numbers(page: int, pages: int) -> list[int]:
    """First, last and the neighbours; 0 stands for a gap."""
    wanted = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    return list(_with_gaps(wanted))


def _with_gaps(numbers: Sequence[int]) -> Iterator[int]:
    before = 0
    for number in numbers:
        if number - before == 2:
            yield number - 1
        elif number - before > 2:
            yield 0
        yield number
        before = number


_LOOKS: dict[str, tuple[str, str, Promise]] = {
    "draft": ("house", "edit", _("Draft")),
    "held": ("care", "clock", _("On hold")),
    "sending": ("tell", "send", _("Sending")),
    "paused": ("care", "pause", _("Paused")),
    "stopped": ("", "stop", _("Stopped")),
    "done": ("good", "check", _("Finished")),
    "accepted": ("good", "check", _("Accepted")),
    "waiting": ("", "clock", _("Waiting")),
    "dot-sent": ("tell", "send", _("Being handed over")),
    "bounced": ("bad", "error", _("Refused")),
    "expired": ("bad", "clock", _("Gave up")),
    "suppressed": ("", "suppressed", _("Unsubscribed")),
    "cancelled": ("", "close", _("Cancelled")),
    "in-doubt": ("care", "warning", _("In doubt")),
    "held-back": ("care", "pause", _("Held back")),
    "lane-going": ("tell", "send", pgettext_lazy("lane", "Going out")),
    "lane-slow": ("care", "clock", pgettext_lazy("lane", "Slow")),
    "lane-resting": ("care", "pause", pgettext_lazy("lane", "Resting")),
    "lane-unreachable": ("bad", "error", pgettext_lazy("lane", "Cannot send")),
    "lane-soon": ("", "clock", pgettext_lazy("lane", "Next")),
    "lane-later": ("", "clock", pgettext_lazy("lane", "Later")),
    "lane-on-hold": ("", "clock", pgettext_lazy("lane", "On hold")),
    "lane-still": ("care", "pause", pgettext_lazy("lane", "Waits for a person")),
    "lane-stopped": ("bad", "stop", pgettext_lazy("lane", "Stopped")),
    "lane-empty": ("good", "check", pgettext_lazy("lane", "Done")),
    "lane-no-sender": ("bad", "error", pgettext_lazy("lane", "Stands still")),
    "staged": ("house", "edit", _("Not confirmed")),
    "queued": ("", "clock", _("Waiting")),
    "running": ("tell", "refresh", _("Being read")),
    "failed": ("bad", "error", _("Failed")),
}


def state_look(value: str) -> tuple[str, str, str | Promise]:
    """(colour, icon, word) of a letter's, a delivery's or an import's state."""
    return _LOOKS.get(str(value), ("", "info", str(value)))


_KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "choices"),
    (forms.RadioSelect, "choices"),
    (forms.CheckboxInput, "checkbox"),
    (forms.FileInput, "drop"),
    (forms.HiddenInput, "hidden"),
)


def field_kind(bound: Any) -> str:
    """hidden, drop, checkbox, choices (radio or boxes, ``tiles`` on request), else control."""
    for widget, kind in _KINDS:
        if isinstance(bound.field.widget, widget):
            return kind
    return "control"


def field_context(bound: Any, kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """For field.html: the control carries what a screen reader needs to say help and errors."""
    base = bound.id_for_label if kind not in {"choices", "tiles"} else bound.auto_id
    described = [f"{base}_help"] if bound.help_text else []
    described += [f"{base}_error"] if bound.errors else []
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    if options.pop("takes_fields", False):
        attributes["data-takes-fields"] = ""
    grouped = kind in {"choices", "tiles"}
    return {
        "bound": bound,
        "kind": kind,
        "base": base,
        "described": " ".join(described),
        "control": "" if grouped else bound.as_widget(attrs=attributes),
        "options": _options(bound, options.pop("hints", None) or {}) if grouped else [],
        **options,
    }


def _options(bound: Any, hints: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Each choice with its explaining sentence, if there is one."""
    return [(option, hints.get(str(option.data["value"]), "")) for option in bound]
