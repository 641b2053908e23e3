"""A letter's public name: opaque, the same at every try, and readable only with the installation's key.

It stands in the Message-ID, in the unsubscribe link and in the return path. One AES block over
(ledger row, purpose, zeros): whoever reads it learns neither the row nor how many letters there are,
one purpose's name is of no use for another, and a guess is right once in 2**64.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hatobin.accounts.services.sealing import installation_key

Purpose = Literal["link", "message", "return"]

_NUMBERS: dict[str, int] = {"link": 1, "message": 2, "return": 3}
_ZEROS = bytes(7)
_LINK = re.compile(r"[A-Za-z0-9_-]{22}")
_WORD = re.compile(r"[0-9A-Fa-f]{32}")


def link_token(delivery_id: int) -> str:
    """22 URL-safe characters for the unsubscribe link."""
    return base64.urlsafe_b64encode(_block(delivery_id, "link"))[:22].decode()


def read_link_token(text: str) -> int | None:
    """The ledger row; None when the text was not made by ``link_token`` here."""
    if not _LINK.fullmatch(text):
        return None
    try:
        number = _row(base64.b64decode(text + "==", altchars=b"-_", validate=True), "link")
    except binascii.Error:
        return None
    # Other spellings of the last bits are somebody's handiwork.
    return number if number is not None and link_token(number) == text else None


def word_of(delivery_id: int, purpose: Purpose) -> str:
    """32 hexadecimal digits: survive where upper and lower case do not."""
    return _block(delivery_id, purpose).hex()


def read_word(text: str, purpose: Purpose) -> int | None:
    """The ledger row; None when the text was not made by ``word_of`` here for this purpose."""
    return _row(bytes.fromhex(text), purpose) if _WORD.fullmatch(text) else None


def _block(delivery_id: int, purpose: Purpose) -> bytes:
    plain = delivery_id.to_bytes(8, "big") + bytes((_NUMBERS[purpose],)) + _ZEROS
    return _engines().encryptor.update(plain)


def _row(block: bytes, purpose: Purpose) -> int | None:
    plain = _engines().decryptor.update(block)
    if plain[8] != _NUMBERS[purpose] or plain[9:] != _ZEROS or plain[0] > 127:
        return None
    return int.from_bytes(plain[:8], "big")


class _Engines(threading.local):
    """A thread's own: one block alone is what ECB is for, and such an engine forgets each block."""

    def __init__(self) -> None:
        cipher = Cipher(algorithms.AES(installation_key("letter-name")), modes.ECB())  # noqa: S305
        self.encryptor = cipher.encryptor()
        self.decryptor = cipher.decryptor()


@lru_cache(maxsize=1)
def _engines() -> _Engines:
    return _Engines()
