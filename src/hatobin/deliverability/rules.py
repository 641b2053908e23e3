"""What the DNS says about a sending domain, judged. Pure: answers in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from hatobin.delivery.egress.direct.dns import Kind
from hatobin.wire.authentication import Dmarc, allows_everybody, parse_dmarc, spf_records
from hatobin.wire.dkim import KeyKind, publication_of

UNKNOWN = "unknown"  # the name service gave no definite answer
_MOST_PARENTS = 8
_ADDRESSES: tuple[Kind, Kind] = ("A", "AAAA")
Question = tuple[str, Kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What was found; questions in ``failed`` got no definite answer."""

    found: dict[Question, tuple[str, ...]] = field(default_factory=dict)
    failed: frozenset[Question] = frozenset()

    def of(self, name: str, kind: Kind) -> tuple[str, ...] | None:
        """The records; empty where there are none, None where nobody could say."""
        return None if (name, kind) in self.failed else self.found.get((name, kind), ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A key as the DNS knows it."""

    id: str
    name: str  # of its record
    algorithm: str
    public: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at. ``about``: dkim, spf, mx, dmarc; ``code`` says what was found there.

    ``seen``: the record's own text, where there is one; ``key``: id of the key it is about.
    """

    about: str
    code: str
    name: str
    seen: str = ""
    key: str = ""

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From a JSON column written by ``to_json``."""
        return cls(**data)


def questions(domain: str, envelope: str, keys: Sequence[Asked]) -> Iterator[Question]:
    """Everything that must be known. ``envelope``: the domain that bounces go to."""
    for key in keys:
        yield key.name, "TXT"
    yield envelope, "TXT"
    yield envelope, "MX"
    yield envelope, "A"
    yield envelope, "AAAA"
    for name in _dmarc_names(domain):
        yield name, "TXT"


def judge(domain: str, envelope: str, keys: Sequence[Asked], answers: Answers) -> list[Finding]:
    """In the order in which they matter."""
    return [
        *(_dkim(key, answers) for key in keys),
        _spf(envelope, answers),
        _mx(envelope, answers),
        _dmarc(domain, answers),
    ]


def takes_bounces(finding: Finding) -> bool | None:
    """Whether mail can reach the envelope's domain; None where that is not known."""
    if finding.code == UNKNOWN:
        return None
    return finding.code in {"found", "address"}


def _dkim(key: Asked, answers: Answers) -> Finding:
    texts = answers.of(key.name, "TXT")
    code = UNKNOWN
    if texts is not None:
        code = publication_of(texts, cast("KeyKind", key.algorithm), key.public).value
    return Finding(about="dkim", code=code, name=key.name, seen=_said(texts), key=key.id)


def _spf(envelope: str, answers: Answers) -> Finding:
    texts = answers.of(envelope, "TXT")
    records = spf_records(texts or ())
    if texts is None:
        code = UNKNOWN
    elif len(records) != 1:
        code = "several" if records else "missing"
    else:
        code = "open" if allows_everybody(records[0]) else "found"
    return Finding(about="spf", code=code, name=envelope, seen=_said(records))


def _mx(envelope: str, answers: Answers) -> Finding:
    servers = answers.of(envelope, "MX")
    addresses = [answers.of(envelope, kind) for kind in _ADDRESSES]
    if servers is None:
        code = UNKNOWN
    elif servers:
        code = "refuses" if all(each.endswith(" .") for each in servers) else "found"
    elif any(addresses):
        code = "address"
    else:
        code = UNKNOWN if None in addresses else "missing"
    return Finding(about="mx", code=code, name=envelope, seen=_said(servers))


def _dmarc(domain: str, answers: Answers) -> Finding:
    """The nearest record counts: the domain's own, else that of a parent."""
    first = next(_dmarc_names(domain))
    for name in _dmarc_names(domain):
        texts = answers.of(name, "TXT")
        if texts is None:
            return Finding(about="dmarc", code=UNKNOWN, name=name)
        records = [text for text in texts if text.replace(" ", "").startswith("v=DMARC1")]
        if len(records) > 1:
            return Finding(about="dmarc", code="several", name=name, seen=_said(records))
        if not records:
            continue
        found = parse_dmarc(records[0])
        if found is None or not (found.public_suffix and name != first):
            code = _dmarc_code(found, inherited=name != first)
            return Finding(about="dmarc", code=code, name=name, seen=records[0][:500])
    return Finding(about="dmarc", code="missing", name=first)


def _dmarc_code(found: Dmarc | None, *, inherited: bool) -> str:
    if found is None:
        return "unreadable"
    if inherited:
        return found.subdomains
    return "strict" if found.strict_dkim else found.policy


def _dmarc_names(domain: str) -> Iterator[str]:
    labels = domain.split(".")[-_MOST_PARENTS:]
    yield f"_dmarc.{domain}"
    for start in range(len(labels) - 1):
        parent = ".".join(labels[start:])
        if parent != domain:
            yield f"_dmarc.{parent}"


def _said(texts: Sequence[str] | None) -> str:
    return "\n".join(texts or ())[:500]
