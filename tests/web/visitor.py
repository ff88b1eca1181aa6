"""A browser that notices what no page may do: an error in the console, a report of the policy, a foreign request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PATIENCE_MS = 60_000  # a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE_MS)

WIDE, NARROW, NARROWEST = 1366, 390, 320
HEIGHT = 768


class Visitor:
    """One person at one browser. `goto` and `check` hold the invariants on every page."""

    def __init__(self, context: Any, base: str) -> None:
        self.context = context
        self.base = base
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._heard(message))
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: Any) -> None:
        expected = "the server responded with a status of" in message.text  # an answer 4xx is a page of ours
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.base:
            self.complaints.append(f"foreign request: {url}")

    def goto(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle")

    def sign_in(self, who: str, password: str) -> None:
        self.goto("/sign-in")
        self.page.fill("#login", who)
        self.page.fill("#password", password)
        self.page.press("#password", "Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def check(self) -> None:
        """Nothing complained of, no violation of WCAG, nothing to scroll sideways, also on the narrowest screen."""
        found = Axe().run(self.page).response["violations"]
        assert [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in found] == []
        size = self.page.viewport_size
        for width in (size["width"], NARROWEST):
            self.page.set_viewport_size({"width": width, "height": size["height"]})
            wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert self.page.evaluate(wider) <= 0, f"scrolls sideways at {width}"
        self.page.set_viewport_size(size)
        assert self.complaints == []


@contextmanager
def visitor(chromium: Any, base: str, *, lang: str = "zh", width: int = WIDE) -> Iterator[Visitor]:
    """A fresh profile in China."""
    context = chromium.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": HEIGHT}
    )
    context.add_cookies([{"name": "yuntu_lang", "value": lang, "url": base}])
    context.set_default_timeout(PATIENCE_MS)
    yield Visitor(context, base)
    context.close()
