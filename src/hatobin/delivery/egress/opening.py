"""From nothing to a conversation: connect, greet, protect, sign in."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache

from hatobin.delivery.egress.channel import Broken, Channel, closing_on_error
from hatobin.delivery.egress.endpoint import Endpoint
from hatobin.delivery.egress.errors import AuthFailed, ConnectFailed, GreetingRefused, TlsFailed
from hatobin.wire.reply import Reply

Features = Mapping[str, str]


async def open_channel(
    endpoint: Endpoint, sock: socket.socket | None = None
) -> tuple[Channel, Features]:
    """A channel that is ready for MAIL, and what the server offers (keyword: parameters).

    ``sock`` is connected already: ``endpoint.host`` is then only the name that a certificate has to
    carry. Raises ConnectFailed, GreetingRefused, TlsFailed or AuthFailed.
    """
    channel = await _connect(endpoint, sock)
    with closing_on_error(channel):
        try:
            features = await _converse(channel, endpoint)
        except Broken as broken:
            raise _not_ready(broken) from None
        if endpoint.username:
            await _sign_in(channel, features, endpoint)
    return channel, features


async def _connect(endpoint: Endpoint, sock: socket.socket | None) -> Channel:
    channel = Channel()
    if endpoint.security != "tls":
        channel.expect()
    try:
        async with asyncio.timeout(endpoint.timeouts.connect):
            loop = asyncio.get_running_loop()
            if sock is None:
                await loop.create_connection(lambda: channel, endpoint.host, endpoint.port)
            else:
                await loop.create_connection(lambda: channel, sock=sock)
    except (OSError, UnicodeError) as error:
        raise unconnected(error) from error
    return channel


def unconnected(error: Exception) -> ConnectFailed:
    """Why connecting failed, by what the operating system said."""
    detail = str(error)
    if isinstance(error, UnicodeError):
        return ConnectFailed("host-unknown", temporary=False, detail=detail)
    if isinstance(error, socket.gaierror):
        later = error.errno == socket.EAI_AGAIN
        return ConnectFailed("dns" if later else "host-unknown", temporary=later, detail=detail)
    if isinstance(error, TimeoutError):
        return ConnectFailed("timeout", temporary=True, detail=detail)
    # Several addresses tried: asyncio packs their errors into the text of one.
    refused = f"[Errno {errno.ECONNREFUSED}]" in detail
    if isinstance(error, ConnectionRefusedError) or refused:
        return ConnectFailed("refused", temporary=True, detail=detail)
    return ConnectFailed("unreachable", temporary=True, detail=detail)


def _not_ready(broken: Broken) -> ConnectFailed | GreetingRefused:
    if broken.kind in {"closed", "timeout"}:
        kind = "greeting-timeout" if broken.kind == "timeout" else "closed"
        return ConnectFailed(kind, temporary=True, detail=broken.detail)
    temporary = broken.kind == "shutting-down"
    return GreetingRefused(broken.kind, temporary=temporary, reply=broken.reply)


async def _converse(channel: Channel, endpoint: Endpoint) -> Features:
    if endpoint.security == "tls":
        await _protect(channel, endpoint, early="not-tls")
    reply = await channel.read(endpoint.timeouts.greeting)
    if not reply.positive:
        raise GreetingRefused("greeting-refused", temporary=reply.transient, reply=reply)
    features = await _hello(channel, endpoint)
    if endpoint.security in {"starttls", "starttls-required"}:
        return await _start_tls(channel, features, endpoint)
    return features


async def _hello(channel: Channel, endpoint: Endpoint) -> Features:
    reply = await _command(channel, f"EHLO {endpoint.helo_name}", endpoint)
    if reply.positive:
        return _features(reply)
    if reply.permanent:  # older than RFC 1869
        reply = await _command(channel, f"HELO {endpoint.helo_name}", endpoint)
    if not reply.positive:
        raise GreetingRefused("ehlo-refused", temporary=reply.transient, reply=reply)
    return {}


def _features(reply: Reply) -> Features:
    found: dict[str, str] = {}
    for line in reply.text.split("\n")[1:]:
        # "AUTH=PLAIN" is how servers wrote it before RFC 2554, often beside the right form.
        keyword, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
        name = keyword.upper()
        found[name] = f"{found.get(name, '')} {parameters}".strip()
    return found


async def _start_tls(channel: Channel, features: Features, endpoint: Endpoint) -> Features:
    if "STARTTLS" not in features:
        if endpoint.security == "starttls":
            return features
        raise TlsFailed("starttls-not-offered", temporary=False)
    reply = await _command(channel, "STARTTLS", endpoint)
    if reply.code != 220:
        raise TlsFailed("starttls-refused", temporary=reply.transient, reply=reply)
    # Whatever came before the handshake, features included, is forgotten (RFC 3207 section 4.2).
    await _protect(channel, endpoint, early="starttls-injection")
    return await _hello(channel, endpoint)


async def _protect(channel: Channel, endpoint: Endpoint, *, early: str) -> None:
    """Turns TLS on; ``early`` is the kind of failure when the server spoke before the handshake."""
    verify = endpoint.verify and endpoint.security != "starttls"
    try:
        await channel.start_tls(
            tls_context(verify),
            endpoint.host,
            endpoint.timeouts.tls,
            greeting=endpoint.security == "tls",
        )
    except Broken as broken:
        kind = "handshake" if broken.kind == "closed" else early
        raise TlsFailed(kind, temporary=broken.kind == "closed") from None
    except ssl.SSLCertVerificationError as error:
        detail = error.verify_message
        raise TlsFailed("certificate", temporary=False, detail=detail) from error
    except ssl.SSLError as error:
        kind = "not-tls" if error.reason == "WRONG_VERSION_NUMBER" else "handshake"
        raise TlsFailed(kind, temporary=kind == "handshake", detail=str(error)) from error
    except (ConnectionAbortedError, TimeoutError) as error:
        raise TlsFailed("timeout", temporary=True, detail=str(error)) from error
    except OSError as error:
        raise TlsFailed("handshake", temporary=True, detail=str(error)) from error


def tls_context(verify: bool) -> ssl.SSLContext:
    """For a client, TLS 1.2 or newer; the machine's trusted certificates."""
    # Reading the trusted certificates takes some 20 ms, too long for every connection.
    return _cached_context(
        verify, os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    )


@lru_cache(maxsize=8)
def _cached_context(verify: bool, _file: str, _folder: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _sign_in(channel: Channel, features: Features, endpoint: Endpoint) -> None:
    if not (channel.secure or endpoint.is_loopback or endpoint.allow_plain_auth):
        raise AuthFailed("auth-needs-tls", temporary=False)
    if "AUTH" not in features:
        raise AuthFailed("auth-not-offered", temporary=False)
    mechanisms = features["AUTH"].upper().split()
    try:
        reply = await _authenticate(channel, mechanisms, endpoint)
    except Broken as broken:
        raise AuthFailed(broken.kind, temporary=True, reply=broken.reply) from None
    if not reply.positive:
        kind = "auth-temporary" if reply.transient else "auth-refused"
        raise AuthFailed(kind, temporary=reply.transient, reply=reply)


async def _authenticate(channel: Channel, mechanisms: list[str], endpoint: Endpoint) -> Reply:
    user, password = endpoint.username, endpoint.password
    if "PLAIN" in mechanisms:  # RFC 4616
        secret = _base64(f"\0{user}\0{password}")
        return await _command(channel, f"AUTH PLAIN {secret}", endpoint)
    if "LOGIN" not in mechanisms:
        raise AuthFailed("auth-no-mechanism", temporary=False)
    reply = await _command(channel, "AUTH LOGIN", endpoint)
    for secret in (user, password):
        if not reply.intermediate:
            return reply
        reply = await _command(channel, _base64(secret), endpoint)
    return reply


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


async def _command(channel: Channel, line: str, endpoint: Endpoint) -> Reply:
    channel.ask(line.encode("ascii") + b"\r\n")
    return await channel.read(endpoint.timeouts.command)
