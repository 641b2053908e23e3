"""The sandbox mailbox: keeps letters sealed, and opens them for those who may see people."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import Vault, vault_of
from hatobin.common.errors import NotFound
from hatobin.delivery.models import SandboxLetter
from hatobin.delivery.sandbox.logins import check_login
from hatobin.delivery.seals import SANDBOX_LETTER
from hatobin.wire.message_facts import MessageFacts, read_facts

__all__ = [
    "LetterPage",
    "LetterView",
    "Summary",
    "check_login",
    "clear",
    "letter",
    "letters",
    "store",
]

PAGE = 50
_SCAN_MAX = 5_000  # letters that one search opens


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A letter in one line of the mailbox."""

    id: int
    received_at: datetime
    to: str
    subject: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterPage:
    """A page of the mailbox, newest first. ``complete`` is False when a search stopped looking."""

    letters: tuple[Summary, ...]
    total: int
    page: int
    pages: int
    complete: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterView:
    """A letter as it came over the wire. ``raw`` are its bytes, ``source`` the same for the screen."""

    id: int
    received_at: datetime
    mail_from: str
    rcpts: tuple[str, ...]
    helo: str
    subject: str
    sender: tuple[str, ...]
    to: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    raw: bytes
    size: int

    @property
    def source(self) -> str:
        """The message as text; bytes that are no UTF-8 are shown as such."""
        return self.raw.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    mail_from: str
    rcpts: tuple[str, ...]
    helo: str
    raw: bytes


def store(
    workspace_id: uuid.UUID, mail_from: str, rcpts: list[str], helo: str, raw: bytes
) -> SandboxLetter:
    """Keeps a letter, sealed; committed when this returns. For the SMTP door, which checked the login."""
    envelope = json.dumps({"mail_from": mail_from, "rcpts": rcpts, "helo": helo}).encode()
    sealed = vault_of(workspace_id).seal(envelope + b"\n" + raw, SANDBOX_LETTER)
    return SandboxLetter.objects.create(workspace_id=workspace_id, sealed=sealed, size=len(raw))


def letters(actor: Actor, *, search: str = "", page: int = 1) -> LetterPage:
    """The mailbox. ``search``: a piece of the address, subject or text, in any case."""
    check_right(actor, Right.VIEW_PEOPLE)
    vault = vault_of(actor.workspace_id)
    rows = SandboxLetter.objects.of(actor.workspace_id).order_by("-id")
    wanted = search.strip().casefold()
    if not wanted:
        total = rows.count()
        page, pages = _bounds(total, page)
        shown = [_summary(row, vault)[0] for row in rows[(page - 1) * PAGE : page * PAGE]]
        return LetterPage(letters=tuple(shown), total=total, page=page, pages=pages)
    found = []
    for row in rows[:_SCAN_MAX].iterator(chunk_size=200):
        summary, facts = _summary(row, vault)
        if wanted in f"{summary.to}\n{summary.subject}\n{facts.text}".casefold():
            found.append(summary)
    page, pages = _bounds(len(found), page)
    return LetterPage(
        letters=tuple(found[(page - 1) * PAGE : page * PAGE]),
        total=len(found),
        page=page,
        pages=pages,
        complete=rows.count() <= _SCAN_MAX,
    )


def letter(actor: Actor, letter_id: int) -> LetterView:
    """One letter, opened; raises NotFound."""
    check_right(actor, Right.VIEW_PEOPLE)
    row = SandboxLetter.objects.of(actor.workspace_id).filter(pk=letter_id).first()
    if row is None:
        raise NotFound("no-sandbox-letter", _("This letter is no longer in the sandbox mailbox."))
    opened = _open(row, vault_of(actor.workspace_id))
    facts = read_facts(opened.raw)
    return LetterView(
        id=row.pk,
        received_at=row.received_at,
        mail_from=opened.mail_from,
        rcpts=opened.rcpts,
        helo=opened.helo,
        subject=facts.subject,
        sender=facts.sender,
        to=facts.to,
        headers=facts.headers,
        text=facts.text,
        html=facts.html or "",
        raw=opened.raw,
        size=row.size,
    )


@transaction.atomic
def clear(actor: Actor) -> int:
    """Empties the mailbox; how many letters it held."""
    check_right(actor, Right.EDIT_LETTERS)
    gone, _tables = SandboxLetter.objects.of(actor.workspace_id).delete()
    audit.record(actor, "sandbox.cleared", count=gone)
    return gone


def _bounds(total: int, page: int) -> tuple[int, int]:
    pages = max(1, -(-total // PAGE))
    return min(max(page, 1), pages), pages


def _summary(row: SandboxLetter, vault: Vault) -> tuple[Summary, MessageFacts]:
    opened = _open(row, vault)
    facts = read_facts(opened.raw)
    summary = Summary(
        id=row.pk,
        received_at=row.received_at,
        to=", ".join(opened.rcpts),
        subject=facts.subject,
        size=row.size,
    )
    return summary, facts


def _open(row: SandboxLetter, vault: Vault) -> _Opened:
    envelope, _newline, raw = vault.open(row.sealed, SANDBOX_LETTER).partition(b"\n")
    data = json.loads(envelope)
    return _Opened(
        mail_from=data["mail_from"], rcpts=tuple(data["rcpts"]), helo=data["helo"], raw=raw
    )
