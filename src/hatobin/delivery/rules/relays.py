"""What a relay's settings may be. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Invalid
from hatobin.common.hosts import is_loopback

TLS_MODES = frozenset({"none", "opportunistic", "starttls", "tls"})
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]{3,45}")


def check_relay(*, host: str, port: int, tls: str, username: str) -> None:
    """Raises Invalid, naming the field. A password goes unencrypted only to this machine itself."""
    if not _HOST.fullmatch(host):
        raise Invalid(
            "bad-host",
            _("This is not the name of a server."),
            advice=_("Write it like smtp.example.jp."),
            field="host",
        )
    if not 1 <= port <= 65535:
        raise Invalid("bad-port", _("The port is a number from 1 to 65535."), field="port")
    if tls not in TLS_MODES:
        raise Invalid("unknown-tls", _("Choose how the connection is protected."), field="tls")
    if username and tls == "none" and not is_loopback(host):
        raise Invalid(
            "auth-needs-tls",
            _("The password would travel unencrypted."),
            advice=_("Choose STARTTLS or TLS."),
            field="tls",
        )
