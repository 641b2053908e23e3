"""Forms of the five steps."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hatobin.campaigns.models import LetterKind
from hatobin.content import clean, syntax
from hatobin.content.analysis import html_from_text, text_from_html
from hatobin.content.letters import LetterDraft

KIND_HINTS = {
    LetterKind.MARKETING: _(
        "Newsletters, invitations, offers. People may refuse them at any time."
    ),
    LetterKind.NOTICE: _("What people need to know: changed hours, closing days, deadlines."),
}
MODE_HINTS = {
    "rich": _("Bold, headings, lists and links. A plain text goes along by itself."),
    "plain": _("Only letters and lines, as in the first mails. Never looks wrong."),
}


class NameForm(forms.Form):
    """A letter's name in the office."""

    name = forms.CharField(
        label=_("Name of this letter"),
        max_length=200,
        help_text=_("Only you see it. For example: December newsletter"),
    )


class ChooseListForm(forms.Form):
    """Step 1: which list."""

    list_id = forms.ChoiceField(
        label=_("List"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a list."), "invalid_choice": _("Choose a list.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list_id"].choices = choices  # type: ignore[attr-defined]


class LetterForm(forms.Form):
    """Step 2: what is written and by whom. Everything may be empty in a draft."""

    identity_id = forms.ChoiceField(label=_("Sender"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind of letter"), choices=LetterKind.choices, widget=forms.RadioSelect
    )
    subject = forms.CharField(label=_("Subject"), max_length=500, required=False)
    preheader = forms.CharField(
        label=_("Preview line"),
        max_length=500,
        required=False,
        help_text=_("Shown after the subject in many inboxes. May be empty."),
    )
    mode = forms.ChoiceField(
        label=_("Format"),
        choices=(("rich", _("Formatted")), ("plain", _("Plain text"))),
        widget=forms.RadioSelect,
    )
    html = forms.CharField(
        label=_("Letter"), required=False, widget=forms.Textarea({"rows": 14}), strip=False
    )
    text = forms.CharField(
        label=_("Plain text"),
        required=False,
        widget=forms.Textarea({"rows": 14}),
        strip=False,
        help_text=_("For mail programs that show no formatting."),
    )
    text_edited = forms.BooleanField(label=_("Write the plain text by hand"), required=False)
    fallbacks = forms.CharField(required=False, widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, identities: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["identity_id"].choices = identities  # type: ignore[attr-defined]

    def clean_fallbacks(self) -> dict[str, str]:
        """The fallback of each field, from the little form beside the chips."""
        prefix = "fallback:"
        return {
            key.removeprefix(prefix): str(value).strip()
            for key, value in self.data.items()
            if key.startswith(prefix) and str(value).strip()
        }

    def draft(self) -> LetterDraft:
        """What was written, as the services take it."""
        names = ("mode", "subject", "preheader", "text_edited", "fallbacks")
        kept = {name: self.cleaned_data[name] for name in names}
        return LetterDraft(**kept, html=self._html(), text=self._text())

    def _html(self) -> str:
        """Text without any markup, typed where no editor runs, keeps its paragraphs."""
        html: str = self.cleaned_data["html"]
        typed_plain = self.cleaned_data["mode"] == "rich" and html.strip() and "<" not in html
        return html_from_text(html.replace("\r\n", "\n")) if typed_plain else html

    def _text(self) -> str:
        """Going over to plain text begins with what was written so far."""
        text: str = self.cleaned_data["text"]
        by_hand = self.cleaned_data["mode"] == "plain" or self.cleaned_data["text_edited"]
        if by_hand and not text.strip() and self.cleaned_data["html"].strip():
            return text_from_html(clean.clean_rich_html(syntax.html_tags(self._html())))
        return text


class NumberField(forms.IntegerField):
    """A whole number as people type it here: １，０００, 1,000 and 1000人 are the same."""

    def to_python(self, value: Any) -> int | None:
        """Full-width figures, thousands separators and the counter go."""
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").replace("、", "")
            value = value.strip().rstrip("人通名件").strip()
        return super().to_python(value)


class SendForm(forms.Form):
    """Step 4: the number, typed, and the way of sending that the page shows as chosen."""

    egress = forms.UUIDField(
        required=False, error_messages={"invalid": _("Choose one of the ways of sending.")}
    )
    typed_number = NumberField(
        label=_("Type the number of people"),
        min_value=0,
        widget=forms.TextInput(
            {"inputmode": "numeric", "autocomplete": "off", "form": "send-form"}
        ),
        error_messages={"invalid": _("Type the number in figures, such as 1000.")},
    )
    seal = forms.CharField(widget=forms.HiddenInput)


class TestForm(forms.Form):
    """A test letter to oneself."""

    recipient = forms.EmailField(label=_("Send a test to"))
    recipient.widget.attrs["autocomplete"] = "email"


def fallback_rows(names: list[str], fallbacks: dict[str, str]) -> list[tuple[str, str]]:
    """Each field with what stands there when a person's field is empty."""
    return [(name, fallbacks.get(name, "")) for name in names]
