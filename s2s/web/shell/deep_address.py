"""Addresses below that of a page, such as ``/lesson/2``, where Streamlit's document finds none of its scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse

from s2s import settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# What Streamlit or we serve below these names is no page. Of a page's address, browsers also ask ``PAGE/_stcore/…``.
SERVED = {"_stcore", "app", "auth", "browser-model", "component", "health", "media", "ready", "static"}


class DeepAddress:
    """ASGI middleware: a browser that opens ``/lesson/2?lang=en`` is sent to ``/lesson?lang=en``.

    Where the first part is no page's name either, the app says so in the visitor's language on its first page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.base = settings.current().base_path.strip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        above = page_above(scope["path"], self.base) if asks_for_document(scope) else ""
        if above:
            query = scope["query_string"].decode("latin-1")
            where = f"{above}?{query}" if query else above
            await RedirectResponse(where, headers={"Cache-Control": "no-cache"})(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def asks_for_document(scope: Scope) -> bool:
    """Whether a browser opens a page: it says that it takes HTML."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def page_above(path: str, base: str = "") -> str:
    """The page to which a path below the path ``base`` belongs, relative to it, so that any proxy can stand before.

    Empty for a path that is a page's already, and for one that is no page's.

    >>> page_above("/lesson/2"), page_above("/up/x/y/z", "up"), page_above("/lesson"), page_above("/static/js/a.js")
    ('../lesson', '../../x', '', '')
    """
    start = f"/{base}/" if base else "/"
    parts = path.removeprefix(start).split("/")
    below = path.startswith(start) and len(list(filter(None, parts))) > 1
    if not below or parts[0] in {"", ".", ".."} | SERVED or "_stcore" in parts:
        return ""
    return "../" * (len(parts) - 1) + quote(parts[0], safe="")
