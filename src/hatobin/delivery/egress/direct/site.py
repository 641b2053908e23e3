"""One name for a set of mail servers, so that all domains behind them share their limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LONGEST = 253  # characters: what a lane's row has room for
_SUFFIX = 2  # labels that hosts must share before their names are folded together


def site_of(hosts: Iterable[str]) -> str:
    """The same text for the same set of host names, another one for another set.

    >>> site_of(["alt1.mx.example.jp", "mx.example.jp", "alt2.mx.example.jp"])
    '(alt1|alt2)?.mx.example.jp'

    A set whose name would be too long is named by its common suffix and a hash.
    """
    names = sorted({host.lower().rstrip(".") for host in hosts})
    if not names:
        raise ValueError("a site has at least one host")
    suffix = _common_suffix([name.split(".") for name in names])
    folded = _fold(names, suffix)
    if len(folded) <= _LONGEST:
        return folded
    digest = hashlib.sha256(folded.encode()).hexdigest()[:32]
    return f"#{digest}.{suffix}".rstrip(".")[:_LONGEST]


def _fold(names: list[str], suffix: str) -> str:
    if len(names) == 1:
        return names[0]
    if not suffix:
        return f"({'|'.join(names)})"
    heads = [name[: -len(suffix) - 1] for name in names if name != suffix]
    bare = "?" if suffix in names else ""  # the suffix by itself is one of the hosts
    return f"({'|'.join(heads)}){bare}.{suffix}"


def _common_suffix(names: list[list[str]]) -> str:
    shared: list[str] = []
    for labels in zip(*(reversed(name) for name in names), strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    return ".".join(shared) if len(shared) >= _SUFFIX else ""
