"""Forms of the settings screens."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from hatobin.accounts.models import Role
from hatobin.delivery.models import TlsMode


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


TLS_HINTS = {
    TlsMode.STARTTLS: _("The usual choice, port 587. Without encryption nothing is sent."),
    TlsMode.TLS: _("For servers that ask for SSL or SMTPS, port 465."),
    TlsMode.OPPORTUNISTIC: _(
        "For a server in your own network, often port 25. Letters go unencrypted where it cannot do more."
    ),
    TlsMode.NONE: _("Only for a server on this machine. Everyone on the way can read along."),
}
# The safest first, not the order in which they are stored.
_TLS_CHOICES = [(mode, TlsMode(mode).label) for mode in TLS_HINTS]


class RelayForm(forms.Form):
    """An SMTP relay."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Only you see it."))
    host = forms.CharField(
        label=_("Server"), max_length=253, help_text=_("For example smtp.example.jp")
    )
    tls = forms.ChoiceField(
        label=_("Encryption"),
        choices=_TLS_CHOICES,
        initial=TlsMode.STARTTLS,
        widget=forms.RadioSelect,
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        initial=587,
        help_text=_("Usually 587, or 465 with TLS."),
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=254,
        required=False,
        help_text=_("Leave it empty if the server asks for none."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        help_text=_("It is stored sealed and never shown again."),
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    make_default = forms.BooleanField(label=_("Use it for new letters"), required=False)

    def explain_password(self, *, stored: bool) -> None:
        """Says when the field may stay empty."""
        if stored:
            self.fields["password"].help_text = _(
                "It is stored sealed and never shown again. Leave it empty to keep the stored one."
            )

    def explain_kept(self, *, minutes: int) -> None:
        """After a test: the password need not be typed again for so many minutes; 0: it must."""
        if minutes:
            field = self.fields["password"]
            field.help_text = ngettext(
                "The password you tested is kept for %(minutes)s minute. Leave the field empty to save it.",
                "The password you tested is kept for %(minutes)s minutes. Leave the field empty to save it.",
                minutes,
            ) % {"minutes": minutes}
            field.widget.attrs["placeholder"] = "••••••••"


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
