"""A bad world to send into: a domain for each bad habit, a relay that has all of them, and people everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hatobin.accounts.models import Workspace
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import ConsentBasis, Contact, ContactList, Field, Subscription
from hatobin.audience.people import seal_person
from hatobin.delivery.models import Dispatch
from hatobin.delivery.services.egress import save_direct, save_relay
from tests.factories import make_actor, make_workspace
from tests.integration.delivery.stage import Office, letter

RELAY, SERVERS, BUSY = "127.0.0.2", "127.0.0.3", "127.0.0.4"
TIMEOUTS = {
    "connect": 3.0, "tls": 3.0, "greeting": 3.0, "command": 3.0, "data": 3.0, "block": 3.0, "dot": 4.0,
}  # fmt: skip
RELAY_CONNECTIONS, DOMAIN_CONNECTIONS = 10, 3
# Short pauses, so that a campaign over a bad world ends in minutes.
SHAPING = f"""
[default]
rate = "unlimited"
backoff = ["0.3 s", "0.6 s"]
retry = ["1 s", "2 s"]
retry_then = "3 s"
[egress.direct]
connections = {DOMAIN_CONNECTIONS}
slow_start = {DOMAIN_CONNECTIONS}
messages_per_connection = 1000
[egress.smtp-relay]
slow_start = {RELAY_CONNECTIONS}
backoff = ["0.3 s", "0.6 s"]
"""
# Habit: rules of the sink for that domain, "STAGE SHARE ACTION".
HABITS: dict[str, Sequence[str]] = {
    "good": (),
    "silent": ("dot 0.03 hang", "data 0.03 hang", "rcpt 0.02 hang"),
    "deaf": ("dot 0.03 keep-hang",),
    "reset": ("dot 0.03 reset", "dot 0.03 keep-reset", "rcpt 0.03 reset"),
    "hangup": ("dot 0.03 close", "dot 0.03 keep-close", "data 0.03 close"),
    "closing": ("rcpt 0.05 421 4.3.2 Closing", "dot 0.03 421 4.3.2 Closing"),
    "later": ("rcpt 0.2 451 4.3.0 Later", "dot 0.1 452 4.2.2 Full"),
    "refusing": ("rcpt 0.1 550 5.1.1 No such user", "dot 0.05 554 5.7.1 No"),
    "slow": ("body 0.2 slow 8000",),
    "patient": ("dot 0.3 keep-delay 0.5-2",),
    "garbled": ("dot 0.02 garbage", "rcpt 0.02 endless", "rcpt 0.02 garbage"),
    "between": ("between 0.2 421 4.3.2 Closing",),
    "grey": (),
    "rated": (),
    "busy": (),
}
EXTRA = """
[[greylist]]
domain = "grey.example"
seconds = 1
reply = "451 4.7.1 Greylisted"

[[rate]]
domain = "rated.example"
per = "domain"
messages = 6
seconds = 1
reply = "451 4.7.1 Not so fast"

[[connections]]
server = "127.0.0.4"
at_once = 2
at_once_reply = "421 4.7.0 Too many connections"
messages = 7
messages_reply = "421 4.7.0 Too many messages on this connection"
"""
_MIXED = (
    "rcpt 0.02 451 4.3.0 Later",
    "rcpt 0.01 550 5.1.1 No such user",
    "rcpt 0.005 421 4.3.2 Closing",
    "dot 0.005 keep-close",
    "dot 0.005 reset",
    "dot 0.003 hang",
    "between 0.01 421 4.3.2 Closing",
)


def modes(seed: int, pace: str) -> str:
    """The sink's file. ``pace``: how long a usual answer to the dot takes."""
    rules = [("relay.example", rule) for rule in _MIXED]
    rules += [(f"{habit}.example", rule) for habit, lines in HABITS.items() for rule in lines]
    told = [f"seed = {seed}"]
    for domain, rule in rules:
        stage, share, action = rule.split(" ", 2)
        told.append(
            f'[[fault]]\nstage = "{stage}"\ndomain = "{domain}"\nshare = {share}\naction = "{action}"'
        )
    told.append(f'[[fault]]\nname = "usual"\nstage = "dot"\naction = "delay {pace}"')
    return "\n\n".join(told) + EXTRA


def zone() -> dict[str, dict[str, list[str]]]:
    """Each domain has a server of its own, so that each is a lane of its own."""
    found: dict[str, dict[str, list[str]]] = {}
    for habit in HABITS:
        found[f"{habit}.example"] = {"MX": [f"10 mx.{habit}.example."]}
        found[f"mx.{habit}.example"] = {"A": [BUSY if habit == "busy" else SERVERS]}
    return found


@dataclass(kw_only=True)
class World:
    """Two released letters: one goes by the relay, the other straight to each domain."""

    offices: list[Office]
    dispatches: list[Dispatch] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many may be open at one time, of all senders together."""
        return RELAY_CONNECTIONS + DOMAIN_CONNECTIONS * len(HABITS)


def make_world(port: int, people: int) -> World:
    """A third of them by the relay."""
    workspace = make_workspace("さくら市役所")
    alice = make_actor(workspace, email=f"alice-{workspace.pk}@office.example")
    Field.objects.create(workspace=workspace, name="氏名", position=0)
    relay = save_relay(
        alice, name="中継", host=RELAY, port=port, tls="none", connections=RELAY_CONNECTIONS
    )
    source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
    direct = save_direct(alice, name="直接", sources=[source], connections=DOMAIN_CONNECTIONS)
    by_relay = [f"reader{n:05}@relay.example" for n in range(people // 3)]
    habits = list(HABITS)
    straight = [
        f"reader{n:05}@{habits[n % len(habits)]}.example" for n in range(people - people // 3)
    ]
    office = Office(
        workspace=workspace,
        alice=alice,
        people=write_people(workspace, "会員", by_relay),
        relay=relay,
        letter=letter(),
    )
    other = replace(office, people=write_people(workspace, "市民", straight), relay=direct)
    return World(offices=[office, other])


def write_people(workspace: Workspace, name: str, addresses: Sequence[str]) -> ContactList:
    """As ``factories.make_list``, many at a time."""
    vault = vault_of(workspace.pk)
    found = ContactList.objects.create(workspace=workspace, name=name, field_names=["氏名"])
    contacts = []
    for number, address in enumerate(addresses):
        key = vault.address_key(address)
        contacts.append(
            Contact(
                workspace=workspace,
                address_key=key,
                domain=address.partition("@")[2],
                sealed=seal_person(vault, key, address, {"氏名": f"読者{number:05}"}),
                search_keys=[],
            )
        )
    Contact.objects.bulk_create(contacts, batch_size=1000)
    Subscription.objects.bulk_create(
        [
            Subscription(
                workspace=workspace,
                list=found,
                contact=contact,
                position=position,
                basis=ConsentBasis.CONSENT,
            )
            for position, contact in enumerate(contacts, 1)
        ],
        batch_size=1000,
    )
    return found


def write_files(folder: Path, *, seed: int, pace: str) -> tuple[Path, Path]:
    """(the sink's modes, the installation's shaping)."""
    sink, shaping = folder / "modes.toml", folder / "shaping.toml"
    sink.write_text(modes(seed, pace), encoding="utf-8")
    shaping.write_text(SHAPING, encoding="utf-8")
    return sink, shaping
