"""Forms of lists and imports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hatobin.audience.models import ConsentBasis, FieldKind


class UploadForm(forms.Form):
    """A spreadsheet."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=_("Excel (xlsx, xls), CSV or TSV. One row a person."),
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods"}),
        error_messages={"required": _("Choose a file first.")},
    )


class ImportForm(forms.Form):
    """Where the people go, on what basis, and which column is the address."""

    list_name = forms.CharField(
        label=_("Name of the list"),
        max_length=120,
        help_text=_("A name that is used already adds to that list."),
    )
    basis = forms.ChoiceField(
        label=_("Why may you write to these people?"),
        choices=ConsentBasis.choices,
        widget=forms.RadioSelect,
        help_text=_("The law asks for it. It is stored with each person."),
    )
    address = forms.ChoiceField(label=_("Column with the mail address"))

    def __init__(self, *args: Any, columns: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].choices = columns  # type: ignore[attr-defined]


class ReadingForm(forms.Form):
    """How the file is read, when the guess was wrong."""

    ENCODINGS = (
        ("", _("As recognised")),
        ("cp932", _("Shift_JIS (Excel in Japan)")),
        ("utf-8", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("iso-2022-jp", "ISO-2022-JP (JIS)"),
        ("euc-jp", "EUC-JP"),
    )
    DELIMITERS = (
        ("", _("As recognised")),
        (",", _("Comma")),
        ("tab", _("Tab")),
        (";", _("Semicolon")),
    )
    encoding = forms.ChoiceField(label=_("Character encoding"), choices=ENCODINGS, required=False)
    delimiter = forms.ChoiceField(
        label=_("Columns are separated by"), choices=DELIMITERS, required=False
    )
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_row = forms.IntegerField(
        label=_("Row with the column names"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_("0 if the file has none."),
    )

    def __init__(self, *args: Any, sheets: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sheet"].choices = [("", _("As recognised"))] + [(s, s) for s in sheets]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """One person: a text field for each field. The address is who they are and stays."""

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in names:
            self.fields[f"field:{name}"] = forms.CharField(
                label=name, required=False, max_length=2000
            )

    def values(self) -> dict[str, str]:
        """Field name to value."""
        return {
            key.removeprefix("field:"): value
            for key, value in self.cleaned_data.items()
            if key.startswith("field:")
        }


class NewPersonForm(PersonForm):
    """A person who is added by hand, with the basis."""

    address = forms.CharField(label=_("Mail address"), max_length=254)
    basis = forms.ChoiceField(
        label=_("Why may you write to this person?"), choices=ConsentBasis.choices
    )
    field_order = ("address",)


class ListNameForm(forms.Form):
    """A list's name."""

    name = forms.CharField(label=_("Name of the list"), max_length=120)


FIELD_KINDS = FieldKind.choices
