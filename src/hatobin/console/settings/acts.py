"""The audit log in words: a sentence for each act, and a word for each detail that helps a reader.

The log itself keeps codes, so that it reads the same in both languages and for ever.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hatobin.accounts.models import AuditEntry, Role

ACTS: dict[str, Promise] = {
    "api-key.created": _("Made an API key"),
    "api-key.revoked": _("Revoked an API key"),
    "delivery.given-up": _("Gave up a person's letter"),
    "delivery.held": _("Held back a person's letter"),
    "delivery.let-go": _("Let a person's letter go"),
    "delivery.moved": _("Moved a person's letter to another way of sending"),
    "delivery.retried": _("Asked for a try of a person's letter"),
    "dispatch.called-back": _("Called the sending back"),
    "dispatch.halted": _("Sending stopped by itself"),
    "dispatch.in-doubt-left": _("Left the letters in doubt as they are"),
    "dispatch.in-doubt-resent": _("Sent the letters in doubt once more"),
    "dispatch.moved": _("Moved what waited of a letter to another way of sending"),
    "dispatch.paused": _("Paused sending"),
    "dispatch.released": _("Started sending"),
    "dispatch.retried": _("Asked for a try of the letters that were put off"),
    "dispatch.resumed": _("Resumed sending"),
    "dispatch.stopped": _("Stopped sending"),
    "dkim.activated": _("Began to sign with a DKIM key"),
    "dkim.generated": _("Made a DKIM key"),
    "dkim.imported": _("Brought in a DKIM key"),
    "dkim.retired": _("Took a DKIM key out of use"),
    "domain.added": _("Added a sending domain"),
    "domain.changed": _("Changed a sending domain"),
    "domain.removed": _("Removed a sending domain"),
    "egress.default": _("Chose the way of sending for new letters"),
    "egress.moved": _("Moved what waited for a way of sending to another one"),
    "egress.removed": _("Removed a way of sending"),
    "egress.saved": _("Saved a way of sending"),
    "egress.woken": _("Ended the rest of a way of sending"),
    "emergency.lifted": _("Lifted an emergency stop"),
    "emergency.stopped": _("Pulled the emergency stop"),
    "import.cancelled": _("Cancelled an import"),
    "import.finished": _("Finished an import"),
    "import.rows-exported": _("Downloaded the rows that were not imported"),
    "import.started": _("Started an import"),
    "import.uploaded": _("Uploaded a file"),
    "lane.woken": _("Ended the rest of a destination"),
    "letter.called-back": _("Called a letter back"),
    "letter.copied": _("Copied a letter"),
    "letter.created": _("Created a letter"),
    "letter.deleted": _("Deleted a draft"),
    "letter.released": _("Released a letter"),
    "letter.saved": _("Saved a draft"),
    "letter.tested": _("Sent a test"),
    "list.created": _("Created a list"),
    "list.deleted": _("Deleted a list"),
    "list.renamed": _("Renamed a list"),
    "member.invitation-withdrawn": _("Withdrew an invitation"),
    "member.invited": _("Invited a member"),
    "member.joined": _("Joined the workspace"),
    "member.removed": _("Removed a member"),
    "member.role-changed": _("Changed a member's role"),
    "person.added": _("Added a person to a list"),
    "person.changed": _("Changed a person's data"),
    "person.removed": _("Took a person off a list"),
    "result.exported": _("Downloaded results"),
    "sandbox.cleared": _("Emptied the sandbox mailbox"),
    "sender.deleted": _("Removed a From line"),
    "sender.profile-saved": _("Saved the legal footer"),
    "sender.saved": _("Saved a From line"),
    "shaping.saved": _("Saved the workspace's delivery pace"),
    "suppression.added": _("Added addresses to the do-not-mail list"),
    "suppression.removed": _("Took an address off the do-not-mail list"),
    "unsubscribe.done": _("Unsubscribed"),
    "unsubscribe.undone": _("Took the unsubscribe back"),
    "user.password-changed": _("Changed their own password"),
    "user.password-reset": _("Gave a person a new password"),
    "user.sessions-ended": _("Ended sessions"),
    "user.signed-in": _("Signed in"),
    "workspace.created": _("Created the workspace"),
    "workspace.saved": _("Saved the workspace's settings"),
}

# One press writes these beside the letter's own line ("letter.released"): once is enough to read.
TWINS = ("dispatch.released", "dispatch.called-back")

# What a reader may look for: the beginnings of the codes that belong together.
KINDS: dict[str, tuple[str, ...]] = {
    "letters": ("letter.", "dispatch.", "delivery.", "emergency.", "lane.", "result."),
    "lists": ("list.", "person.", "import."),
    "suppression": ("suppression.", "unsubscribe."),
    "members": ("member.", "user."),
    "settings": (
        "workspace.",
        "sender.",
        "domain.",
        "dkim.",
        "egress.",
        "shaping.",
        "api-key.",
        "sandbox.",
    ),
}
KIND_WORDS: dict[str, Promise] = {
    "letters": _("Letters"),
    "lists": _("Lists"),
    "suppression": _("Do-not-mail list"),
    "members": _("Members and sign-ins"),
    "settings": _("Settings"),
}

# Details that are not named here (numbers of rows in tables, hashes) are left to the API and support.
DETAILS: dict[str, Promise] = {
    "people": pgettext_lazy("number of", "People"),
    "sendable": pgettext_lazy("number of", "Letters"),
    "count": pgettext_lazy("number of", "Count"),
    "rows": pgettext_lazy("number of", "Rows"),
    "added": pgettext_lazy("number of", "Added"),
    "changed": pgettext_lazy("number of", "Changed"),
    "unchanged": pgettext_lazy("number of", "Unchanged"),
    "refused": pgettext_lazy("number of", "Refused"),
    "duplicates": pgettext_lazy("number of", "Duplicates"),
    "suppressed": pgettext_lazy("number of", "On the do-not-mail list"),
    "list_name": _("List"),
    "fields": _("Fields"),
    "role": _("Role"),
    "days": _("Works for (days)"),
    "domain": _("Domain"),
    "selector": _("Selector"),
    "return_path": _("Domain for bounces"),
    "provider": _("Mail service"),
    "sources": _("Addresses to send from"),
    "host": _("Server"),
    "port": _("Port"),
    "why": _("Reason"),
    "code": _("Code"),
}


def act_sentence(code: str) -> str:
    """What was done, for the reader; the code itself where a newer version wrote it."""
    return str(ACTS.get(code, code))


def act_details(entry: AuditEntry) -> list[tuple[str, str]]:
    """(word, value) of each detail that has a word."""
    return [
        (str(word), _value(name, entry.detail[name]))
        for name, word in DETAILS.items()
        if name in entry.detail
    ]


def _value(name: str, value: object) -> str:
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and name != "port" else str(value)
