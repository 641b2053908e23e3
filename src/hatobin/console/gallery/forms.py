"""One form with a field of each kind."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

BASES = (
    ("consent", _("They agreed")),
    ("trade", _("They are customers")),
    ("published", _("The address is public")),
)


class GalleryForm(forms.Form):
    """Never saved."""

    subject = forms.CharField(
        label=_("Subject"), help_text=_("What the inbox shows first."), max_length=60
    )
    address = forms.EmailField(label=_("Mail address"))
    sender = forms.ChoiceField(label=_("Sender"), choices=(("1", "鳩便図書館 <news@example.jp>"),))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535)
    note = forms.CharField(
        label=_("Note"), required=False, widget=forms.Textarea({"rows": 3}), max_length=500
    )
    basis = forms.ChoiceField(
        label=_("Why may you write to these people?"), choices=BASES, widget=forms.RadioSelect
    )
    style = forms.ChoiceField(
        label=_("Format"),
        choices=(("rich", _("Formatted")), ("plain", _("Plain text"))),
        widget=forms.RadioSelect,
        initial="rich",
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=(("read", _("Read")), ("send", _("Send"))),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=["read"],
    )
    agreed = forms.BooleanField(label=_("I have read the letter once more"))
    file = forms.FileField(
        label=_("Spreadsheet"), help_text=_("Excel, CSV or TSV. One row a person.")
    )

    def clean(self) -> None:
        """Shows how an error of the whole form looks."""
        raise forms.ValidationError(_("This form is a specimen and cannot be sent."))


HINTS = {
    "consent": _("By a form, on paper or by word, with a date you can name."),
    "trade": _("You do business with them, and the letter is about it."),
    "published": _("A company that gives its address on its own site."),
}
