"""Every durable step of a sender, by name, and how a sender comes to it.

No hook stands in the product for this: a tap between the sender and PostgreSQL knows each statement by its
text and holds the conversation right before the step is durable, or right after. A test compares the table
with the statements that the sender's code names, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from hatobin.delivery.statements import statement
from tests.doubles.database_tap import Moment

_WRITES = re.compile(
    r"\bINSERT INTO\b|\bUPDATE \w|\bDELETE FROM\b|\bnextval\b|\bpg_advisory|\bFOR UPDATE\b"
)


_VALUE = re.compile(r"%\([a-z_]+\)s|%%")


@dataclass(frozen=True, kw_only=True)
class Step:
    """``statements``: of ``delivery/sql``; several are one transaction. ``text``: of one that is not there.

    ``story``: a function of ``stories``. ``nth``: which time. ``doubt``: how many letters the kill before and
    after it may leave in doubt, and ``seen``: whether the server then has those (None: some may be).
    """

    statements: tuple[str, ...] = ()
    text: str = ""
    story: str = "plain"
    nth: int = 1
    doubt: tuple[range, range] = (range(1), range(1))
    seen: tuple[bool | None, bool | None] = (None, None)

    def moment(self, *, after: bool) -> Moment:
        """Where the tap holds the sender."""
        alone = len(self.statements) == 1
        words = self.text or distinct(self.statements[-1])
        return Moment(words=words, nth=self.nth, alone=alone, done=after)


NONE, ONE, UP_TO_ONE = range(1), range(1, 2), range(2)
# Stories go over one connection, where steps are told apart by their number: the first marks a letter, the
# second records it and marks the next.
STEPS: dict[str, Step] = {
    "a number is taken": Step(statements=("new_node",)),
    "the number is shown": Step(statements=("enrol_node",)),
    "a hold is over": Step(statements=("turnstile", "begin")),
    "a share is dealt out": Step(statements=("lock_lanes", "lanes")),
    "a lot is leased": Step(statements=("lease",)),
    "a way gets a number": Step(statements=("route",)),
    "a letter is marked": Step(
        statements=("step",), doubt=(NONE, ONE), seen=(None, False)
    ),
    "an answer is recorded": Step(
        statements=("step",), nth=2, doubt=(ONE, UP_TO_ONE), seen=(True, None)
    ),
    "a later answer is recorded": Step(statements=("step",), nth=6, doubt=(ONE, UP_TO_ONE)),
    "the dispatch is finished": Step(statements=("lock_dispatches", "orphans", "finish")),
    "letters without a lot get one": Step(
        statements=("lock_dispatches", "stray", "finish"), story="without_a_lot"
    ),
    "who objected is settled": Step(statements=("settle",), story="all_object"),
    "a lane is left": Step(statements=("leave_lanes",), story="all_object"),
    "a road's trouble is told": Step(statements=("trouble",), story="closing_server"),
    "a road is calm again": Step(
        statements=("calm",), story="closing_server", doubt=(UP_TO_ONE, UP_TO_ONE)
    ),
    "a dead sender's letters are returned": Step(
        statements=("lock_lots", "recover", "forget_node"), story="another_died", doubt=(UP_TO_ONE, UP_TO_ONE)
    ),
    "its own are given back at the end": Step(
        statements=("lock_lots", "recover", "forget_node"), story="asked_to_stop"
    ),
    "letters of a stopped dispatch are cancelled": Step(
        statements=("cancel_stopped",), story="stopped"
    ),
    "letters past the deadline expire": Step(statements=("expire",), story="too_late"),
    "letters go by the fall-back": Step(statements=("move_lots",), story="fall_back"),
    "letters wait while their destination rests": Step(
        statements=("postpone",), story="resting_destination"
    ),
    "a dispatch is halted": Step(
        text='UPDATE "delivery_dispatch" SET "state"', story="not_what_was_sealed"
    ),
}  # fmt: skip

# Notes for later connections, and for people; a sender that dies before or after one has nothing in hand because of it.
NOT_ABOUT_LETTERS = {"keep_sts_policy", "old_troubles"}


def distinct(name: str) -> str:
    """The longest piece of a statement without a value in it: PostgreSQL is told it letter by letter."""
    return max(_VALUE.split(statement(name)), key=len)


def writing_statements() -> set[str]:
    """The statements that the sender's code names and that leave something behind."""
    folder = Path(str(files("hatobin.delivery")))
    known = {path.stem for path in (folder / "sql").glob("*.sql")}
    named = {
        word
        for path in (folder / "runner").glob("*.py")
        for word in _words(ast.parse(path.read_text(encoding="utf-8")))
    }
    return {name for name in known & named if _WRITES.search(statement(name))}


def writing_services() -> set[str]:
    """What the sender's code takes from services that move letters."""
    folder = Path(str(files("hatobin.delivery"))) / "runner"
    return {
        alias.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "hatobin.delivery.services.control"
        for alias in node.names
    }


def _words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
