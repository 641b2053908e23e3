"""Forms of the five steps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hatobin.campaigns.models import LetterKind
from hatobin.content.letters import LetterDraft


class NameForm(forms.Form):
    """A letter's name in the office."""

    name = forms.CharField(
        label=_("Name of this letter"),
        max_length=200,
        help_text=_("Only you see it. For example: December newsletter"),
    )


class ChooseListForm(forms.Form):
    """Step 1: which list."""

    list_id = forms.ChoiceField(label=_("List"), widget=forms.RadioSelect)

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
        names = ("mode", "subject", "preheader", "html", "text", "text_edited", "fallbacks")
        return LetterDraft(**{name: self.cleaned_data[name] for name in names})


class SendForm(forms.Form):
    """Step 4: the number, typed."""

    typed_number = forms.IntegerField(
        label=_("Type the number of people"),
        min_value=0,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    seal = forms.CharField(widget=forms.HiddenInput)


class TestForm(forms.Form):
    """A test letter to oneself."""

    recipient = forms.EmailField(label=_("Send a test to"))


def fallback_rows(names: list[str], fallbacks: dict[str, str]) -> list[tuple[str, str]]:
    """Each field with what stands there when a person's field is empty."""
    return [(name, fallbacks.get(name, "")) for name in names]
