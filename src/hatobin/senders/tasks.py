"""Background jobs of senders."""

from __future__ import annotations

from procrastinate.contrib.django import app

from hatobin.senders.services import key_use


@app.periodic(cron="17 * * * *")
@app.task(name="hatobin.senders.retire_keys", queueing_lock="retire-keys")
def retire_keys(timestamp: int) -> None:
    """Erases replaced DKIM keys whose overlap is over."""
    key_use.retire_due()
