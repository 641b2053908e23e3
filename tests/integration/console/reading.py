"""What a person reads on a page: texts between tags and texts in attributes, without what is data by nature."""

from __future__ import annotations

from html.parser import HTMLParser

_ATTRIBUTES = ("alt", "aria-label", "aria-description", "data-label", "placeholder", "title")
_QUIET = {"script", "style", "svg", "code", "pre", "textarea", "iframe"}
_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}


class Page(HTMLParser):
    """``texts``: what stands on the page; ``times``: moments (``{% when %}``); ``language``: of the page.

    Elements with ``translate="no"`` or with a language of their own are left out: names, the switch.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.texts: list[str] = []
        self.times: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang", "")
        foreign = tag != "html" and given.get("lang", self.language) != self.language
        quiet = tag in _QUIET or foreign or given.get("translate") == "no"
        if not quiet and not self._is_quiet():
            self.texts += [given[name] for name in _ATTRIBUTES if given.get(name)]
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag in {"input", "button"} and self.forms and given.get("name"):
            self.forms[-1][1][given["name"]] = given.get("value", "")
        if tag not in _VOID:
            moment = tag == "time" and "when" in given.get("class", "").split()
            self._open.append(("time.when" if moment else tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0].partition(".")[0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text:
            return
        if self._open and self._open[-1][0] == "time.when":
            self.times.append(text)
        elif not self._is_quiet():
            self.texts.append(text)

    def _is_quiet(self) -> bool:
        return any(quiet for _tag, quiet in self._open)
