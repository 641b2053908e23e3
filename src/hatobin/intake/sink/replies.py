"""Replies of well-known servers, as they were seen in the field: ``like NAME`` in a rule."""

from __future__ import annotations

from hatobin.intake.sink.actions import Answer

KNOWN: dict[str, Answer] = {
    "gmail": Answer(
        421,
        "4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP "
        "address. To protect our users from spam, mail sent from your IP address has been temporarily "
        "rate limited. For more information, go to "
        "https://support.google.com/mail/?p=UnsolicitedRateLimitError - gsmtp",
    ),
    "gmail-user": Answer(
        450,
        "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional "
        "messages from being delivered. Please resend your message at a later time. - gsmtp",
    ),
    "yahoo": Answer(
        421,
        "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
        "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
    ),
    "outlook": Answer(
        421,
        "RP-001 (BAY004-MC1F1) Unfortunately, some messages from 192.0.2.1 weren't sent. Please try again. "
        "We have limits for how many messages can be sent per hour and per day.",
    ),
    "ses": Answer(454, "Throttling failure: Maximum sending rate exceeded."),
    "ses-daily": Answer(454, "Throttling failure: Daily message quota exceeded."),
    "docomo": Answer(421, "4.7.0 Service not available - too many messages from your host"),
    "au": Answer(421, "4.7.0 Too many connections from your host, try again later"),
    "postgrey": Answer(451, "4.7.1 Greylisted, please try again in 300 seconds"),
}
