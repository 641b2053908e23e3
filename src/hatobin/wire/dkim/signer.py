"""Signing: one ``DKIM-Signature`` field for each key.

The cost beside the signature itself is a few microseconds: what follows from the names of the header
fields, from the key and from the second of the clock is made once and kept.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hatobin.wire.dkim.canonical import DkimError, canonical_body, canonical_head
from hatobin.wire.dkim.keys import PrivateKey, check_strength

_DOMAIN: Final = re.compile(
    r"(?=.{3,253}\Z)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}"
)
_SELECTOR: Final = re.compile(
    r"(?=.{1,63}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
)
_PADDING: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()
_SIGNATURE_LINE: Final = 72
_NAME: Final = b"DKIM-Signature: "


class Signer:
    """Signs for ``domain`` (A-labels, lower case) with one key. Safe to share between threads.

    Raises DkimError for a domain or selector that a name server could not hold, and BadKey for a
    private key that receivers refuse.
    """

    __slots__ = ("_key", "_start", "algorithm", "domain", "selector")

    def __init__(self, domain: str, selector: str, private_key: PrivateKey) -> None:
        if not _DOMAIN.fullmatch(domain):
            raise DkimError("bad-domain")
        if not _SELECTOR.fullmatch(selector):
            raise DkimError("bad-selector")
        check_strength(private_key)
        self.domain, self.selector = domain, selector
        self._key = private_key
        self.algorithm = (
            "rsa-sha256" if isinstance(private_key, RSAPrivateKey) else "ed25519-sha256"
        )
        self._start = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector}; t="
        ).encode()

    def __repr__(self) -> str:
        return f"Signer({self.domain!r}, {self.selector!r}, {self.algorithm})"

    def sign(self, head: bytes, body: bytes, now: datetime) -> bytes:
        """The whole ``DKIM-Signature`` field with its CRLF, to be put before ``head``.

        ``head`` is the header block with CRLF lines, without the empty line; ``body`` is not
        dot-stuffed. Raises DkimError where a CR or LF stands alone or there is no From.
        """
        digest = hashlib.sha256(canonical_body(body)).digest()
        return self.sign_prepared(head, digest, now)

    def sign_prepared(self, head: bytes, body_hash: bytes, now: datetime) -> bytes:
        """As ``sign``; ``body_hash`` is the SHA-256 (32 octets) of the body's relaxed form."""
        relaxed, names = canonical_head(head)
        return self._field(relaxed, names, b64encode(body_hash), int(now.timestamp()))

    def _field(self, relaxed: bytes, names: bytes, body_hash: bytes, second: int) -> bytes:
        written, canonical = _frame(self._start, names, second)
        data = b"%b\r\ndkim-signature:%b%b; b=" % (relaxed, canonical, body_hash)
        if isinstance(self._key, RSAPrivateKey):
            raw = self._key.sign(data, _PADDING, _SHA256)
        else:  # RFC 8463 section 3: the hash is what is signed
            raw = self._key.sign(hashlib.sha256(data).digest())
        value = b64encode(raw)
        lines = [value[at : at + _SIGNATURE_LINE] for at in range(0, len(value), _SIGNATURE_LINE)]
        # What stands between b= and the end counts as empty, folds too (section 3.5).
        return b"%b%b%b;\r\n b=%b\r\n" % (_NAME, written, body_hash, b"\r\n ".join(lines))


def signatures(signers: Iterable[Signer], head: bytes, body_hash: bytes, now: datetime) -> bytes:
    """The fields of all ``signers`` together, to be put before ``head``; empty where there is none.

    Arguments as for ``Signer.sign_prepared``; the header block is read once.
    """
    relaxed, names = canonical_head(head)
    encoded, second = b64encode(body_hash), int(now.timestamp())
    return b"".join([each._field(relaxed, names, encoded, second) for each in signers])


@lru_cache(maxsize=256)
def _frame(start: bytes, names: bytes, second: int) -> tuple[bytes, bytes]:
    """A field's value up to its body hash: as it is written, and in its relaxed form."""
    written = b"%b%d;\r\n h=%b;\r\n bh=" % (start, second, names)
    return written, written.replace(b"\r\n ", b" ")
