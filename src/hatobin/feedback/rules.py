"""What a recipient's page may show."""

from __future__ import annotations


def masked(address: str) -> str:
    """``hanako@example.jp`` as ``h***@example.jp``.

    Its owner knows it again, a finder of the link does not. The number of stars is always the same,
    so that the length tells nothing either.
    """
    local, _at, domain = address.rpartition("@")
    first = local.strip('"')[:1] if len(local) > 1 else ""
    return f"{first}***@{domain}"
