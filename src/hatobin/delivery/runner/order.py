"""What all letters of one dispatch share, proved against its seal, and the making of a single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from hatobin.accounts.services.sealing import SealBroken, Vault, vault_of
from hatobin.audience.people import Person, open_contact
from hatobin.content.letters import CompiledLetter
from hatobin.content.press import Press, Printed
from hatobin.content.proof import part_that_differs
from hatobin.content.strangers import StrangerCheck
from hatobin.delivery.egress.smtp_client import Envelope
from hatobin.delivery.printing import press_of
from hatobin.delivery.rules.last_byte import (
    Refusal,
    addresses_in,
    check_recipient,
    other_reader,
    strange_addresses,
    strangers_in,
)
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.shaping.values import NotReadable
from hatobin.delivery.runner.database import Row
from hatobin.delivery.runner.holding import HeldLetter, ReadyLetter
from hatobin.delivery.runner.ledger import Slip
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.seals import recipient_context, seal_of_content
from hatobin.delivery.tokens import link_token, word_of
from hatobin.senders.frozen import FrozenSender
from hatobin.senders.queries.signing import return_path_domain_of, signers_of
from hatobin.wire.address import Address, parse_address
from hatobin.wire.dkim import Signer, signatures
from hatobin.wire.dotstuff import stuff
from hatobin.wire.headers import message_id
from hatobin.wire.message_facts import read_facts
from hatobin.wire.press.check import wrong_in_head

_PROVE_EVERY = 10_000  # letters of a dispatch in one process; the first is one of them
_SEALED = ("letter", "sender", "base_url", "egress_id", "people_hash")


class CannotSend(Exception):
    """Nothing of this dispatch may leave. ``code`` is its stop code."""

    def __init__(self, code: str, **detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Made(NamedTuple):
    """A composed letter, and addresses in it that are neither the reader's nor the sender's > place."""

    letter: ReadyLetter
    strange: Mapping[bytes, str]


@dataclass(kw_only=True, slots=True)
class Order:
    """An opened dispatch. Read once per process: what was proved is what is used."""

    dispatch_id: UUID
    vault: Vault
    press: Press
    strangers: StrangerCheck
    signers: Sequence[Signer]
    sender_address: Address
    return_domain: str  # where bounces go, each under a name of its own; empty: to the sender
    base_url: str
    dated: datetime
    expires_at: datetime
    retry: RetrySchedule | None  # of this letter alone; else the destination's
    expected: frozenset[str]  # the sender's own addresses
    made: int = 0

    def make(self, letter: HeldLetter, slip: Slip) -> Made:
        """One person's letter. Raises CannotSend when it must not leave, else what composing raises."""
        person = open_contact(self.vault, letter.contact_key, letter.sealed, letter.fields)
        to = parse_address(self._recipient(letter, person))
        if self.vault.address_key(to.key_form) != letter.address_key:
            raise refused(Refusal(rule="row", place="envelope"), slip)
        domain = self.sender_address.domain
        printed = self.press.print(
            person.fields,
            to=to,
            message_id=message_id(word_of(slip.id, "message"), domain),
            unsubscribe_url=f"{self.base_url}/u/{link_token(slip.id)}",
        )
        place = wrong_in_head(printed.head, to.wire.encode())
        if place:
            raise refused(other_reader(place), slip)
        strange = self.strangers.strange(printed)
        if self.made % _PROVE_EVERY == 0:
            strange = {**self._prove(printed, person, slip), **strange}
        self.made += 1
        ours = printed.message_id[1:-1]  # our own word, which no person has as address
        envelope = Envelope(self._mail_from(slip), to, self._signed(printed), ready=True)
        return Made(
            ReadyLetter(slip, letter.attempts, self.expires_at, envelope, self.retry),
            {self.vault.address_key(form): strange[form] for form in strange if form != ours},
        )

    def _recipient(self, letter: HeldLetter, person: Person) -> str:
        sealed = letter.test_recipient
        if sealed is None:
            return person.address
        return self.vault.open(sealed, recipient_context(letter.address_key)).decode()

    def _mail_from(self, slip: Slip) -> str:
        """VERP: a bounce says whose it is, however it quotes the letter."""
        if not self.return_domain:
            return self.sender_address.wire
        return f"b{word_of(slip.id, 'return')}@{self.return_domain}"

    def _signed(self, printed: Printed) -> bytes:
        """The same person's letter is the same to the last byte, however often it is made."""
        if not self.signers:
            return printed.message
        body_hash = sha256(printed.body).digest()
        return signatures(self.signers, printed.head, body_hash, self.dated) + printed.message

    def _prove(self, printed: Printed, person: Person, slip: Slip) -> dict[str, str]:
        """The whole letter read back as its reader will: what the quick checks say must be so."""
        if stuff(printed.message) != printed.message:  # also refuses bare line ends
            raise refused(Refusal(rule="not-as-checked", place="body"), slip)
        facts = read_facts(printed.message)
        refusal = check_recipient(facts, printed.to)
        if refusal:
            raise refused(refusal, slip)
        part = part_that_differs(printed, self.press.merger, person.fields)
        if part:
            raise refused(Refusal(rule="not-as-checked", place=part), slip)
        return strange_addresses(facts, printed.to, self.expected)


async def open_order(row: Row) -> Order:
    """Opens a dispatch row. Raises CannotSend when its content is not what was sealed, or does not open."""
    content = {name: row[name] for name in _SEALED}
    if row["seal"] != seal_of_content(**content):
        raise CannotSend("content-changed")
    workspace_id = row["workspace_id"]
    letter = CompiledLetter.from_json(row["letter"])
    sender = FrozenSender.from_json(row["sender"])
    legal = (sender.organisation, sender.postal_address, sender.contact)
    expected = addresses_in(sender.address, sender.reply_to, *legal)
    address = parse_address(sender.address)
    try:
        vault = await in_thread(vault_of, workspace_id)
        signers = await in_thread(signers_of, workspace_id, address.domain)
        bounces = await in_thread(return_path_domain_of, workspace_id, address.domain)
    except SealBroken:
        raise CannotSend("cannot-open") from None
    press = press_of(
        letter,
        sender,
        dated=timezone.localtime(row["dated"]),
        feedback_id=":".join((row["id"].hex[-12:], workspace_id.hex[-12:], letter.kind, "hatobin")),
    )
    return Order(
        dispatch_id=row["id"],
        vault=vault,
        press=press,
        strangers=StrangerCheck(press, expected=expected, search=strangers_in),
        signers=signers,
        sender_address=address,
        return_domain=bounces or "",
        base_url=row["base_url"],
        dated=row["dated"],
        expires_at=row["expires_at"],
        retry=_schedule(row["retry"]),
        expected=expected,
    )


def _schedule(text: str) -> RetrySchedule | None:
    try:
        return RetrySchedule.from_text(text) if text else None
    except NotReadable:
        raise CannotSend("content-changed") from None


def refused(refusal: Refusal, slip: Slip) -> CannotSend:
    """The last-byte check's refusal as the reason to stop; it names a row, a rule and a place."""
    return CannotSend("last-byte", rule=refusal.rule, place=refusal.place, delivery=str(slip.id))
