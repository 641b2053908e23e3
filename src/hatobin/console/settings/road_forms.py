"""Forms of the ways of sending: a relay, a mail service, straight to the recipients' servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from hatobin.delivery.egress.providers import PROVIDERS
from hatobin.delivery.models import TlsMode
from hatobin.delivery.queries.egresses import EgressView
from hatobin.delivery.rules.sources import HEAVIEST, MOST

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


MORE = ("connections", "messages_per_connection", "trial_host", "trial_port")


def _messages_per_connection() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Letters over one connection"),
        min_value=1,
        max_value=10_000,
        initial=100,
        required=False,
        help_text=_("After so many a new connection is made."),
    )


class RoadForm(forms.Form):
    """What every way of sending has."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Only you see it."))
    fallback_id = forms.TypedChoiceField(
        label=_("If it does not work"),
        coerce=uuid.UUID,
        empty_value=None,
        required=False,
        help_text=_("Letters that cannot leave this way go by the other one."),
    )
    make_default = forms.BooleanField(label=_("Use it for new letters"), required=False)
    connections = forms.IntegerField(
        label=_("Connections at a time"),
        min_value=1,
        max_value=1000,
        initial=5,
        required=False,
        help_text=_("The delivery pace may allow fewer."),
    )

    @property
    def has_more(self) -> bool:
        """Whether something under "More settings" must be seen: it is wrong, or a trial is on."""
        return any(self[name].errors for name in MORE if name in self.fields)

    @property
    def more_fields(self) -> Iterator[forms.BoundField]:
        """What hardly anybody changes."""
        return (self[name] for name in MORE if name in self.fields)

    def offer_fallbacks(self, others: Iterable[EgressView]) -> None:
        """The real ways of sending besides this one; without any there is nothing to choose."""
        real = [(str(each.id), each.name) for each in others if not each.sandbox]
        self.fields["fallback_id"].choices = [("", _("Letters wait until it works again")), *real]  # type: ignore[attr-defined]
        if not real:
            del self.fields["fallback_id"]


class RelayForm(RoadForm):
    """An SMTP relay."""

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

    messages_per_connection = _messages_per_connection()

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


DIRECT_TLS_HINTS = {
    TlsMode.OPPORTUNISTIC: _(
        "The usual choice. Some servers still cannot encrypt; they get their letters too."
    ),
    TlsMode.STARTTLS: _(
        "Letters to servers that cannot encrypt wait, and are given up in the end."
    ),
}
_DIRECT_TLS = {
    TlsMode.OPPORTUNISTIC: _("Wherever the server can"),
    TlsMode.STARTTLS: _("Always"),
}


class DirectForm(RoadForm):
    """A direct road; its addresses are forms of their own (``SourceForm``)."""

    tls = forms.ChoiceField(
        label=_("Encryption"),
        choices=list(_DIRECT_TLS.items()),
        initial=TlsMode.OPPORTUNISTIC,
        widget=forms.RadioSelect,
    )
    to = forms.CharField(
        label=_("Whom to reach in the test"),
        max_length=254,
        required=False,
        help_text=_(
            "An address or a domain, such as your own at another company. No letter is sent to it. "
            "Empty: the sender's address."
        ),
    )
    messages_per_connection = _messages_per_connection()
    trial_host = forms.CharField(
        label=_("Trial: send everything to this server"),
        max_length=253,
        required=False,
        help_text=_("Whoever the recipient is. Empty: to each recipient's own server, as usual."),
    )
    trial_port = forms.IntegerField(
        label=_("Port of that server"), min_value=1, max_value=65535, initial=25, required=False
    )

    @property
    def has_more(self) -> bool:
        """Also while a trial is on."""
        return super().has_more or bool(self["trial_host"].value())


class SourceForm(forms.Form):
    """One address to send from."""

    ehlo_name = forms.CharField(label=_("Server name"), max_length=253, required=False)
    address = forms.CharField(label=_("IP address"), max_length=60, required=False)
    weight = forms.IntegerField(
        label=_("Share"), min_value=0, max_value=HEAVIEST, required=False, initial=1
    )

    @property
    def is_empty(self) -> bool:
        """Nothing was filled in: the row is left out."""
        return not (self.cleaned_data.get("address") or self.cleaned_data.get("ehlo_name"))

    def to_source(self) -> dict[str, object]:
        """As the service takes it."""
        weight = self.cleaned_data.get("weight")
        return {
            "address": self.cleaned_data.get("address", ""),
            "ehlo_name": self.cleaned_data.get("ehlo_name", ""),
            "weight": 1 if weight is None else weight,
        }


SourceForms = forms.formset_factory(
    SourceForm, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True
)


class ServiceForm(RoadForm):
    """A mail service: its own fields, secrets apart from the rest."""

    def __init__(self, provider: str, *args: Any, stored: EgressView | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in PROVIDERS[provider].fields:
            where = "credentials" if field.secret else "settings"
            kept = field.secret and stored is not None and stored.has_password
            shared: dict[str, Any] = {
                "label": field.label,
                "required": field.required and not kept and not field.choices,
                "help_text": field.help,
            }
            if field.choices:
                shared |= {"choices": field.choices, "initial": field.choices[0][0]}
                made: forms.Field = forms.ChoiceField(widget=forms.RadioSelect, **shared)
            elif field.secret:
                widget = forms.PasswordInput({"autocomplete": "off"})
                made = forms.CharField(widget=widget, max_length=500, **shared)
            else:
                made = forms.CharField(max_length=200, **shared)
            self.fields[f"{where}.{field.name}"] = made

    @property
    def own_fields(self) -> Iterator[forms.BoundField]:
        """The service's, in its order."""
        return (self[name] for name in self.fields if "." in name)

    def part(self, where: str) -> dict[str, str]:
        """``settings`` or ``credentials``, by the service's names."""
        return {
            name.partition(".")[2]: value
            for name, value in self.cleaned_data.items()
            if name.startswith(f"{where}.")
        }

    def keep(self, secrets: Mapping[str, str]) -> None:
        """These were typed before a test: they need not be typed again."""
        for name in secrets:
            field = self.fields[f"credentials.{name}"]
            field.required = False
            field.widget.attrs["placeholder"] = "••••••••"
