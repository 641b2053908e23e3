"""Sealing: addresses, names and secrets are stored only as AEAD blobs.

A workspace has a seal key (AES-256-GCM) and an index key (keyed hashes for equality and search).
Both are random, wrapped by the installation's master key, which never enters the database.
A blob is ``version (1) | key id (8) | nonce (12) | ciphertext and tag``; its context (which row it
belongs to) is authenticated, so a blob copied to another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import DataKey
from hatobin.common.errors import HatobinError

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(HatobinError):
    """A sealed value does not open: wrong master key, or the row was tampered with."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            "seal-broken",
            _("Sealed data could not be opened."),
            advice=_("Run `hatobin doctor`: the master key may not belong to this database."),
        )


class Vault:
    """Seals and opens one workspace's data. Cheap to use, safe to share between threads."""

    def __init__(self, seal_keys: dict[int, bytes], index_key: bytes) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in seal_keys.items()}
        self._current = max(seal_keys)
        # An HMAC begun once, and copied for each address: half the time.
        self._address_mac = hmac.new(index_key, b"address:", "sha256")
        self._ngram_key = hashlib.blake2b(b"ngram", key=index_key, digest_size=32).digest()

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypts ``plain``, bound to ``context`` (for example ``b"contact:" + address_key``)."""
        nonce = os.urandom(_NONCE)
        head = _VERSION + self._current.to_bytes(8, "big")
        return head + nonce + self._ciphers[self._current].encrypt(nonce, plain, context)

    def open(self, blob: bytes | memoryview, context: bytes) -> bytes:
        """The plain bytes; raises SealBroken when key or context are not those it was sealed with."""
        raw = bytes(blob)
        cipher = self._ciphers.get(int.from_bytes(raw[1:9], "big"))
        if raw[:1] != _VERSION or cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(raw[9 : 9 + _NONCE], raw[9 + _NONCE :], context)
        except InvalidTag as error:
            raise SealBroken from error

    def address_key(self, key_form: str) -> bytes:
        """32 bytes that are equal for equal addresses of this workspace and tell nothing else."""
        mac = self._address_mac.copy()
        mac.update(key_form.encode())
        return mac.digest()

    def search_keys(self, texts: Iterable[str]) -> list[int]:
        """Keyed hashes (signed 64 bit) of every pair of neighbouring letters, for search in sealed rows."""
        pairs = {pair for text in texts for pair in _pairs(text)}
        return sorted(self._pair_key(pair) for pair in pairs)

    def _pair_key(self, pair: str) -> int:
        digest = hashlib.blake2b(pair.encode(), key=self._ngram_key, digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def _pairs(text: str) -> Iterable[str]:
    """Letters and pairs of letters of a folded text; one letter alone counts for one-letter searches."""
    yield from (text[i : i + 2] for i in range(len(text) - 1))
    yield from (letter for letter in text if not letter.isspace())


def create_keys(workspace_id: uuid.UUID) -> None:
    """Gives a new workspace its keys, in the caller's transaction."""
    for purpose in DataKey.Purpose.values:
        wrapped = _wrap(os.urandom(32), workspace_id, purpose)
        DataKey.objects.create(workspace_id=workspace_id, purpose=purpose, wrapped=wrapped)


@lru_cache(maxsize=256)
def vault_of(workspace_id: uuid.UUID) -> Vault:
    """The workspace's vault; opened once per process."""
    with transaction.atomic():
        rows = list(DataKey.objects.of(workspace_id))
    keys = {purpose: {} for purpose in DataKey.Purpose.values}  # type: dict[str, dict[int, bytes]]
    for row in rows:
        keys[row.purpose][row.pk] = _unwrap(bytes(row.wrapped), workspace_id, row.purpose)
    index = keys[DataKey.Purpose.INDEX]
    return Vault(keys[DataKey.Purpose.SEAL], index[max(index)])


def installation_key(purpose: str) -> bytes:
    """A 32-byte key of the whole installation, derived from the master key (link signatures and the like)."""
    return _derived(_master_key(), purpose)


@lru_cache(maxsize=32)
def _derived(master_key: bytes, purpose: str) -> bytes:
    return hmac.digest(master_key, b"installation:" + purpose.encode(), "sha256")


def _master_key() -> bytes:
    key: bytes = settings.HATOBIN.master_key_bytes()
    return key


def _wrap(key: bytes, workspace_id: uuid.UUID, purpose: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_master_key()).encrypt(nonce, key, _wrap_context(workspace_id, purpose))


def _unwrap(wrapped: bytes, workspace_id: uuid.UUID, purpose: str) -> bytes:
    try:
        return AESGCM(_master_key()).decrypt(
            wrapped[:_NONCE], wrapped[_NONCE:], _wrap_context(workspace_id, purpose)
        )
    except InvalidTag as error:
        raise SealBroken from error


def _wrap_context(workspace_id: uuid.UUID, purpose: str) -> bytes:
    return b"data-key:" + purpose.encode() + b":" + workspace_id.bytes
