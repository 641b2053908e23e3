"""Private keys that are made once for a run, because making RSA keys is slow."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hatobin.wire.dkim import generate_ed25519, generate_rsa, private_to_pem


@cache
def rsa_pem(number: int = 0, bits: int = 2048) -> str:
    """An RSA key; another number is another key."""
    return private_to_pem(generate_rsa(bits)).decode()


@cache
def ed25519_pem(number: int = 0) -> str:
    """An Ed25519 key."""
    return private_to_pem(generate_ed25519()).decode()


@cache
def locked_pem() -> str:
    """An Ed25519 key with a passphrase."""
    return (
        generate_ed25519()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"himitsu"),
        )
        .decode()
    )


@cache
def public_pem() -> str:
    """The public half of a key."""
    return (
        generate_ed25519()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@cache
def curve_pem() -> str:
    """A key of a kind that no receiver of mail reads."""
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
