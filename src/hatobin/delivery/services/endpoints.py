"""From a stored egress to an endpoint that the SMTP client can use: secrets opened, sandbox filled in."""

from __future__ import annotations

import ipaddress
import uuid
from urllib.parse import urlsplit

from django.conf import settings

from hatobin.accounts.services.sealing import vault_of
from hatobin.common.hosts import is_loopback
from hatobin.delivery.egress.endpoint import Endpoint, Security, Timeouts
from hatobin.delivery.models import EgressKind, TlsMode
from hatobin.delivery.sandbox.logins import sandbox_password
from hatobin.delivery.seals import password_context

_SECURITY: dict[str, Security] = {
    TlsMode.NONE.value: "none",
    TlsMode.OPPORTUNISTIC.value: "starttls",
    TlsMode.STARTTLS.value: "starttls-required",
    TlsMode.TLS.value: "tls",
}


def endpoint_of(
    *,
    id: uuid.UUID,  # noqa: A002 - the column's name
    workspace_id: uuid.UUID,
    kind: str,
    host: str,
    port: int,
    tls: str,
    username: str,
    sealed_password: bytes | memoryview | None,
    timeouts: Timeouts | None = None,
) -> Endpoint:
    """The endpoint of a stored egress; the sandbox's port is the one of this installation."""
    if kind == EgressKind.SANDBOX:
        return relay_endpoint(
            host="127.0.0.1",
            port=settings.HATOBIN.sandbox_port,
            tls=TlsMode.NONE,
            username=workspace_id.hex,
            password=sandbox_password(workspace_id),
            timeouts=timeouts,
        )
    if kind != EgressKind.SMTP_RELAY:
        raise ValueError(f"{kind} is not one server")
    password = ""
    if sealed_password is not None:
        password = vault_of(workspace_id).open(sealed_password, password_context(id)).decode()
    return relay_endpoint(
        host=host, port=port, tls=tls, username=username, password=password, timeouts=timeouts
    )


def relay_endpoint(
    *,
    host: str,
    port: int,
    tls: str,
    username: str,
    password: str,
    timeouts: Timeouts | None = None,
) -> Endpoint:
    """A relay's endpoint. On this machine itself the certificate is not checked: nobody is between."""
    return Endpoint(
        host=host,
        port=port,
        security=_SECURITY[tls],
        username=username,
        password=password,
        helo_name=helo_name(),
        verify=not is_loopback(host),
        timeouts=timeouts or Timeouts(),
    )


def helo_name() -> str:
    """How we introduce ourselves: the host of the public address (RFC 5321 section 4.1.1.1)."""
    name = urlsplit(settings.HATOBIN.public_url).hostname or "127.0.0.1"
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
