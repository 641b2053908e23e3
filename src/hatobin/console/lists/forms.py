"""Forms of lists and imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from hatobin.audience.models import ConsentBasis, Field, FieldKind
from hatobin.audience.reasons import file_problem
from hatobin.audience.services.uploads import ReadingOverride
from hatobin.audience.sheets import Preview
from hatobin.console.lists.wording import delimiter_name, encoding_name

VALUE_MAX = 10_000  # as a cell of a file may hold


def _limit() -> str:
    return now("At most %(limit)s MB.") % {"limit": settings.HATOBIN.upload_limit_mb}


class UploadForm(forms.Form):
    """A spreadsheet. Whether it is one is told by its content alone, so nothing is asked of its name."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=format_lazy(
            "{} {}",
            _("Excel (xlsx, xls), OpenDocument (ods), CSV or TSV. One row a person."),
            lazy(_limit, str)(),
        ),
        allow_empty_file=True,  # the service says better what to do
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.ods"}),
        error_messages={"required": _("Choose a file first.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = settings.HATOBIN.upload_limit_mb
        problem = file_problem("too-large", {"limit": limit})
        self.fields["file"].widget.attrs |= {
            "data-limit": limit * 1024 * 1024,
            "data-too-large": str(problem),
        }


class ImportForm(forms.Form):
    """Where the people go, on what basis, and which column is the address."""

    list_name = forms.CharField(
        label=_("Name of the list"),
        max_length=120,
        help_text=_("A name that is used already adds to that list."),
        widget=forms.TextInput({"list": "list-names", "autocomplete": "off"}),
    )
    basis = forms.ChoiceField(
        label=_("Why may you write to these people?"),
        choices=ConsentBasis.choices,
        widget=forms.RadioSelect,
        help_text=_("The law asks for it. It is stored with each person."),
    )
    address = forms.ChoiceField(
        label=_("Column with the mail address"),
        error_messages={"required": _("Choose the column that holds the mail addresses.")},
    )

    def __init__(self, *args: Any, columns: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].choices = columns  # type: ignore[attr-defined]


class ReadingForm(forms.Form):
    """How the file is read, when the guess was wrong. Everything may be left to the guess."""

    ENCODINGS = ("cp932", "utf-8", "utf-8-sig", "utf-16", "iso-2022-jp", "euc-jp")
    DELIMITERS = {",": ",", "tab": "\t", ";": ";", "|": "|"}
    encoding = forms.ChoiceField(
        label=_("Character encoding"),
        choices=[("", _("As recognised"))] + [(each, encoding_name(each)) for each in ENCODINGS],
        required=False,
    )
    delimiter = forms.ChoiceField(
        label=_("Columns are separated by"),
        choices=[("", _("As recognised"))]
        + [(key, delimiter_name(value)) for key, value in DELIMITERS.items()],
        required=False,
    )
    sheet = forms.CharField(
        label=_("Sheet"), required=False, strip=False, max_length=255, widget=forms.Select
    )
    header_row = forms.IntegerField(
        label=_("Row with the column names"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_("Empty: as recognised. 0: the file has none."),
    )

    @classmethod
    def asked(cls, query: Any) -> ReadingForm:
        """The form as the address of the page says; unbound where it says nothing."""
        return cls(query if any(name in query for name in cls.base_fields) else None)

    def override(self) -> ReadingOverride | None:
        """What was corrected and is possible; None for nothing."""
        if not self.is_bound:
            return None
        self.full_clean()
        data = self.cleaned_data
        return ReadingOverride(
            encoding=data.get("encoding") or None,
            delimiter=self.DELIMITERS.get(data.get("delimiter", "")),
            sheet=data.get("sheet") or None,
            header_row=data.get("header_row"),
        )

    def show(self, preview: Preview) -> None:
        """Offers what this file has: its sheets, or encodings and separators."""
        if preview.reading.kind == "csv":
            del self.fields["sheet"]
            return
        del self.fields["encoding"], self.fields["delimiter"]
        if len(preview.sheets) < 2:
            del self.fields["sheet"]
            return
        names = [(sheet.name, f"{sheet.name} ({sheet.rows:,})") for sheet in preview.sheets]
        self.fields["sheet"].widget.choices = [("", _("As recognised")), *names]


class PersonForm(forms.Form):
    """One person: a control for each field. The address is who they are and stays."""

    def __init__(
        self, *args: Any, fields: Sequence[Field], values: dict[str, str] | None = None, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self._keys = {field.name: f"field-{number}" for number, field in enumerate(fields)}
        for field in fields:
            value = (values or {}).get(field.name, "")
            self.fields[self._keys[field.name]] = forms.CharField(
                label=field.name,
                required=False,
                initial=value,
                max_length=VALUE_MAX,
                widget=_control(field.kind, value),
            )

    def key_of(self, name: str | None) -> str | None:
        """The control of the field that a service's error names."""
        return self._keys.get(name or "", name)

    def values(self) -> dict[str, str]:
        """Field name to value."""
        return {name: self.cleaned_data[key] for name, key in self._keys.items()}


class NewPersonForm(PersonForm):
    """A person who is added by hand, with the basis."""

    address = forms.CharField(
        label=_("Mail address"),
        max_length=254,
        widget=forms.TextInput({"inputmode": "email", "autocomplete": "off"}),
    )
    basis = forms.ChoiceField(
        label=_("Why may you write to this person?"),
        choices=ConsentBasis.choices,
        widget=forms.RadioSelect,
        help_text=_("The law asks for it. It is stored with each person."),
    )


class ListNameForm(forms.Form):
    """A list's name."""

    list_name = forms.CharField(label=_("Name of the list"), max_length=120)


FIELD_KINDS = FieldKind.choices


def _control(kind: str, value: str) -> forms.Widget:
    """Free text may have lines, which a one-line control would swallow."""
    if kind == FieldKind.TEXT:
        return forms.Textarea({"rows": max(1, min(6, value.count("\n") + 1)), "class": "lines"})
    return forms.TextInput()
