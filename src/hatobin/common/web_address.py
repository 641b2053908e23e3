"""The web address that links in letters begin with, brought into the one form that mail can carry."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import quote, urlsplit

import idna

from hatobin.wire.mime import is_link

LONGEST = 300  # characters, as the database keeps it

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}")
_PORTS = {"http": 80, "https": 443}
_REFUSED = frozenset('?#@\\"')  # a query, a fragment, a user name; what programs read differently
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def web_address(text: str) -> str:
    """``https://mail.example.jp/配信/`` as ``https://mail.example.jp/%E9%85%8D%E4%BF%A1``.

    The host becomes A-labels in lower case, the path is percent-encoded, a slash at the end and the
    scheme's own port go. Empty stays empty. Raises ValueError for what is no such address: another
    scheme, a user name, a query, a fragment, a port that there is not, spaces, hidden characters.
    """
    text = text.strip()
    if not text:
        return ""
    # Before urlsplit, which drops TAB, CR and LF without a word.
    if any(each in _REFUSED or unicodedata.category(each)[0] in "CZ" for each in text):
        raise ValueError("characters")
    parts = urlsplit(text)
    default = _PORTS.get(parts.scheme)
    if default is None or not parts.hostname or parts.port == 0:
        raise ValueError("parts")
    port = "" if parts.port in {None, default} else f":{parts.port}"
    path = quote(_STRAY_PERCENT.sub("%25", parts.path), safe="/%!$&'()*+,;=:~").rstrip("/")
    url = f"{parts.scheme}://{_host(parts.hostname, '[' in parts.netloc)}{port}{path}"
    if len(url) > LONGEST or not is_link(url):
        raise ValueError("form")
    return url


def _host(name: str, in_brackets: bool) -> str:
    if in_brackets and "%" not in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        pass
    if not name.isascii() or "xn--" in name:
        name = idna.encode(name, uts46=True).decode("ascii")
    if not _HOST.fullmatch(name) or len(name) > 253:
        raise ValueError("host")
    return name
