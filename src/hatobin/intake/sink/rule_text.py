"""Reads rules as the command line and a modes file write them.

A rule is ``STAGE[/RECIPIENT][#N|%SHARE][*TIMES]=ACTION``:

    rcpt/*@full.example=452 4.2.2 Mailbox full     answer for these recipients; 421 hangs up too
    dot#3=close                                    third message: hang up instead of answering
    dot=keep-close                                 the same, but the message was taken: in doubt
    data%0.1=hang                                  one in ten: no answer, ever
    dot=keep-reset                                 taken, then a TCP RST
    mail*2=451 4.3.0 Later                         only the first two times
    ehlo=delay 2 | any=delay 0.1-3                 late, at one stage or at all of them
    dot=keep-delay 180                             taken at once, the answer after three minutes
    data=delay 5 then 421 4.4.2 Too slow           late, and then not the usual
    body=slow 2000                                 reads the body at 2,000 bytes a second
    between=421 4.3.2 Closing                      unasked, after the reply to the dot
    connect=endless | garbage                      a reply without an end | bytes that are none
    starttls=454 4.7.0 Not now | unasked 250 extra offered, then refused | injection
    tls=alert | close | certificate wrong-name     the handshake fails | the certificate is wrong
    rcpt%0.2=like gmail                            the reply that Gmail gives (see replies.py)
"""

from __future__ import annotations

import re
from typing import cast, get_args

from hatobin.intake.sink.actions import (
    Action,
    Alert,
    Answer,
    Certificate,
    CertificateKind,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Reset,
    Slow,
    Unasked,
)
from hatobin.intake.sink.faults import STAGES, Rule, Stage
from hatobin.intake.sink.replies import KNOWN

_RULE = re.compile(
    r"(?P<stage>[a-z]+)(?:/(?P<recipient>[^\s#%]+?))?(?:#(?P<nth>[0-9]+)|%(?P<share>[0-9.]+))?"
    r"(?:\*(?P<times>[0-9]+))?=(?P<action>[^=].*)"
)
_ANSWER = re.compile(r"([2-5][0-9][0-9])(?: (.*))?")
_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:-([0-9]+(?:\.[0-9]+)?))?")
_WORDS: dict[str, Action] = {
    "hang": Hang(),
    "keep-hang": Hang(keep=True),
    "close": Close(),
    "keep-close": Close(keep=True),
    "reset": Reset(),
    "keep-reset": Reset(keep=True),
    "endless": Endless(),
    "garbage": Garbage(),
    "alert": Alert(),
}
# The actions that need a certain place; all others can be done wherever a reply is due.
_ONLY_AT: dict[type, str] = {Slow: "body", Alert: "tls", Certificate: "tls"}
_AT_TLS = (Hang, Close, Reset, Garbage, Alert, Certificate)
_AT_BODY = (Answer, Hang, Close, Reset, Delay, Endless, Garbage, Slow)


def parse_rule(text: str) -> Rule:
    """Reads a rule as the command line writes it. Raises ValueError with a sentence."""
    found = _RULE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a rule: write STAGE=ACTION, for example rcpt=452 Later")
    stage = parse_stage(found["stage"])
    share = _share(found["share"] or "1")
    action = parse_action(found["action"])
    check_place(stage, action)
    return Rule(
        stage=stage,
        action=action,
        recipient=found["recipient"] or "",
        nth=int(found["nth"] or 0),
        share=share,
        times=int(found["times"] or 0),
    )


def parse_stage(text: str) -> Stage:
    """Raises ValueError with a sentence. ``any`` passes as one."""
    if text not in STAGES and text != "any":
        raise ValueError(f"{text!r} is not a stage: use one of {', '.join(STAGES)}, any")
    return cast(Stage, text)


def check_place(stage: str, action: Action) -> None:
    """Raises ValueError when an action has no meaning at this stage."""
    only = _ONLY_AT.get(type(action), stage)
    allowed = {"tls": _AT_TLS, "body": _AT_BODY}.get(stage, (Action,))
    if only != stage:
        raise ValueError(f"'{action}' can only be done at stage {only}, not at {stage}")
    if not isinstance(action, allowed):
        raise ValueError(f"'{action}' cannot be done at stage {stage}")
    if isinstance(action, Delay):
        if action.then is not None:
            check_place(stage, action.then)
        elif stage == "between":
            raise ValueError(
                "'delay' at stage between: say what comes then, as in delay 5 then close"
            )


def parse_action(text: str) -> Action:
    """Raises ValueError with a sentence."""
    word, _, rest = text.partition(" ")
    answer = _ANSWER.fullmatch(text)
    if answer:
        return Answer(int(answer[1]), answer[2] or "As you wish")
    if word in _WORDS and not rest:
        return _WORDS[word]
    if word in {"delay", "keep-delay"} and rest:
        return _delay(rest, keep=word == "keep-delay")
    if word == "slow" and re.fullmatch(r"[1-9][0-9]{0,9}", rest):
        return Slow(int(rest))
    if word == "unasked" and rest:
        return Unasked(rest)
    if word == "like" and rest in KNOWN:
        return KNOWN[rest]
    if word == "certificate" and rest in get_args(CertificateKind):
        return Certificate(cast(CertificateKind, rest))
    raise ValueError(
        f"{text!r} is not an action: use a reply such as '452 4.2.2 Full', hang, keep-hang, close, "
        "keep-close, reset, keep-reset, delay SECONDS[-SECONDS] [then ACTION], keep-delay SECONDS, "
        "slow BYTES, endless, garbage, unasked LINE, alert, certificate wrong-name, "
        f"certificate expired, or like {', like '.join(KNOWN)}"
    )


def _delay(text: str, *, keep: bool) -> Delay:
    span, _, then = text.partition(" then ")
    found = _SECONDS.fullmatch(span)
    if not found or (found[2] and float(found[2]) < float(found[1])):
        raise ValueError(f"{span!r} is not a time: write seconds, as in 2, 0.5 or 1-3")
    after = parse_action(then) if then else None
    if after and (keep or isinstance(after, Delay)):
        raise ValueError(f"{then!r} cannot come after {'keep-delay' if keep else 'another delay'}")
    return Delay(float(found[1]), float(found[2] or 0), keep=keep, then=after)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not a share: write a number from 0 to 1")
    return share
