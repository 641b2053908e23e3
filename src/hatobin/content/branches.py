"""If, unless and case outside of loops: branches of pieces, and what chooses between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Union

from liquid import BoundTemplate
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import Path
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode, _AnyExpression
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression

from hatobin.content.run import HIDDEN_NAMES, Glance, Run

Piece = Union[str, int, "Block"]  # text, the number of a place, or what depends on a condition
Choice = Callable[[Run], tuple[int, ...]]  # numbers of the branches shown, in order
_REMEMBERED = 1024  # answers to one question: many people live in one prefecture


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Branches, and what chooses between them. ``inner``: the blocks right inside each branch."""

    choose: Choice
    branches: list[list[Piece]]
    inner: list[list[Block]]


def block_of(
    node: Node, template: BoundTemplate, pieces_of: Callable[[list[Node]], list[Piece]]
) -> Block | None:
    """None for every other tag, and for blocks that show nothing whatever happens."""
    if node.blank:
        return None
    if isinstance(node, IfNode | UnlessNode):
        blocks = [node.consequence, *(other.block for other in node.alternatives)]
        blocks += [node.default] if node.default else []
        tests: list[Expression] = [node.condition, *(each.expression for each in node.alternatives)]
        choice = _first_true(node, tests, template)
    elif isinstance(node, CaseNode):
        blocks = [_block_of(block) for block in node.blocks]
        whens = [_test_of(block) for block in node.blocks]
        tests = [node.expression, *(child for when in whens if when for child in when.expressions)]
        choice = _all_equal(whens, template)
    else:
        return None
    branches = [pieces_of(block.nodes) for block in blocks]
    names = _fields_of(tests)
    return Block(
        choose=_remembered(choice, names) if names else choice,
        branches=branches,
        inner=[blocks_in(branch) for branch in branches],
    )


def blocks_in(pieces: list[Piece]) -> list[Block]:
    return [piece for piece in pieces if isinstance(piece, Block)]


def chosen(blocks: list[Block], run: Run) -> list[tuple[int, ...]]:
    """What each block shows for this run, in the order in which ``flat`` asks for it."""
    choices: list[tuple[int, ...]] = []
    for block in blocks:
        numbers = block.choose(run)
        choices.append(numbers)
        for number in numbers:
            if block.inner[number]:
                choices += chosen(block.inner[number], run)
    return choices


def flat(pieces: list[Piece], choices: Iterator[tuple[int, ...]]) -> list[str | int]:
    """Only text and places: each block is replaced by the branches chosen."""
    made: list[str | int] = []
    for piece in pieces:
        if isinstance(piece, Block):
            for number in next(choices):
                made += flat(piece.branches[number], choices)
        else:
            made.append(piece)
    return made


def _first_true(
    node: IfNode | UnlessNode, tests: list[Expression], template: BoundTemplate
) -> Choice:
    first, *others = tests
    wanted = isinstance(node, IfNode)
    otherwise = (len(tests),) if node.default else ()

    def choose(run: Run) -> tuple[int, ...]:
        glance = Glance(run, template)
        if bool(first.evaluate(glance)) is wanted:
            return (0,)
        for number, expression in enumerate(others, start=1):
            if expression.evaluate(glance):
                return (number,)
        return otherwise

    return choose


def _all_equal(whens: list[_AnyExpression | None], template: BoundTemplate) -> Choice:
    """Every ``when`` that matches is shown, as often as it does; ``else`` when none did before it."""

    def choose(run: Run) -> tuple[int, ...]:
        glance = Glance(run, template)
        chosen: list[int] = []
        matched = False
        for number, when in enumerate(whens):
            if when is None:
                chosen += [] if matched else [number]
                continue
            matches = when.evaluate(glance)
            matched = matched or any(matches)
            chosen += [number] * matches.count(True)
        return tuple(chosen)

    return choose


def _remembered(choice: Choice, names: tuple[str, ...]) -> Choice:
    """The same values always choose the same branches."""
    known: dict[object, tuple[int, ...]] = {}
    only = names[0]

    def choose(run: Run) -> tuple[int, ...]:
        values = run.values
        key = values[only] if len(names) == 1 else tuple([values[name] for name in names])
        chosen = known.get(key)
        if chosen is None:
            chosen = choice(run)
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = chosen
        return chosen

    return choose


def _fields_of(tests: Iterable[Expression]) -> tuple[str, ...]:
    """The plain fields that decide; none when something else does too."""
    found: dict[str, None] = {}
    waiting = list(tests)
    while waiting:
        expression = waiting.pop()
        if isinstance(expression, Path):
            name = expression.path[0]
            if len(expression.path) != 1 or not isinstance(name, str) or name in HIDDEN_NAMES:
                return ()
            found[name] = None
        else:
            waiting += expression.children()
    return tuple(found)


def _block_of(block: BlockNode | MultiExpressionBlockNode) -> BlockNode:
    return block.block if isinstance(block, MultiExpressionBlockNode) else block


def _test_of(block: BlockNode | MultiExpressionBlockNode) -> _AnyExpression | None:
    return block.expression if isinstance(block, MultiExpressionBlockNode) else None
