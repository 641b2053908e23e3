"""Where a file's bytes come from: a path, memory, an open file, or sealed pieces opened one by one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIECE = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetSource:
    """A file that can be read from its start as often as needed.

    ``name`` is the file's name as uploaded: for people only, the kind is told by the content.
    ``size`` in bytes. ``chunks`` starts again at the first byte with every call; pieces of any size.
    """

    name: str
    size: int
    chunks: Callable[[], Iterator[bytes]]

    @classmethod
    def from_path(cls, path: Path) -> SheetSource:
        """A file on disk."""
        return cls(name=path.name, size=path.stat().st_size, chunks=lambda: _pieces_of(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "") -> SheetSource:
        """A file in memory."""
        return cls.from_file(io.BytesIO(data), name)

    @classmethod
    def from_file(cls, file: BinaryIO, name: str = "") -> SheetSource:
        """An open, seekable file; it stays open and is the caller's to close."""
        size = file.seek(0, io.SEEK_END)
        return cls(name=name, size=size, chunks=lambda: _rewound(file))

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, or fewer where the file is shorter."""
        found = bytearray()
        for chunk in self.chunks():
            found += chunk
            if len(found) >= length:
                break
        return bytes(found[:length])


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _rewound(file)


def _rewound(file: BinaryIO) -> Iterator[bytes]:
    position = 0
    while True:
        file.seek(position)  # two readers of one file do not disturb each other
        piece = file.read(PIECE)
        if not piece:
            return
        position += len(piece)
        yield piece
