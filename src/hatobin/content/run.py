"""One person's values while a letter is printed, and Liquid's expressions worked out over them."""

from __future__ import annotations

import html as html_module
from collections.abc import Callable
from functools import partial
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.token import Token
from liquid.undefined import UNDEFINED

from hatobin.content.merge import OWN, PLACE

HIDDEN_NAMES = frozenset({OWN, "partial"})  # the engine has values of its own under these


class Run:
    """Made for each print. Places of one source share what the engine remembers, as in one rendering."""

    __slots__ = ("contexts", "link", "link_in_html", "values")

    def __init__(self, values: dict[str, str], link: str) -> None:
        self.values = values
        self.link = link
        self.link_in_html = html_module.escape(link) if "&" in link or "'" in link else link
        self.contexts: dict[BoundTemplate, RenderContext] = {}

    def context_of(self, template: BoundTemplate) -> RenderContext:
        """The engine's own, for what only the engine can do."""
        context = self.contexts.get(template)
        if context is None:
            given = {**self.values, OWN: {"unsubscribe_url": PLACE}}
            context = template.context_class(template, globals=template.make_globals(given))
            context.scope.push({"partial": False})
            self.contexts[template] = context
        return context


Maker = Callable[[Run], str]  # what a place shows


class Glance(RenderContext):
    """Enough of a context to work out an expression over plain fields; the rest is asked of the real one.

    It is made often, so it does not prepare what expressions do not use.
    """

    __slots__ = ("_run",)

    def __init__(self, run: Run, template: BoundTemplate) -> None:
        self._run = run
        self.template = template
        self.env = template.env
        self.autoescape = template.env.autoescape

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        name = path[0]
        if len(path) == 1 and isinstance(name, str) and name not in HIDDEN_NAMES:
            value = self._run.values.get(name)
            if value is not None:
                return value
        return self._run.context_of(self.template).get(path, token=token, default=default)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        function: Callable[..., object] | None = self.env.filters.get(name)
        if function is None or getattr(function, "with_context", False):
            return self._run.context_of(self.template).filter(name, token)
        if getattr(function, "with_environment", False):
            return partial(function, environment=self.env)
        return function


def worked_out(expression: Expression, template: BoundTemplate) -> Maker:
    """An output with filters, whatever their arguments."""
    escape = template.env.autoescape

    def make(run: Run) -> str:
        return shown(expression.evaluate(Glance(run, template)), escape=escape)

    return make


def shown(result: Any, *, escape: bool) -> str:
    """A value as the engine writes it."""
    if type(result) is str:
        return escaped(result) if escape else result
    return str(to_liquid_string(result, escape))


def escaped(text: str) -> str:
    """As the engine makes a value safe for HTML."""
    if text.isalnum():
        return text
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )
