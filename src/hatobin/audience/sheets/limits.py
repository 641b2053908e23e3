"""How much a file may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Every bound in one place. Sizes in bytes, times in seconds, cells in characters."""

    file_bytes: int = 50 * MB
    columns: int = 1_000
    rows: int = 2_000_000
    cell_chars: int = 32_767  # Excel's own limit of a cell
    unpacked_bytes: int = 300 * MB  # of all parts of a workbook together
    big_part_bytes: int = 16 * MB  # parts below this may compress as well as they like
    part_ratio: int = 200  # a list of people packs 5 to 30 times; deflate's end is 1,032
    parts: int = 10_000
    directory_bytes: int = 2 * MB  # of the zip's central directory
    # calamine takes 800 MB for a full 46 MB workbook; the rest is Python and the file itself.
    memory_bytes: int = 1536 * MB
    cpu_seconds: int = 60
    wait_seconds: float = (
        120.0  # spent waiting for the child; time the caller spends is not counted
    )


LIMITS = Limits()
