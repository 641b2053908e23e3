"""NAME
    processes - the children of ``hatobin serve``; each can also run alone

JOB
    web       serves console, API and public pages (granian, WSGI)
    sender    hands letters to egresses (delivery.runner)
    worker    runs background jobs: imports, clean-up (Procrastinate)
    sandbox   receives the sandbox mailbox's letters over SMTP on loopback

SIGNALS
    SIGTERM and SIGINT drain: finish what must not be cut, take nothing new, leave.
    A child whose parent died drains too: it looks for its parent twice a second.

DIAGNOSTICS
    One log line at start and at end. A child that cannot start exits with 1 and says why.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

from hatobin.config.env import Settings

_LOOK = 0.5  # seconds between looks for the parent
_DRAIN = 25.0  # seconds a child may take to drain before it is ended
PARENT = "HATOBIN_PARENT_PID"


def watch_parent() -> None:
    """Drains this process when the supervisor that started it is gone; does nothing when run alone."""
    parent = os.environ.get(PARENT)
    if parent and parent.isdigit():
        _watch(int(parent))


def watch_direct_parent() -> None:
    """The same for a grandchild: it goes with the process that forked it."""
    if os.environ.get(PARENT):
        _watch(os.getppid())


def _watch(parent: int) -> None:
    threading.Thread(target=_drain_with, args=(parent,), name="watch-parent", daemon=True).start()


def _drain_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_DRAIN)
    os._exit(1)


def run_web(settings: Settings) -> None:
    """Serves until told to stop."""
    from granian import Granian
    from granian.constants import Interfaces

    watch_parent()
    Granian(
        "hatobin.config.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=4,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    ).serve()


def run_sender() -> None:
    """Sends until told to stop."""
    from hatobin.delivery.runner import run_sender_process

    watch_parent()
    run_sender_process()


def run_worker() -> None:
    """Runs background jobs until told to stop."""
    from procrastinate.contrib.django import app

    watch_parent()
    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]
        worker_app.run_worker(
            concurrency=2,
            install_signal_handlers=True,
            shutdown_graceful_timeout=_DRAIN,
            delete_jobs="successful",
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=5.0,
            stalled_worker_timeout=15.0,
        )


def run_sandbox(settings: Settings) -> None:
    """Receives the sandbox mailbox's letters until told to stop."""
    from hatobin.intake.sandbox import serve_sandbox

    watch_parent()
    asyncio.run(serve_sandbox("127.0.0.1", settings.sandbox_port))
