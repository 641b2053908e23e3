"""A Liquid source taken apart once: text that never changes, and places that one person's values fill.

What a place shows is worked out by the shortest road that gives what the engine itself would give: a plain
field is looked up, a chain of filters with fixed arguments is called, everything else is rendered by Liquid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.primitive import Literal
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.output import LimitedStringIO

from hatobin.content.branches import Piece, block_of
from hatobin.content.merge import OWN, PLACE
from hatobin.content.run import HIDDEN_NAMES, Maker, Run, escaped, shown, worked_out

_LINK = [OWN, "unsubscribe_url"]
_LINE_ENDS = re.compile(r"\r\n|\r")


@dataclass(kw_only=True, slots=True)
class Places:
    """All places of a letter's sources; the same field shown the same way is one place."""

    names: Collection[str]
    makers: list[Maker] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def pieces(self, template: BoundTemplate) -> list[Piece]:
        """The template's text, places and blocks, in order."""
        return self._pieces(template.nodes, template)

    def _pieces(self, nodes: list[Node], template: BoundTemplate) -> list[Piece]:
        pieces = [self._piece(node, template) for node in nodes]
        return [piece for piece in pieces if piece != ""]

    def _piece(self, node: Node, template: BoundTemplate) -> Piece:
        if isinstance(node, ContentNode):
            return _LINE_ENDS.sub("\n", node.text)  # as the engine's buffer does with each write
        if isinstance(node, CommentNode | InlineCommentNode):
            return ""
        if isinstance(node, OutputNode):
            return self._output(node, template)
        block = block_of(node, template, lambda inner: self._pieces(inner, template))
        return block or self._number((node, template), _rendered(node, template))

    def _output(self, node: OutputNode, template: BoundTemplate) -> int:
        expression, escape = node.expression, template.env.autoescape
        if isinstance(expression, FilteredExpression) and isinstance(expression.left, Path):
            path = expression.left.path
            if path == _LINK and not expression.filters:
                return self._number(("link", escape), _link_in_html if escape else _link)
            name = path[0]
            if len(path) == 1 and isinstance(name, str) and self._is_field(name):
                if not expression.filters:
                    return self._number((name, escape), _field(name, escape=escape))
                chain = _chain(expression, name, template)
                if chain:
                    return self._number(("filters", str(expression), escape), chain)
        return self._number((node, template), worked_out(expression, template))

    def _is_field(self, name: str) -> bool:
        return name in self.names and name not in HIDDEN_NAMES

    def _number(self, key: tuple[object, ...], maker: Maker) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.makers)
            self.makers.append(maker)
        return self._numbers[key]


def _link(run: Run) -> str:
    return run.link


def _link_in_html(run: Run) -> str:
    return run.link_in_html


def _field(name: str, *, escape: bool) -> Maker:
    if escape:
        return lambda run: escaped(run.values[name])
    return lambda run: run.values[name]


def _chain(expression: FilteredExpression, name: str, template: BoundTemplate) -> Maker | None:
    """The filters called one after the other; None when an argument is not written out."""
    context = RenderContext(template)
    calls: list[tuple[Callable[..., Any], list[object], dict[str, object]]] = []
    for each in expression.filters or ():
        function = context.env.filters.get(each.name)
        if function is None or getattr(function, "with_context", False):
            return None
        if not all(isinstance(given.value, Literal) for given in each.args):
            return None
        named = {
            given.name: given.value.evaluate(context)
            for given in each.args
            if isinstance(given, KeywordArgument)
        }
        plain = [
            given.value.evaluate(context)
            for given in each.args
            if not isinstance(given, KeywordArgument)
        ]
        calls.append((context.filter(each.name, token=each.token), plain, named))
    escape = template.env.autoescape

    def make(run: Run) -> str:
        result: Any = run.values[name]
        for function, plain, named in calls:
            result = function(result, *plain, **named)
        return shown(result, escape=escape)

    return make


def _rendered(node: Node, template: BoundTemplate) -> Maker:
    limit = template.env.output_stream_limit
    escape = template.env.autoescape

    def make(run: Run) -> str:
        buffer = LimitedStringIO(limit) if limit is not None else StringIO()
        node.render(run.context_of(template), buffer)
        link = run.link_in_html if escape else run.link
        return buffer.getvalue().replace(PLACE, link)

    return make
