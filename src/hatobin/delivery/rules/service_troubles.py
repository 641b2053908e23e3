"""What is wrong with a mail service, or with a direct road, in words: by kind of egress, then by code.

Codes are those of ``egress.providers.reply.ProviderReply``. A code that is not here has the words that
every way of sending shares (``troubles``).
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Trouble(NamedTuple):
    """``text``: what is wrong; ``advice``: what to do next."""

    text: str | Promise
    advice: str | Promise


_WAIT = _("Wait a little. If it stays, look at the mail service's own status page.")
_NETWORK = _("Check this machine's network, and whether a firewall lets HTTPS out.")
_AWAY = Trouble(_("The mail service cannot be reached."), _NETWORK)
_ODD = Trouble(_("The mail service gave an answer that makes no sense."), _WAIT)
_NO_WAY_OUT = Trouble(
    _("The recipients' mail servers cannot be reached."),
    _(
        "Many networks and clouds block port 25. Ask whoever runs the network to open it, "
        "or send by a relay or a mail service."
    ),
)

SERVICE_TROUBLES: dict[str, Trouble] = {
    "key-refused": Trouble(
        _("The mail service does not accept the key."),
        _("Make a new key on its own page, and enter it here."),
    ),
    "no-permission": Trouble(
        _("The key may not send letters."),
        _("Give it the right to send on the mail service's own page, or enter another key."),
    ),
    "out-of-credit": Trouble(
        _("The account with the mail service has nothing left to send with."),
        _("Top it up or change the plan on the mail service's own page. Letters wait."),
    ),
    "account-paused": Trouble(
        _("The mail service does not let this account send at present."),
        _("Its own page says why: a check that is not over, complaints, or too many bounces."),
    ),
    "trial-account": Trouble(
        _("The account is still on trial: it sends only to addresses that it has verified."),
        _("Ask the mail service for full access (Amazon SES: “production access”)."),
    ),
    "domain-unknown": Trouble(
        _("The mail service does not know the sending domain."),
        _("Check its spelling and region, and add it on the mail service's own page."),
    ),
    "sender-refused": Trouble(
        _("The mail service refuses letters from your sender address."),
        _("Verify the sender address or its domain on the mail service's own page."),
    ),
    "not-the-service": Trouble(
        _("Something other than the mail service answers."),
        _("Check region and settings, and whether a proxy or firewall is in the way."),
    ),
    "bad-setting": Trouble(
        _("One of the settings is not known to the mail service."),
        _("Compare region, stream and the like with the mail service's own page."),
    ),
    "package-missing": Trouble(
        _("A part that this mail service needs is not installed."),
        _("Ask whoever runs the installation to install hatobin[ses]."),
    ),
    "proxy": Trouble(
        _("The proxy of this network does not let the request through."),
        _("Ask whoever runs the network to let this machine reach the mail service."),
    ),
    "throttled": Trouble(
        _("The mail service says that it is too much at a time, or that today's amount is used."),
        _("Letters wait and go on automatically. If it happens often, ask for a higher limit."),
    ),
    "service-trouble": Trouble(_("The mail service has a fault of its own."), _WAIT),
    "gateway": Trouble(_("The mail service has a fault of its own."), _WAIT),
    "unreadable": _ODD,
    "request-refused": Trouble(
        _("The mail service refuses the request."), _("Its own words say why.")
    ),
}

_OF_PROVIDERS = SERVICE_TROUBLES | {
    "host-unknown": _AWAY,
    "refused": _AWAY,
    "unreachable": _AWAY,
    "timeout": _AWAY,
    "closed": _AWAY,
    "endless": _ODD,
    "certificate": Trouble(
        _("Somebody in between answers in place of the mail service."),
        _("Its certificate is not valid. Ask whoever runs the network about a proxy."),
    ),
    "seal-broken": Trouble(
        _("The stored keys cannot be read."), _("Enter the keys of this way of sending again.")
    ),
}

BY_KIND: dict[str, dict[str, Trouble]] = {
    "provider": _OF_PROVIDERS,
    "direct": {
        "refused": _NO_WAY_OUT,
        "unreachable": _NO_WAY_OUT,
        "timeout": _NO_WAY_OUT,
        "ehlo-refused": Trouble(
            _("The server does not accept the name of the address."),
            _("Use a full server name that leads to the address, and back (reverse name, PTR)."),
        ),
        "greeting-refused": Trouble(
            _("The server does not want to talk to this machine."),
            _("Its words say why: often a missing reverse name (PTR), or an entry on a blocklist."),
        ),
        "sender-refused": Trouble(
            _("The server refuses letters from your sender address."),
            _(
                "Let the SPF entry of the sending domain name the addresses that letters leave from."
            ),
        ),
        "rcpt-refused": Trouble(
            _("The server does not take a letter for this address from here."),
            _(
                "Its words say why: there is no such address, or the reverse name (PTR) or "
                "the SPF entry of the sending domain is missing."
            ),
        ),
    },
}
