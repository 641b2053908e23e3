"""A workspace's own shaping values: checked, and stored when nothing is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common.errors import Conflict, Invalid
from hatobin.delivery.models import ShapingOverride
from hatobin.delivery.queries.shaping import OWN, stored, with_text
from hatobin.delivery.rules.shaping import Problem
from hatobin.delivery.rules.shaping_problems import problem_words


class ShapingInvalid(Invalid):
    """The text has faults: ``problems`` are all of them, the sentence tells the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first, said = problems[0], problem_words(problems[0])
        super().__init__(
            "shaping-invalid",
            _("Line %(line)s: %(text)s"),
            advice="%(advice)s",
            field="text",
            row=first.line,
            params={"line": first.line, "text": said.text, "advice": said.advice},
        )
        self.problems = list(problems)


def check(actor: Actor, text: str) -> list[Problem]:
    """Everything that is wrong with a text for this workspace, by lines. Stores nothing."""
    check_right(actor, Right.MANAGE)
    found = with_text(_one_form(text))
    return [problem for problem in found.problems if problem.file == OWN]


@transaction.atomic
def save(actor: Actor, *, text: str, revision: int | None = None) -> int:
    """Stores a text without fault; an empty one takes the workspace's values away. The new revision.

    ``revision``: the one that was changed (0: none yet); another one by now is a Conflict.
    Senders follow within seconds, open letters included. Raises ShapingInvalid.
    """
    problems = check(actor, text)
    if problems:
        raise ShapingInvalid(problems)
    lock_workspace(actor.workspace_id)
    old, known = stored(actor.workspace_id)
    if revision is not None and revision != known:
        raise Conflict(
            "shaping-changed",
            _("Somebody else changed these values meanwhile."),
            advice=_("Load the page anew, then put your change in again."),
        )
    text = _one_form(text)
    if text == old:
        return known
    ShapingOverride.objects.update_or_create(
        workspace_id=actor.workspace_id, defaults={"text": text, "revision": known + 1}
    )
    audit.record(actor, "shaping.saved", rows=len(text.splitlines()), revision=known + 1)
    return known + 1


def _one_form(text: str) -> str:
    """Line ends of one kind; nothing but blanks is nothing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.rstrip() + "\n" if text.strip() else ""
