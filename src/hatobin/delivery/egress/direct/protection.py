"""How well a conversation has to be protected, and whether one that is open is protected enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from hatobin.delivery.egress.direct.sts_policy import host_matches

Level = Literal["opportunistic", "encrypted", "verified"]
_ORDER: tuple[Level, ...] = ("opportunistic", "encrypted", "verified")


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """``opportunistic``: TLS where it works, else in the clear (RFC 7435). ``encrypted``: TLS, whoever
    the server is. ``verified``: TLS, and the certificate is valid for the MX host's name.

    ``patterns``: only MX hosts that match one of them; empty for any. ``policy``: where it comes
    from, for the history, such as ``mta-sts enforce 20260101``.
    """

    level: Level = "opportunistic"
    patterns: tuple[str, ...] = ()
    policy: str = ""

    def admits(self, host: str) -> bool:
        """Whether mail may go to this MX host."""
        return not self.patterns or any(host_matches(each, host) for each in self.patterns)

    def at_least(self, level: Level) -> Protection:
        """The same, but not weaker than ``level``."""
        return replace(self, level=max(self.level, level, key=_ORDER.index))


OPPORTUNISTIC = Protection()


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an open conversation is, for the history of a letter.

    ``tls_version`` and ``tls_cipher`` are empty in the clear. ``fell_back``: why there is no TLS
    though the server offers it: a kind of TlsFailed, else empty.
    """

    mx_host: str
    address: str
    source: str
    local_address: str
    ehlo: str
    tls_version: str
    tls_cipher: str
    verified: bool
    fell_back: str
    policy: str

    def fits(self, protection: Protection) -> bool:
        """Whether a letter with this protection may use the conversation, which was opened for another.

        Many domains share their servers; what one demands the other may not.
        """
        if not protection.admits(self.mx_host):
            return False
        if protection.level == "verified":
            return self.verified
        return protection.level == "opportunistic" or bool(self.tls_version)
