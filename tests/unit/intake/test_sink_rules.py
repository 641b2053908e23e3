"""When a rule fits, what it is called, and that chances fall the same way every time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from hatobin.intake.sink import (
    Alert,
    Answer,
    Certificate,
    Close,
    Delay,
    Hang,
    Reset,
    Rule,
    Slow,
    parse_rule,
)  # fmt: skip
from hatobin.intake.sink.faults import Faults, Stage
from hatobin.intake.sink.replies import KNOWN


class HandClock:
    """Goes when it is pushed."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("dot=reset", Rule(stage="dot", action=Reset())),
        ("dot=keep-reset", Rule(stage="dot", action=Reset(keep=True))),
        ("dot=keep-delay 180", Rule(stage="dot", action=Delay(180, keep=True))),
        ("any=delay 0.5-2", Rule(stage="any", action=Delay(0.5, 2))),
        ("data=delay 5 then 421 4.4.2 Slow",
         Rule(stage="data", action=Delay(5, then=Answer(421, "4.4.2 Slow")))),
        ("between/*@x.jp=delay 5 then close",
         Rule(stage="between", recipient="*@x.jp", action=Delay(5, then=Close()))),
        ("body=slow 2000", Rule(stage="body", action=Slow(2000))),
        ("tls=alert", Rule(stage="tls", action=Alert())),
        ("tls%0.5=certificate expired",
         Rule(stage="tls", share=0.5, action=Certificate("expired"))),
        ("rcpt=like gmail", Rule(stage="rcpt", action=KNOWN["gmail"])),
    ],
)  # fmt: skip
def test_a_rule_is_read_from_text(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dot%1.5=close", "share"),
        ("dot%..=close", "share"),
        ("dot=delay", "action"),
        ("dot=delay 3-1", "time"),
        ("dot=delay 1 then explode", "explode"),
        ("dot=delay 1 then delay 2", "another delay"),
        ("dot=keep-delay 1 then close", "keep-delay"),
        ("between=delay 1", "say what comes then"),
        ("dot=slow 10", "stage body"),
        ("body=slow 0", "action"),
        ("mail=alert", "stage tls"),
        ("tls=452 Full", "cannot be done at stage tls"),
        ("body=unasked 250 x", "cannot be done at stage body"),
        ("tls=certificate pretty", "action"),
        ("rcpt=like nobody", "like gmail"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_rule(text)


@pytest.mark.parametrize(
    "text",
    ["dot=keep-reset", "any=delay 0.5-2", "data=delay 5 then 421 4.4.2 Slow", "body=slow 2000",
     "tls=certificate expired", "dot=keep-hang", "connect=endless", "starttls=unasked 250 x"],
)  # fmt: skip
def test_a_rule_without_a_name_is_called_as_it_is_written(text: str) -> None:
    assert str(parse_rule(text)) == text
    assert str(replace(parse_rule(text), name="mine")) == "mine"


@pytest.mark.parametrize("name", KNOWN)
def test_known_replies_are_for_now_and_fit_on_a_line(name: str) -> None:
    assert 400 <= KNOWN[name].code < 500
    assert len(str(KNOWN[name])) <= 510  # RFC 5321 section 4.5.3.1.5


def fates(faults: Faults, people: Iterable[str], stage: Stage = "rcpt") -> list[bool]:
    return [faults.at(stage, [person]) is not None for person in people]


def test_a_persons_fate_does_not_depend_on_who_else_comes() -> None:
    rule = parse_rule("rcpt%0.3=452 Later")
    people = [f"p{number}@example.jp" for number in range(1000)]
    forward = dict(zip(people, fates(Faults([rule], seed=5), people), strict=True))
    backward = dict(zip(people[::-1], fates(Faults([rule], seed=5), people[::-1]), strict=True))
    assert forward == backward
    assert 250 < sum(forward.values()) < 350


def test_a_second_try_has_a_fate_of_its_own_and_another_seed_other_fates() -> None:
    rule = parse_rule("rcpt%0.5=452 Later")
    people = [f"p{number}@example.jp" for number in range(200)]
    faults = Faults([rule], seed=5)
    first, second = fates(faults, people), fates(faults, people)
    assert first != second
    assert first != fates(Faults([rule], seed=6), people)


def test_a_delay_is_drawn_between_its_ends_the_same_every_time() -> None:
    def drawn() -> list[float]:
        faults = Faults([parse_rule("dot=delay 1-3")], seed=5)
        found = [faults.at("dot", [f"p{number}@example.jp"]) for number in range(100)]
        return [f.action.seconds for f in found if f and isinstance(f.action, Delay)]

    assert len(drawn()) == 100
    assert drawn() == drawn()
    assert 1 <= min(drawn()) < 1.2
    assert 2.8 < max(drawn()) <= 3


def test_a_rule_holds_from_a_time_to_a_time() -> None:
    clock = HandClock()
    faults = Faults([Rule(stage="mail", action=Hang(), since=10, until=20)], clock=clock)
    seen = []
    for passed in (0, 9.9, 10, 19.9, 20):
        clock.now = 1000 + passed
        seen.append(faults.at("mail") is not None)
    assert seen == [False, False, True, True, False]


def test_a_rule_is_for_a_server_by_address_or_by_address_and_port() -> None:
    here = Rule(stage="mail", action=Hang(), server="127.0.0.2")
    port = Rule(stage="mail", action=Close(), server="*:2526")
    faults = Faults([here, port])
    found = [
        faults.at("mail", (), server) for server in ("127.0.0.2:25", "127.0.0.3:2526", "::1:25")
    ]
    assert [each and each.action for each in found] == [Hang(), Close(), None]


def test_any_is_every_stage_where_a_reply_is_due() -> None:
    faults = Faults([parse_rule("any=hang")])
    stages: list[Stage] = ["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot"]
    assert all(faults.at(stage) for stage in stages)
    assert not any(faults.at(stage) for stage in ("tls", "body", "between"))
