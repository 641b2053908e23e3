"""Certificates for localhost, made when needed and forgotten at the end: a good one and wrong ones."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hatobin.intake.sink.actions import CertificateKind

_LIFETIME = timedelta(days=7)
_LONG_AGO = timedelta(days=365)


class Certificates:
    """One of each kind for the life of a sink; the good one for localhost and these addresses."""

    def __init__(self, hosts: tuple[str, ...] = ()) -> None:
        self._hosts = hosts
        self._made: dict[CertificateKind, tuple[ssl.SSLContext, bytes]] = {}

    def context(self, kind: CertificateKind = "good") -> ssl.SSLContext:
        """For a server that shows this certificate."""
        return self._of(kind)[0]

    def pem(self, kind: CertificateKind = "good") -> bytes:
        """The certificate, self-signed."""
        return self._of(kind)[1]

    def _of(self, kind: CertificateKind) -> tuple[ssl.SSLContext, bytes]:
        if kind not in self._made:
            name = "elsewhere.example" if kind == "wrong-name" else "localhost"
            hosts = () if kind == "wrong-name" else ("127.0.0.1", *self._hosts)
            made_at = datetime.now(UTC) - (_LONG_AGO if kind == "expired" else timedelta())
            self._made[kind] = _server_context(name, hosts, made_at)
        return self._made[kind]


def _server_context(
    name: str, hosts: tuple[str, ...], made_at: datetime
) -> tuple[ssl.SSLContext, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, name, hosts, made_at).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads keys from files only
        path = Path(folder) / "localhost.pem"
        path.touch(mode=0o600)
        path.write_bytes(private + certificate)
        context.load_cert_chain(path)
    return context, certificate


def _certificate(
    key: ec.EllipticCurvePrivateKey, common_name: str, hosts: tuple[str, ...], made_at: datetime
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    names: list[x509.GeneralName] = [x509.DNSName(common_name), *_addresses(hosts)]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made_at - timedelta(hours=1))
        .not_valid_after(made_at + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _addresses(hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for host in dict.fromkeys(hosts):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            found.append(x509.DNSName(host))
    return found
