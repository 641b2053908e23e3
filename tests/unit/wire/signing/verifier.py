"""A verifier written from RFC 6376 and RFC 8463 alone; it shares no line with the signer."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Field = tuple[bytes, bytes]


def verifies(message: bytes, record: str, number: int = 0) -> bool:
    """Whether the ``number``-th DKIM-Signature of a message holds for the key that ``record`` publishes."""
    head, _empty, body = message.partition(b"\r\n\r\n")
    fields = _fields(head)
    signatures = [field for field in fields if field[0].strip().lower() == b"dkim-signature"]
    tags = _tags(signatures[number][1])
    if base64.b64decode(tags[b"bh"]) != hashlib.sha256(_body(body)).digest():
        return False
    raw, algorithm = base64.b64decode(tags[b"b"]), tags[b"a"]
    return _holds(record, algorithm, raw, _signed(fields, tags[b"h"], signatures[number]))


def _fields(head: bytes) -> list[Field]:
    lines: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            lines[-1] += b"\r\n" + line
        else:
            lines.append(line)
    return [(line[: line.index(b":")], line[line.index(b":") + 1 :]) for line in lines]


def _tags(value: bytes) -> dict[bytes, bytes]:
    found = {}
    for part in value.split(b";"):
        name, _sign, text = part.partition(b"=")
        found[name.strip()] = b"".join(text.split())
    return found


def _signed(fields: list[Field], names: bytes, own: Field) -> bytes:
    left = [field for field in fields if field is not own]
    out = b""
    for name in names.lower().split(b":"):
        for place in range(len(left) - 1, -1, -1):
            if left[place][0].strip().lower() == name:
                out += _relaxed(left.pop(place)) + b"\r\n"
                break
    start = own[1].rindex(b"b=") + 2  # b= is our last tag
    return out + _relaxed((own[0], own[1][:start]))


def _relaxed(field: Field) -> bytes:
    flat = field[1].replace(b"\r\n", b"").replace(b"\t", b" ")
    return field[0].strip().lower() + b":" + b" ".join(word for word in flat.split(b" ") if word)


def _body(body: bytes) -> bytes:
    lines = []
    for line in body.split(b"\r\n"):
        flat = line.replace(b"\t", b" ").rstrip(b" ")
        begins = b" " if flat.startswith(b" ") else b""
        lines.append(begins + b" ".join(word for word in flat.split(b" ") if word))
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _holds(record: str, algorithm: bytes, raw: bytes, data: bytes) -> bool:
    key = base64.b64decode(record.rpartition("p=")[2])
    try:
        if algorithm == b"rsa-sha256":
            public = serialization.load_der_public_key(key)
            assert isinstance(public, RSAPublicKey)
            public.verify(raw, data, PKCS1v15(), hashes.SHA256())
        else:
            assert algorithm == b"ed25519-sha256"
            Ed25519PublicKey.from_public_bytes(key).verify(raw, hashlib.sha256(data).digest())
    except InvalidSignature:
        return False
    return True
