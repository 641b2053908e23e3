"""What the addresses that letters leave from may be. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import TypedDict

import idna
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Invalid

MOST = 64
HEAVIEST = 100
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_FULL_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_NO_NAMES = (".local", ".localhost", ".localdomain", ".internal", ".invalid")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class StoredSource(TypedDict):
    """As it stands in ``Egress.sources``. An empty ``address`` leaves the choice to the system."""

    address: str
    ehlo_name: str
    weight: int


def check_sources(
    sources: Sequence[Mapping[str, object]], *, on_this_machine: bool = False
) -> list[StoredSource]:
    """The sources in the one form in which they are stored.

    ``on_this_machine``: the letters go to a server here, so that loopback addresses make sense.
    Raises Invalid with a field such as ``sources.0.address``.
    """
    if not sources:
        raise Invalid(
            "no-sources",
            _("Name at least one address to send from."),
            advice=_("A row with only a server name leaves the address to the system."),
            field="sources",
        )
    if len(sources) > MOST:
        raise Invalid(
            "too-many-sources",
            _("There can be at most %(most)s addresses."),
            field="sources",
            params={"most": MOST},
        )
    made: list[StoredSource] = []
    for index, source in enumerate(sources):
        made.append(_source(source, index, on_this_machine=on_this_machine))
        if made[-1]["address"] in {each["address"] for each in made[:-1]}:
            raise _bad(index, "address", "same-address", _("This address stands here twice."))
    if len(made) > 1 and any(not each["address"] for each in made):
        index = next(n for n, each in enumerate(made) if not each["address"])
        raise _bad(
            index,
            "address",
            "missing",
            _("With several rows, each needs its address."),
        )
    if not any(each["weight"] for each in made):
        raise _bad(0, "weight", "no-weight", _("At least one address needs a share above 0."))
    return made


def ehlo_name(text: str) -> str | None:
    """The name in A-labels and lower case; None for what is no full host name."""
    name = text.strip().lower().rstrip(".")
    try:
        name = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    if not _FULL_NAME.fullmatch(name) or name.endswith(_NO_NAMES):
        return None
    return name


def _source(source: Mapping[str, object], index: int, *, on_this_machine: bool) -> StoredSource:
    given = str(source.get("ehlo_name") or "")
    name = ehlo_name(given)
    if name is None:
        raise Invalid(
            "bad-ehlo-name",
            _("This is not the full name of a server.") if given else _("This must be filled in."),
            advice=_("Write it like mail.example.jp: a name that leads to this address."),
            field=f"sources.{index}.ehlo_name",
            row=index + 1,
        )
    weight = source.get("weight", 1)
    if not isinstance(weight, int) or not 0 <= weight <= HEAVIEST:
        raise _bad(index, "weight", "bad-weight", _("The share is a number from 0 to 100."))
    return {
        "address": _address(str(source.get("address") or ""), index, loopback=on_this_machine),
        "ehlo_name": name,
        "weight": weight,
    }


def _address(text: str, index: int, *, loopback: bool) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Invalid(
            "bad-address",
            _("This is not an IP address."),
            advice=_("Write it like 192.0.2.1 or 2001:db8::1."),
            field=f"sources.{index}.address",
            row=index + 1,
        ) from None
    if _leads_nowhere(address) or (address.is_loopback and not loopback):
        raise _bad(
            index,
            "address",
            "unusable-address",
            _("Nothing can be sent to other machines from this address."),
        )
    return str(address)


def _leads_nowhere(address: _Address) -> bool:
    scoped = address.version == 6 and "%" in str(address)
    return scoped or address.is_unspecified or address.is_multicast or address.is_link_local


def _bad(index: int, name: str, code: str, message: str | Promise) -> Invalid:
    return Invalid(code, message, field=f"sources.{index}.{name}", row=index + 1)
