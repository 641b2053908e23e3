"""Background jobs of the audience. Each is one call of a service."""

from __future__ import annotations

import uuid

import structlog
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from hatobin.audience.services import imports, uploads
from hatobin.common.errors import Unavailable

_log = structlog.get_logger(__name__)


@app.task(
    name=imports.TASK,
    queue=imports.QUEUE,
    retry=RetryStrategy(
        max_attempts=10, linear_wait=15, retry_exceptions=[*imports.CONNECTION_LOST, Unavailable]
    ),
)
def run_import(import_id: str) -> None:
    """Runs one import. Tried again when the database went away, or another worker still holds it."""
    imports.run_import(uuid.UUID(import_id))


@app.periodic(cron="* * * * *")
@app.task(
    name="hatobin.audience.revive_imports",
    queue=imports.QUEUE,
    lock="revive-imports",
    queueing_lock="revive-imports",
    pass_context=True,
)
async def revive_imports(context: JobContext, timestamp: int) -> None:
    """Queues again the imports of workers that died: their heartbeat stopped, and nothing was written."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(queue=imports.QUEUE, task_name=imports.TASK):
        _log.warning("import of a dead worker runs again", job=job.id)
        await manager.retry_job(job)


@app.periodic(cron="23 * * * *")
@app.task(name="hatobin.audience.tidy_uploads", queueing_lock="tidy-uploads")
def tidy_uploads(timestamp: int) -> None:
    """Forgets uploads that nobody confirmed, and gives up imports that never ended."""
    uploads.purge_uploads()
    imports.give_up_old_imports()
