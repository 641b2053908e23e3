"""What a sink can do instead of behaving well. Written as text, each reads as on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Answer:
    """This reply instead of the usual one. A 2yz or 3yz reply has its usual effect; 421 hangs up."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer, until the other side gives up; what it sends is not read any more.

    With ``keep`` at stage ``dot`` the message was taken.
    """

    keep: bool = False

    def __str__(self) -> str:
        return "keep-hang" if self.keep else "hang"


@dataclass(frozen=True, slots=True)
class Close:
    """Hangs up instead of answering. With ``keep`` at stage ``dot`` the message was taken."""

    keep: bool = False

    def __str__(self) -> str:
        return "keep-close" if self.keep else "close"


@dataclass(frozen=True, slots=True)
class Reset:
    """The same, but the other side gets a TCP RST, and with it loses what it had not read yet."""

    keep: bool = False

    def __str__(self) -> str:
        return "keep-reset" if self.keep else "reset"


@dataclass(frozen=True, slots=True)
class Delay:
    """``then`` (None: the usual answer), late by ``seconds`` or by anything up to ``most``.

    A message is taken when the time is over, if its sender still waits; with ``keep`` it is taken at
    once, and only the answer is late. At stage ``between`` the next command ends the waiting.
    """

    seconds: float
    most: float = 0.0
    keep: bool = False
    then: Action | None = None

    def __str__(self) -> str:
        span = f"{self.seconds:g}-{self.most:g}" if self.most else f"{self.seconds:g}"
        late = f"{'keep-' if self.keep else ''}delay {span}"
        return f"{late} then {self.then}" if self.then else late


@dataclass(frozen=True, slots=True)
class Slow:
    """Reads this body at so many bytes a second, through a small window. Only at stage ``body``."""

    octets: int

    def __str__(self) -> str:
        return f"slow {self.octets}"


@dataclass(frozen=True, slots=True)
class Endless:
    """A multi-line reply that never ends."""

    def __str__(self) -> str:
        return "endless"


@dataclass(frozen=True, slots=True)
class Garbage:
    """Binary bytes instead of a reply."""

    def __str__(self) -> str:
        return "garbage"


@dataclass(frozen=True, slots=True)
class Unasked:
    """The usual answer, and in the same breath a second line that nobody asked for."""

    line: str

    def __str__(self) -> str:
        return f"unasked {self.line}"


@dataclass(frozen=True, slots=True)
class Alert:
    """Refuses the handshake as a TLS server does that shares no cipher. Only at stage ``tls``."""

    def __str__(self) -> str:
        return "alert"


CertificateKind = Literal["good", "wrong-name", "expired"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Shows a certificate for another name, or one of last year. Only at stage ``tls``."""

    kind: CertificateKind

    def __str__(self) -> str:
        return f"certificate {self.kind}"


Action = (
    Answer | Hang | Close | Reset | Delay | Slow | Endless | Garbage | Unasked | Alert | Certificate
)
