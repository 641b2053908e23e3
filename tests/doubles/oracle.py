"""Compares a ledger with what a sink really took: nothing lost (P2), no second copy unnamed (P3).

Knows nothing of the product but the words of its states, and takes only what both sides wrote down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

FINAL = frozenset({"accepted", "bounced", "expired", "suppressed", "cancelled", "in-doubt"})

_MAY_BE_TAKEN = frozenset({"accepted", "dot-sent"})


class Entry(Protocol):
    """What is asked of a sink's journal: ``hatobin.intake.sink.JournalEntry`` fits."""

    @property
    def taken(self) -> bool: ...
    @property
    def message_id(self) -> str: ...
    @property
    def rcpts(self) -> tuple[str, ...]: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Message-IDs without brackets. All but ``in_doubt`` and ``extra_copies`` should be empty."""

    in_doubt: frozenset[str]  # now or at some time
    extra_copies: Mapping[str, int]  # how many more than one
    lost: frozenset[str]  # accepted in the ledger, never taken
    unnamed_copies: frozenset[str]  # taken twice and never said to be in doubt
    contradicted: frozenset[str]  # taken, and the ledger says that no dot was sent
    unfinished: frozenset[str]  # the ledger does not know yet
    strangers: frozenset[str]  # taken, and in no ledger
    changed: frozenset[str]  # copies of one message that are not the same bytes
    shared: frozenset[str]  # with more than one recipient in the envelope (P1)
    misdirected: frozenset[str]  # to somebody else than the ledger's person


def compare(
    journal: Iterable[Entry],
    ledger: Mapping[str, str],
    *,
    ever_in_doubt: Collection[str] = (),
    recipients: Mapping[str, str] | None = None,
) -> Verdict:
    """``ledger``: Message-ID to state; read it after the journal while a campaign is under way.

    ``ever_in_doubt``: those that were resent or settled since they were in doubt.
    ``recipients``: Message-ID to address, where the test knows them. Message-IDs may have brackets.
    """
    states = {_bare(message_id): state for message_id, state in ledger.items()}
    copies: dict[str, list[Entry]] = defaultdict(list)
    for entry in journal:
        if entry.taken:
            copies[_bare(entry.message_id)].append(entry)
    doubted = {each for each, state in states.items() if state == "in-doubt"}
    doubted |= {_bare(each) for each in ever_in_doubt}
    known = {each: found for each, found in copies.items() if each in states}
    extra = {each: len(found) - 1 for each, found in copies.items() if len(found) > 1}
    people = {_bare(each): address.lower() for each, address in (recipients or {}).items()}
    return Verdict(
        in_doubt=frozenset(doubted),
        extra_copies=extra,
        lost=frozenset(e for e, state in states.items() if state == "accepted" and e not in copies),
        unnamed_copies=frozenset(extra) - doubted,
        contradicted=frozenset(
            e for e in known if states[e] not in _MAY_BE_TAKEN and e not in doubted
        ),
        unfinished=frozenset(e for e, state in states.items() if state not in FINAL),
        strangers=frozenset(copies) - frozenset(states),
        changed=frozenset(e for e, found in copies.items() if len({c.sha256 for c in found}) > 1),
        shared=frozenset(e for e, found in copies.items() if any(len(c.rcpts) != 1 for c in found)),
        misdirected=frozenset(
            e
            for e in copies.keys() & people.keys()
            if any(rcpt.lower() != people[e] for copy in copies[e] for rcpt in copy.rcpts)
        ),
    )


def check_promises(verdict: Verdict, *, in_doubt_at_most: int, finished: bool = True) -> None:
    """Raises AssertionError naming every broken promise.

    ``in_doubt_at_most``: the open connections of all crashes together. ``finished`` False: the campaign
    is still under way, so that open rows are no fault yet.
    """
    broken = {
        "lost": verdict.lost,
        "copies that nobody said were in doubt": verdict.unnamed_copies,
        "taken, but the ledger says otherwise": verdict.contradicted,
        "in no ledger": verdict.strangers,
        "copies that differ": verdict.changed,
        "more than one recipient": verdict.shared,
        "sent to somebody else": verdict.misdirected,
    }
    if finished:
        broken["not finished"] = verdict.unfinished
    told = [f"{what}: {_some(found)}" for what, found in broken.items() if found]
    if len(verdict.in_doubt) > in_doubt_at_most:
        told.append(
            f"in doubt: {len(verdict.in_doubt)}, but at most {in_doubt_at_most} connections were open "
            f"at a crash: {_some(verdict.in_doubt)}"
        )
    assert not told, "\n".join(told)


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">")


def _some(found: Collection[str]) -> str:
    shown = ", ".join(sorted(found)[:5])
    return f"{len(found)} ({shown}{', ...' if len(found) > 5 else ''})"
