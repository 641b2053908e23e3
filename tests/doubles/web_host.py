"""An HTTPS server that says exactly what a test wants, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Self


class WebHost:
    """``async with WebHost(context) as host``: answers each request with ``answer``.

    With ``hold`` it sends the answer and then keeps the connection open; ``drip`` sends one byte each
    ``drip`` seconds. ``requests`` holds the first lines and headers that came.
    """

    def __init__(self, context: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0) -> None:
        self._context, self.host, self.port = context, host, port
        self.answer = b""
        self.hold = False
        self.drip = 0.0
        self.requests: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, text: str, *, kind: str = "text/plain", status: str = "200 OK") -> None:
        """An ordinary answer from now on."""
        body = text.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answer = head.encode() + body

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, ssl=self._context
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            try:
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
                await self._speak(writer)
                if self.hold:
                    await reader.read()
            finally:
                writer.transport.abort()

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        if self.drip:
            for number in range(len(self.answer)):
                writer.write(self.answer[number : number + 1])
                await asyncio.sleep(self.drip)
        writer.write(self.answer)
        await writer.drain()
        if not self.hold:
            writer.close()
            await writer.wait_closed()
