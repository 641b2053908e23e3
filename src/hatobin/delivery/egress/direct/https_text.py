"""Fetches a small text file over HTTPS: certificate checked, no redirect, a limit for all of it."""

from __future__ import annotations

import asyncio
import http.client
import io
import ssl
from collections.abc import Sequence

from hatobin.delivery.egress.direct.race import Candidate, connect_first
from hatobin.delivery.egress.opening import tls_context

MOST = 64 * 1024  # bytes of text (RFC 8461 section 3.3 advises this)
WITHIN = 60.0  # seconds for everything (ditto)
_HEADERS = 16 * 1024
_CHUNK_LINE = 256


class FetchFailed(Exception):
    """There is no text; the message says why, for logs."""


async def fetch_text(
    host: str,
    path: str,
    addresses: Sequence[str],
    *,
    port: int = 443,
    within: float = WITHIN,
    most: int = MOST,
) -> str:
    """``https://host/path`` from one of ``addresses``, if it is ``text/plain``. Raises FetchFailed."""
    try:
        async with asyncio.timeout(within):
            return await _fetch(
                host, path, [Candidate(address=each) for each in addresses], port, most
            )
    except TimeoutError as error:
        raise FetchFailed("no answer in time") from error
    except ssl.SSLCertVerificationError as error:
        raise FetchFailed(f"certificate: {error.verify_message}") from error
    except (OSError, EOFError, ValueError, http.client.HTTPException) as error:
        raise FetchFailed(str(error) or type(error).__name__) from error


async def _fetch(
    host: str, path: str, candidates: Sequence[Candidate], port: int, most: int
) -> str:
    sock, _, _ = await connect_first(candidates, port, timeout=WITHIN)
    try:
        reader, writer = await asyncio.open_connection(
            sock=sock, ssl=tls_context(True), server_hostname=host, limit=_HEADERS
        )
    except BaseException:
        sock.close()
        raise
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/plain\r\n"
            "User-Agent: Hatobin\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        headers = await _read_headers(reader)
        return (await _read_body(reader, headers, most)).decode("utf-8")
    finally:
        writer.transport.abort()


async def _read_headers(reader: asyncio.StreamReader) -> http.client.HTTPMessage:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise FetchFailed("the header is too long") from error
    status, _, rest = head.partition(b"\r\n")
    words = status.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1."):
        raise FetchFailed("the answer is not HTTP")
    if words[1] != b"200":
        raise FetchFailed(f"status {words[1].decode('ascii', 'replace')[:9]}")
    headers = http.client.parse_headers(io.BytesIO(rest))
    if "Content-Type" not in headers or headers.get_content_type() != "text/plain":
        raise FetchFailed("the answer is not text/plain")
    return headers


async def _read_body(
    reader: asyncio.StreamReader, headers: http.client.HTTPMessage, most: int
) -> bytes:
    if headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
        return await _read_chunks(reader, most)
    if "Content-Length" in headers:
        return await reader.readexactly(_within(int(headers["Content-Length"]), most))
    body = b""
    while piece := await reader.read(most + 1 - len(body)):
        body += piece
        _within(len(body), most)
    return body


async def _read_chunks(reader: asyncio.StreamReader, most: int) -> bytes:
    body = b""
    while True:
        line = await reader.readline()
        if len(line) > _CHUNK_LINE or not line.endswith(b"\n"):
            raise FetchFailed("a chunk has no size")
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return body
        _within(len(body) + size, most)
        body += await reader.readexactly(size)
        await reader.readexactly(2)


def _within(size: int, most: int) -> int:
    if not 0 <= size <= most:
        raise FetchFailed("the text is too long")
    return size
