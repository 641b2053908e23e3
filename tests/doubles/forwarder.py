"""A PostgreSQL that has only a local socket, on the network: a process that passes every byte on.

To the machines there it is the server. One of them that vanished is noticed as an operator would set it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
_KEEPALIVE = {
    socket.TCP_KEEPIDLE: 5,
    socket.TCP_KEEPINTVL: 2,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 11_000,  # milliseconds
}


class Forwarder:
    """``with Forwarder(path, address) as forwarder``: ``forwarder.port``."""

    def __init__(self, path: Path, address: str) -> None:
        self._words = (str(path), address)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.doubles.forwarder", *self._words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()


async def _forward(path: str, address: str) -> None:
    async def serve(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        plug: socket.socket = back.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            plug.setsockopt(socket.IPPROTO_TCP, option, value)
        far, forth = await asyncio.open_unix_connection(path)
        pumps = {asyncio.create_task(_pump(near, forth)), asyncio.create_task(_pump(far, back))}
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (forth, back):
            end.transport.abort()

    server = await asyncio.start_server(serve, address, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(1 << 16):
            target.write(chunk)
            await target.drain()


if __name__ == "__main__":
    asyncio.run(_forward(*sys.argv[1:]))
