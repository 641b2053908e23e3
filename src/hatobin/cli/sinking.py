"""``hatobin sink``: an SMTP server that takes every letter and sends none, to try things against."""

from __future__ import annotations
