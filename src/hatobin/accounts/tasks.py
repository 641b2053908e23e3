"""Background jobs of accounts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from hatobin.accounts.services import tidying


@app.periodic(cron="41 * * * *")
@app.task(name="hatobin.accounts.tidy", queueing_lock="tidy-accounts")
def tidy(timestamp: int) -> None:
    """Forgets sessions and invitations that ended long ago."""
    tidying.forget_ended_sessions()
    tidying.forget_old_invitations()
