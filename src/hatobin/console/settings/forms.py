"""Forms of the settings screens."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Role


class WorkspaceForm(forms.Form):
    """Name, language and public address."""

    name = forms.CharField(label=_("Workspace name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language of letters and of the unsubscribe page"), choices=settings.LANGUAGES
    )
    base_url = forms.CharField(
        label=_("Public web address"),
        required=False,
        help_text=_(
            "Unsubscribe links begin with it. Recipients must be able to open it. "
            "Leave it empty to use the address of this installation."
        ),
    )


class ProfileForm(forms.Form):
    """The legal footer."""

    organisation = forms.CharField(label=_("Organisation"), max_length=200)
    postal_address = forms.CharField(label=_("Postal address"), max_length=300)
    contact = forms.CharField(
        label=_("Contact for questions and complaints"),
        max_length=300,
        help_text=_("A phone number, a mail address or a web page."),
    )


class IdentityForm(forms.Form):
    """A From line."""

    display_name = forms.CharField(
        label=_("Sender name"), max_length=120, help_text=_("People see it in their inbox.")
    )
    address = forms.CharField(label=_("Sender address"), max_length=254)
    reply_to = forms.CharField(
        label=_("Reply address"),
        max_length=254,
        required=False,
        help_text=_("Only if replies should go elsewhere."),
    )
    make_default = forms.BooleanField(label=_("Use it for new letters"), required=False)


class InviteForm(forms.Form):
    """A new member."""

    email = forms.EmailField(label=_("Mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.SENDER)


class ApiKeyForm(forms.Form):
    """A new key for a program."""

    SCOPES = (
        ("read", _("Read sums and states")),
        ("people", _("Read people and download files")),
        ("lists", _("Import and change lists")),
        ("letters", _("Write letters")),
        ("send", _("Release and stop letters")),
        ("settings", _("Change senders and ways of sending")),
    )
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What program uses it?"))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=SCOPES, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Works for (days)"), min_value=1, max_value=366, initial=90)
