"""A wall clock that jumps, for whole processes: Python's, PostgreSQL's, whatever asks the C library.

The system's own clock cannot be set without harm to others. So a small library, compiled here and loaded before
all others, adds to the wall clock what a file says; clocks that only run forward are left alone.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.conftest import need_program

_SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *jump;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("JUMPING_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) jump = at;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *at) {
    int failed = syscall(SYS_clock_gettime, which, at);
    if (!failed && jump && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) at->tv_sec += *jump;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class JumpingClock:
    """``with JumpingClock(folder) as clock``: processes that get ``clock.environment`` follow ``clock.jump``.

    ``folder`` must be one that every user of the machine can reach.
    """

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "jump", folder / "jumping.so"
        source = folder / "jumping.c"
        source.write_text(_SOURCE, encoding="utf-8")
        compiler = need_program("cc", "gcc", "clang")
        subprocess.run(
            [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(source)], check=True
        )
        self._file.write_bytes(bytes(8))
        for path in (self._file, library):
            path.chmod(0o755)
        self.environment = {"LD_PRELOAD": str(library), "JUMPING_CLOCK": str(self._file)}

    def __enter__(self) -> Self:
        with self._file.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)
        return self

    def __exit__(self, *_error: object) -> None:
        self._map.close()

    def jump(self, seconds: int) -> None:
        """From now on it is so much later than it is; negative: earlier; 0: it is right."""
        self._map[:8] = struct.pack("=q", seconds)

    def asked(self) -> float:
        """What a process that follows it takes for now."""
        words = [sys.executable, "-c", "import time; print(time.time())"]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout)
