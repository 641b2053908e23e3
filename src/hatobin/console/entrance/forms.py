"""Forms of the ways in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class PersonForm(forms.Form):
    """Who somebody is and how they sign in."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 10 characters. A sentence that only you know is a good one."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
    )
    password_again = forms.CharField(
        label=_("Password once more"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
    )

    def clean_password_again(self) -> str:
        """Both must be the same."""
        again: str = self.cleaned_data["password_again"]
        if again != self.cleaned_data.get("password"):
            raise forms.ValidationError(_("The two passwords differ. Type them again."))
        return again


class OwnerForm(PersonForm):
    """The first owner and the workspace."""

    workspace_name = forms.CharField(
        label=_("Your organisation"),
        max_length=120,
        help_text=_("For example the name of your town hall, school or company."),
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    email = forms.EmailField(
        label=_("Your mail address"),
        help_text=_("You sign in with it."),
        widget=forms.EmailInput({"autocomplete": "username"}),
    )
    field_order = ("workspace_name", "name", "email", "password", "password_again")
