"""A sender whose name service is made up: every domain has servers of its own, all of them on one port here."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hatobin.config.settings")
django.setup()

from hatobin.delivery.egress.direct.dns import DnsAnswer, Kind  # noqa: E402 - Django first
from hatobin.delivery.runner.sender import Sender  # noqa: E402
from hatobin.delivery.services.direct_roads import outside_of  # noqa: E402

_DOMAIN = re.compile(r"(mx\.)?mail(\d+)\.example")


class MadeUp:
    """``mailN.example`` is served by ``mx.mailN.example``; the first ``down`` have nobody at home."""

    def __init__(self, down: int) -> None:
        self._down = down

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        """Part of Dns."""
        found = _DOMAIN.fullmatch(name)
        if found is None:
            return DnsAnswer(status="no-such-name")
        if found[1] and kind == "A":
            here = "127.0.0.9" if int(found[2]) < self._down else "127.0.0.1"
            return DnsAnswer(status="found", records=(here,))
        if not found[1] and kind == "MX":
            return DnsAnswer(status="found", records=(f"10 mx.{name}.",))
        return DnsAnswer(status="no-data")


async def main(port: int, down: int) -> None:
    """Sends until it is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    outside = outside_of(MadeUp(down), port=port, allow_loopback=True)
    await Sender(outside=outside).run(stop)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
