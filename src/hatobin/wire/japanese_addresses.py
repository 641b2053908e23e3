"""How addresses are issued and typed in Japan."""

from __future__ import annotations

# Subscriber domains of Japanese mobile carriers. Until April 2009 they issued local parts with
# dots at either end or in a row (``foo..bar@``, ``foo.@``); those live on, also under the domains
# to which the carriers moved their subscribers. No domain that began later with addresses of its
# own only (rakuten.jp, rakumail.jp) belongs here.
CARRIER_DOMAINS = frozenset(
    {"docomo.ne.jp"}
    | {"ezweb.ne.jp", "au.com", "uqmobile.jp"}  # KDDI
    | {"softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp", "disney.ne.jp"}  # SoftBank
    | {"y-mobile.ne.jp", "ymobile.ne.jp", "emnet.ne.jp"}  # Y!mobile, EMOBILE
    | {"pdx.ne.jp", "willcom.com", "willcom-inc.com"}  # WILLCOM
)
# Regions and machines: d.vodafone.ne.jp, di.pdx.ne.jp.
_CARRIERS_WITH_SUBDOMAINS = (".vodafone.ne.jp", ".ezweb.ne.jp", ".pdx.ne.jp")

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0xFE6B: 0x40,  # small commercial at
    0x3000: 0x20,
}


def fold_width(text: str) -> str:
    """Full-width ASCII, as Japanese keyboards write it, becomes ASCII."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def is_carrier(domain: str) -> bool:
    """Whether the domain's subscribers may have dots where RFC 5321 allows none."""
    domain = domain.lower()
    return domain in CARRIER_DOMAINS or domain.endswith(_CARRIERS_WITH_SUBDOMAINS)
