"""What must hold of the HTML of every page, whoever sees it."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "circle", "path"))
UNSEEN = frozenset({"script", "style", "template"})
CONTROLS = frozenset({"input", "select", "textarea"})


class Page(HTMLParser):
    """Counts what the invariants speak of. `text` is what a reader sees, without what is marked as Chinese."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.h1 = 0
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.inline: list[str] = []
        self.foreign: list[str] = []
        self.english: list[str] = []
        self.title = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        inside = [name for name, _ in self._open]
        if "template" not in inside and have.get("id"):
            self.ids.append(str(have["id"]))
        self.h1 += tag == "h1"
        if tag == "label" and have.get("for"):
            self.labelled.add(str(have["for"]))
        if tag in CONTROLS and have.get("type") not in ("hidden", "submit"):
            self.controls.append({**have, "wrapped": "yes" if "label" in inside else None})
        self.inline += [f"{tag} {name}" for name in have if name == "style" or name.startswith("on")]
        if tag in ("script", "style") and "src" not in have and have.get("type") != "application/json":
            self.inline.append(tag)
        self.foreign += [str(have[n]) for n in ("src", "href", "action") if str(have.get(n) or "").find("//") >= 0]
        if tag not in VOID:
            self._open.append((tag, have))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        inside = [name for name, _ in self._open]
        if "title" in inside:
            self.title += data
        marked = any(have.get("lang") == "zh-CN" for name, have in self._open if name != "html")
        if not marked and not UNSEEN & set(inside) and data.strip():
            self.english.append(data.strip())

    @property
    def unlabelled(self) -> list[dict[str, str | None]]:
        return [c for c in self.controls if not (c["wrapped"] or c.get("aria-label") or c.get("id") in self.labelled)]


def page_of(answer: Any) -> Page:
    return Page(answer.get_data(as_text=True))


def assert_sound(answer: Any) -> Page:
    """One h1, a title, ids once, every control labelled, nothing inline, nothing from elsewhere, a strict policy."""
    page = page_of(answer)
    policy = answer.headers["Content-Security-Policy"]
    assert page.h1 == 1
    assert page.title.strip()
    assert [id for id, count in Counter(page.ids).items() if count > 1] == []
    assert page.unlabelled == []
    assert page.inline == []
    assert page.foreign == []
    assert "script-src 'self'" in policy and "unsafe" not in policy.replace("style-src-attr 'unsafe-inline'", "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    return page
