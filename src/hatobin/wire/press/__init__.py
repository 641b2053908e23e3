"""Compose once: a dispatch's letter as pre-encoded octets, with places for one person's values.

``Plate`` makes header blocks and bodies; ``content.press`` fills it from a compiled letter.
"""

from hatobin.wire.press.head import Fixed, subject_field
from hatobin.wire.press.parts import Piece, tidy
from hatobin.wire.press.plate import Plate

__all__ = ["Fixed", "Piece", "Plate", "subject_field", "tidy"]
