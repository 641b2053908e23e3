"""On the page that sends: for how long the letter is tried, and when again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.campaigns.queries import CampaignView
from hatobin.console.middleware import StaffRequest
from hatobin.delivery.queries.shaping import ShapingBroken, shaping_of
from hatobin.delivery.rules.shaping_words import duration_words, value_words
from hatobin.delivery.rules.tries import as_typed, length_text

_OFFERED = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 48, 120))
_USUAL, _OWN = "usual", "own"


class TriesForm(forms.Form):
    """What a server puts off. An empty length and an empty schedule are the usual.

    Its fields travel with every button of the page that sends, so that no choice is lost.
    """

    give_up_after = forms.ChoiceField(
        label=_("Give up after"),
        required=False,
        help_text=_("Choose a short time for what is soon out of date."),
    )
    times = forms.ChoiceField(
        label=_("Try again"),
        required=False,
        choices=((_USUAL, _("As is usual for each destination")), (_OWN, _("At times of my own"))),
        widget=forms.RadioSelect,
    )
    retry = forms.CharField(
        label=_("Times of my own"),
        required=False,
        max_length=1000,
        help_text=_("For example: 5 min, 10 min, then 1 h"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, lengths: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["give_up_after"].choices = lengths  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["form"] = "send-form"

    def clean(self) -> dict[str, Any]:
        """Times of one's own must be named."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("times") == _OWN and not found.get("retry"):
            self.add_error("retry", gettext("This must be filled in."))
        return found

    def typed(self) -> dict[str, str]:
        """As the service takes it."""
        own = self.cleaned_data["times"] == _OWN
        return {
            "give_up_after": self.cleaned_data["give_up_after"],
            "retry": self.cleaned_data["retry"] if own else "",
        }


def tries_form(request: StaffRequest, letter: CampaignView, data: Any = None) -> TriesForm:
    """Filled in as the letter has it."""
    tries = letter.tries
    usual, _times = _usual(request)
    initial = {
        "give_up_after": length_text(tries.give_up_after),
        "times": _OWN if tries.retry else _USUAL,
        "retry": as_typed(tries.retry) if tries.retry else "",
        "revision": letter.revision,
    }
    return TriesForm(data, initial=initial, lengths=_lengths(usual, tries.give_up_after))


def carried_tries(request: StaffRequest, letter: CampaignView) -> TriesForm | None:
    """What the page sent along, saved or not; None where the page does not offer it."""
    return tries_form(request, letter, request.POST) if "times" in request.POST else None


def shown_tries(request: StaffRequest, letter: CampaignView) -> dict[str, object]:
    """For the page: how long, what is usual, and what is this letter's own."""
    tries = letter.tries
    usual, times = _usual(request)
    lasting = tries.give_up_after or usual
    return {
        "lasting": duration_words(lasting.total_seconds()) if lasting else "",
        "own_length": bool(tries.give_up_after),
        "own_times": value_words("retry", tries.retry) if tries.retry else "",
        "hints": {_USUAL: gettext("Mostly after %(times)s") % {"times": times} if times else ""},
    }


def _usual(request: StaffRequest) -> tuple[timedelta | None, str]:
    """How long and when, where the letter says nothing; nothing while the installation's file is broken."""
    try:
        policy = shaping_of(request.actor.workspace_id).for_lane("")
    except ShapingBroken:
        return None, ""
    return timedelta(seconds=policy.expiry), value_words("retry", policy.retry)


def _lengths(usual: timedelta | None, chosen: timedelta | None) -> list[tuple[str, str]]:
    offered = {each: length_text(each) for each in (*_OFFERED, *([chosen] if chosen else ()))}
    words = {each: duration_words(each.total_seconds()) for each in offered}
    if usual is None:
        return [
            ("", gettext("As usual")),
            *((offered[each], words[each]) for each in sorted(offered)),
        ]
    if usual != chosen:
        offered[usual] = ""
    words[usual] = gettext("%(time)s (as usual)") % {"time": duration_words(usual.total_seconds())}
    return [(offered[each], words[each]) for each in sorted(offered)]
