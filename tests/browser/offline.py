"""Files opened from disk without a network; any script error or request but for the file and what it made fails."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.visitors import unfilled


class OfflineFiles:
    """Pages of a browser that are opened from disk, each in a context of its own."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.contexts, self.problems = browser, list[BrowserContext](), list[str]()

    def open(self, file: Path, fragment: str = "", **options: object) -> Page:
        """Open a file; ``options`` are those of a browser context."""
        context = self.browser.new_context(**{"offline": True} | options)  # type: ignore[arg-type]
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda m: self.problems.append(m.text) if m.type in ("error", "warning") else None)

        def watch(url: str) -> None:
            if not url.startswith((file.as_uri(), "data:", "blob:null/")):
                self.problems.append(f"request to {url}")

        page.on("request", lambda request: watch(request.url))
        page.goto(file.as_uri() + fragment)
        return page

    def leave(self) -> None:
        """Close all pages; AssertionError names what went wrong on them."""
        for context in self.contexts:
            self.problems += [text for page in context.pages for text in unfilled(page)]
            context.close()
        assert self.problems == []
