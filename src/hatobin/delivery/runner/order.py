"""What all letters of one dispatch share, proved against its seal, and the making of a single one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from hatobin.accounts.services.sealing import SealBroken, Vault, vault_of
from hatobin.audience.people import Person, open_contact
from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import Merger
from hatobin.delivery.rules.last_byte import (
    Refusal,
    addresses_in,
    check_recipient,
    strange_addresses,
)
from hatobin.delivery.runner.database import Row
from hatobin.delivery.runner.ledger import ReadyLetter, Slip
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.seals import recipient_context, seal_of_content
from hatobin.delivery.tokens import link_token
from hatobin.senders.frozen import FrozenSender
from hatobin.wire.address import Address, parse_address
from hatobin.wire.headers import message_id
from hatobin.wire.message_facts import read_facts
from hatobin.wire.mime import Letter, compose

_SEALED = ("letter", "sender", "base_url", "egress_id", "people_hash")


class CannotSend(Exception):
    """Nothing of this dispatch may leave. ``code`` is its stop code."""

    def __init__(self, code: str, **detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A composed letter, and addresses in it that are neither the reader's nor the sender's > place."""

    letter: ReadyLetter
    strange: Mapping[bytes, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An opened dispatch. Read once per process: what was proved is what is used."""

    dispatch_id: UUID
    workspace_id: UUID
    vault: Vault
    letter: CompiledLetter
    merger: Merger
    sender: FrozenSender
    sender_address: Address
    reply_to: Address | None
    base_url: str
    dated: datetime
    expires_at: datetime
    expected: frozenset[str]  # the sender's own addresses

    def make(self, row: Row) -> Made:
        """One person's letter. Raises CannotSend when it must not leave, else what composing raises."""
        slip = slip_of(row)
        person = open_contact(self.vault, row["contact_key"], row["sealed"], row["fields"])
        to = parse_address(self._recipient(row, person))
        body = compose(self._letter(row, person, to))
        facts = read_facts(body)
        refusal = check_recipient(
            facts, to, row_key=bytes(row["address_key"]), key_of=self.vault.address_key
        )
        if refusal:
            raise refused(refusal, slip)
        strange = strange_addresses(facts, to, self.expected)
        return Made(
            letter=ReadyLetter(
                slip=slip,
                attempts=row["attempts"],
                expires_at=self.expires_at,
                mail_from=self.sender_address.wire,
                to=to,
                body=body,
            ),
            strange={self.vault.address_key(form): place for form, place in strange.items()},
        )

    def _recipient(self, row: Row, person: Person) -> str:
        sealed = row["test_recipient"]
        if sealed is None:
            return person.address
        return self.vault.open(sealed, recipient_context(bytes(row["address_key"]))).decode()

    def _letter(self, row: Row, person: Person, to: Address) -> Letter:
        url = f"{self.base_url}/u/{link_token(row['token'])}"
        merged = self.merger.merge(person.fields, unsubscribe_url=url)
        return Letter(
            from_display=self.sender.display_name,
            from_address=self.sender_address,
            reply_to=self.reply_to,
            to=to,
            subject=merged.subject,
            text=merged.text,
            html=merged.html or None,
            date=timezone.localtime(self.dated),
            message_id=message_id(row["token"].hex, self.sender_address.domain),
            unsubscribe_url=url,
            feedback_id=f"{self.dispatch_id.hex[-12:]}:{self.workspace_id.hex[-12:]}"
            f":{self.letter.kind}:hatobin",
            language=self.letter.language,
        )


async def open_order(row: Row) -> Order:
    """Opens a dispatch row. Raises CannotSend when its content is not what was sealed, or does not open."""
    content = {name: row[name] for name in _SEALED}
    if row["seal"] != seal_of_content(**content):
        raise CannotSend("content-changed")
    try:
        vault = await in_thread(vault_of, row["workspace_id"])
    except SealBroken:
        raise CannotSend("cannot-open") from None
    letter = CompiledLetter.from_json(row["letter"])
    sender = FrozenSender.from_json(row["sender"])
    legal = (sender.organisation, sender.postal_address, sender.contact)
    return Order(
        dispatch_id=row["id"],
        workspace_id=row["workspace_id"],
        vault=vault,
        letter=letter,
        merger=Merger(letter),
        sender=sender,
        sender_address=parse_address(sender.address),
        reply_to=parse_address(sender.reply_to) if sender.reply_to else None,
        base_url=row["base_url"],
        dated=row["dated"],
        expires_at=row["expires_at"],
        expected=addresses_in(sender.address, sender.reply_to, *legal),
    )


def slip_of(row: Row) -> Slip:
    """A claimed row's slip."""
    return Slip(id=row["id"], claim=row["claim"], node=row["node"], dispatch_id=row["dispatch_id"])


def refused(refusal: Refusal, slip: Slip) -> CannotSend:
    """The last-byte check's refusal as the reason to stop; it names a row, a rule and a place."""
    return CannotSend("last-byte", rule=refusal.rule, place=refusal.place, delivery=str(slip.id))
