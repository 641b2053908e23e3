"""What a test of a way of sending found: how far it came, step by step, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.rules.troubles import trouble_advice, trouble_text

SOURCE, LOOK_UP, CONNECT, ENCRYPT, SIGN_IN, OFFER = (
    "source",
    "look-up",
    "connect",
    "encrypt",
    "sign-in",
    "offer",
)
_STEP_TEXTS: dict[str, str | Promise] = {
    SOURCE: _("Use the addresses to send from"),
    LOOK_UP: _("Look up the mail server"),
    CONNECT: _("Connect"),
    ENCRYPT: _("Encrypt"),
    SIGN_IN: _("Sign in"),
    OFFER: _("Ask whether it takes letters"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was tried. ``ok`` is None when it did not come to that. ``detail``: what was found,
    such as the name of a server; may be empty."""

    code: str
    text: str | Promise
    ok: bool | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EgressTest:
    """``code`` is empty when all is well. ``words``: the server's own, or the system's."""

    ok: bool
    code: str
    text: str | Promise
    advice: str | Promise
    words: str
    steps: tuple[Step, ...]


def failed_test(
    code: str, kind: str, *, words: str = "", steps: tuple[Step, ...] = ()
) -> EgressTest:
    """In the words that a trouble has on this kind of egress."""
    return EgressTest(
        ok=False,
        code=code,
        text=trouble_text(code, kind),
        advice=trouble_advice(code, kind),
        words=words[:500],
        steps=steps,
    )


def steps_until(
    wanted: Sequence[str],
    *,
    failed: str | None = None,
    left: str | None = None,
    details: Mapping[str, str] | None = None,
) -> tuple[Step, ...]:
    """All done before ``failed``, which failed, or before ``left``, which was left out; nothing after."""
    end = failed or left
    place = wanted.index(end) if end in wanted else len(wanted) if end is None else 0
    return tuple(
        Step(
            code=code,
            text=_STEP_TEXTS[code],
            ok=True if index < place else False if failed and index == place else None,
            detail=(details or {}).get(code, "") if index <= place else "",
        )
        for index, code in enumerate(wanted)
    )
