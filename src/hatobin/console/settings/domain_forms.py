"""Forms of the screens of sending domains."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SecretText(forms.Textarea):
    """What was typed is never written into a page."""

    def format_value(self, value: object) -> str:
        """Always empty."""
        return ""


class DomainForm(forms.Form):
    """A new sending domain."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=253,
        help_text=_("What stands behind the @ of your sender address, like example.jp."),
    )


class BouncesForm(forms.Form):
    """Where bounces go."""

    return_path = forms.CharField(
        label=_("Domain for bounces"),
        max_length=253,
        required=False,
        help_text=_(
            "A subdomain, like bounce.example.jp. Leave it empty to use the sender address itself."
        ),
    )


class ImportForm(forms.Form):
    """A key that was made elsewhere."""

    private_key = forms.CharField(
        label=_("Private key (PEM)"),
        max_length=20_000,
        help_text=_(
            "The whole text, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----. "
            "It is stored sealed and never shown again."
        ),
        widget=SecretText({"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
    )
    selector = forms.CharField(
        label=_("Selector"),
        max_length=63,
        required=False,
        help_text=_(
            "The name under which the key is published already: what stands before ._domainkey. "
            "Leave it empty for a new one."
        ),
    )
