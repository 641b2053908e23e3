"""The press of a letter and its sender: the one that a check looks at and the one that prints what leaves."""

from __future__ import annotations

from datetime import datetime

from hatobin.content.letters import CompiledLetter
from hatobin.content.press import Press, compile_press
from hatobin.senders.frozen import FrozenSender
from hatobin.wire.address import parse_address


def press_of(
    letter: CompiledLetter, sender: FrozenSender, *, dated: datetime, feedback_id: str
) -> Press:
    """``dated`` in the zone that the letter shows. Raises ComposeError when nobody's letter could be made."""
    return compile_press(
        letter,
        from_display=sender.display_name,
        from_address=parse_address(sender.address),
        reply_to=parse_address(sender.reply_to) if sender.reply_to else None,
        date=dated,
        feedback_id=feedback_id,
    )
