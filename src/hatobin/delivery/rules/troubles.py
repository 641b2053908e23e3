"""What is wrong with a road, in plain words, and what to do: by the kinds of ``egress.errors``."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.rules.service_troubles import BY_KIND, SERVICE_TROUBLES, Trouble

_CHECK_HOST = _("Check the server name for typing mistakes.")
_CHECK_PORT = _("Check server name and port; ask whoever runs the server.")
_CHECK_MODE = _("Usual pairs: port 587 with STARTTLS, port 465 with TLS from the start.")
_CHECK_LOGIN = _("Check user name and password; some providers want a separate app password.")
_CHECK_ADDRESS = _("Check the part of the address behind the @.")
_WAIT = _("Wait a little. If it stays, ask whoever runs the server.")

_TROUBLES: dict[str, Trouble] = {
    "host-unknown": Trouble(_("There is no server of this name."), _CHECK_HOST),
    "dns": Trouble(
        _("The name of the server cannot be looked up right now."),
        _("Check this machine's network and name service."),
    ),
    "refused": Trouble(_("No mail server answers on this port."), _CHECK_PORT),
    "unreachable": Trouble(_("The server cannot be reached over the network."), _CHECK_PORT),
    "timeout": Trouble(
        _("The server does not answer in time."),
        _("A firewall may be in the way, or the port is wrong. Many networks block port 25."),
    ),
    "greeting-timeout": Trouble(_("The server took the connection but says nothing."), _CHECK_MODE),
    "closed": Trouble(_("The server closed the connection."), _WAIT),
    "greeting-refused": Trouble(
        _("The server does not want to talk to this machine."),
        _("Ask whoever runs the server to let this machine in."),
    ),
    "ehlo-refused": Trouble(
        _("The server does not accept this machine's name."),
        _("Set the public web address of this installation to a name that exists."),
    ),
    "shutting-down": Trouble(_("The server is closing for a while."), _WAIT),
    "not-smtp": Trouble(_("Something other than a mail server answers on this port."), _CHECK_PORT),
    "endless": Trouble(_("The server's answer has no end."), _CHECK_PORT),
    "unasked": Trouble(_("The server answered without being asked."), _CHECK_PORT),
    "unexpected-reply": Trouble(_("The server gave an answer that makes no sense."), _WAIT),
    "starttls-not-offered": Trouble(_("The server does not offer STARTTLS."), _CHECK_MODE),
    "starttls-refused": Trouble(_("The server refuses to start encryption."), _CHECK_MODE),
    "starttls-injection": Trouble(
        _("Somebody on the way may be tampering with the connection."),
        _("Do not send over this network; tell whoever runs it."),
    ),
    "not-tls": Trouble(_("This port does not speak TLS from the start."), _CHECK_MODE),
    "certificate": Trouble(
        _("The server's certificate is not valid for this name."),
        _("Use the name that the certificate was made for, or have the certificate renewed."),
    ),
    "handshake": Trouble(_("The encrypted connection could not be made."), _CHECK_MODE),
    "mta-sts-mismatch": Trouble(
        _("The domain's security policy names none of its mail servers."),
        _("Letters wait. Whoever runs the domain has to correct policy or servers."),
    ),
    "mta-sts-tls": Trouble(
        _("The domain insists on proven encryption, which its server did not give."),
        _("Letters wait. If it stays, tell whoever runs the domain."),
    ),
    "no-such-domain": Trouble(_("There is no such domain."), _CHECK_ADDRESS),
    "no-mail": Trouble(_("The domain takes no mail."), _CHECK_ADDRESS),
    "no-mail-server": Trouble(_("The domain has no mail server."), _CHECK_ADDRESS),
    "mail-loop": Trouble(
        _("Letters to this domain would come back to this machine."),
        _("Whoever runs the domain has to enter its own mail server."),
    ),
    "bogus-address": Trouble(
        _("The domain's mail server has an address that cannot be reached."), _CHECK_ADDRESS
    ),
    "dns-loop": Trouble(
        _("The names of the domain refer to each other without end."),
        _("Whoever runs the domain has to correct its entries."),
    ),
    "source-unusable": Trouble(
        _("This machine does not have the address that it should send from."),
        _("Correct the addresses to send from, or give the address to this machine."),
    ),
    "source-family": Trouble(
        _("The domain's servers can be reached by IPv4 only, or by IPv6 only."),
        _("Add an address of the other kind to send from."),
    ),
    "no-source": Trouble(
        _("None of the addresses to send from can be used right now."),
        _("They are tried again automatically. If it stays, check the addresses and the network."),
    ),
    "auth-refused": Trouble(_("User name or password is wrong."), _CHECK_LOGIN),
    "auth-temporary": Trouble(_("The server cannot check the sign-in right now."), _WAIT),
    "auth-not-offered": Trouble(
        _("The server does not offer a sign-in here."),
        _("Leave user name and password empty, or use the port for sending (587 or 465)."),
    ),
    "auth-no-mechanism": Trouble(
        _("The server offers no way of signing in that this program knows."),
        _("Ask for a sign-in with PLAIN or LOGIN."),
    ),
    "auth-needs-tls": Trouble(
        _("The password would travel unencrypted."), _("Choose STARTTLS or TLS.")
    ),
    "needs-tls": Trouble(
        _("The server waits for TLS from the start."), _("Choose TLS from the start for this port.")
    ),
    "auth-required": Trouble(
        _("The server wants a user name and password before it takes letters."),
        _("Enter what whoever runs the server gave you for it."),
    ),
    "needs-starttls": Trouble(
        _("The server wants encryption before it takes letters."), _("Choose STARTTLS.")
    ),
    "sender-refused": Trouble(
        _("The server refuses letters from your sender address."),
        _("Have the sender address allowed for this server, or use another one."),
    ),
    "sender-later": Trouble(_("The server takes no letters at the moment."), _WAIT),
    "seal-broken": Trouble(
        _("The stored password cannot be read."),
        _("Enter the password of this way of sending again."),
    ),
}
# What is told with these is the operating system's or the TLS library's, not a server's.
_OUR_OWN = frozenset(
    {"host-unknown", "dns", "refused", "unreachable", "timeout", "greeting-timeout", "closed", "not-tls",
     "certificate", "handshake", "source-unusable", "source-family", "no-source", "mta-sts-mismatch",
     "mta-sts-tls", "starttls-injection", "no-such-domain", "no-mail-server", "proxy", "seal-broken"}
)  # fmt: skip
_OTHER = Trouble(_("The server cannot be used right now."), _WAIT)


def trouble_text(code: str, kind: str = "") -> str | Promise:
    """The sentence; empty for an empty code. ``kind`` of the egress: some mean the same code otherwise."""
    return _trouble(code, kind).text if code else ""


def trouble_advice(code: str, kind: str = "") -> str | Promise:
    """What to do next; empty for an empty code."""
    return _trouble(code, kind).advice if code else ""


def is_technical(code: str) -> bool:
    """Whether the words that come with it were never a server's."""
    return code in _OUR_OWN


def words_label(code: str) -> Promise:
    """What to call the words that come with a trouble."""
    return _("Technical details") if is_technical(code) else _("The server's words")


def _trouble(code: str, kind: str) -> Trouble:
    return (
        BY_KIND.get(kind, {}).get(code) or _TROUBLES.get(code) or SERVICE_TROUBLES.get(code, _OTHER)
    )
