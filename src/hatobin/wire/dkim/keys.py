"""Private keys for DKIM: made here, or brought along as PEM."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

USUAL_BITS: Final = 2048
FEWEST_BITS: Final = 1024  # RFC 8301 section 3.2: shorter ones are not even looked at
MOST_BITS: Final = 4096  # section 3.2: longer ones need not be understood
_LONGEST_PEM: Final = 20_000


class BadKey(ValueError):
    """A private key that cannot be used; ``code`` says why. No part of the key stands in the message."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def generate_rsa(bits: int = USUAL_BITS) -> RSAPrivateKey:
    """A new RSA key; what every receiver understands."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def generate_ed25519() -> Ed25519PrivateKey:
    """A new Ed25519 key, for a second signature beside RSA (RFC 8463)."""
    return Ed25519PrivateKey.generate()


def private_from_pem(pem: str) -> PrivateKey:
    """The private key in a PEM text without a passphrase.

    Raises BadKey: ``no-key`` (nothing, a public key, a damaged one), ``passphrase``, ``other-kind``
    (neither RSA nor Ed25519), ``too-short`` or ``too-long``.
    """
    if len(pem) > _LONGEST_PEM:
        raise BadKey("no-key")
    try:
        key = serialization.load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError as error:
        raise BadKey("passphrase") from error
    except UnsupportedAlgorithm as error:
        raise BadKey("other-kind") from error
    except ValueError as error:
        raise BadKey("no-key") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise BadKey("other-kind")
    check_strength(key)
    return key


def check_strength(key: PrivateKey) -> None:
    """Raises BadKey for an RSA key that receivers ignore (RFC 8301)."""
    if isinstance(key, RSAPrivateKey) and not FEWEST_BITS <= key.key_size <= MOST_BITS:
        raise BadKey("too-short" if key.key_size < FEWEST_BITS else "too-long")


def private_to_pem(key: PrivateKey) -> bytes:
    """The key as PKCS #8 without a passphrase: for sealing, and for nothing else."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_text(key: PrivateKey) -> str:
    """The public part as it stands behind ``p=``: base64 of the SubjectPublicKeyInfo, or of 32 octets."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        raw = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b64encode(raw).decode()


def bits_of(key: PrivateKey) -> int:
    """The length of an RSA key; 256 for Ed25519."""
    return key.key_size if isinstance(key, RSAPrivateKey) else 256
