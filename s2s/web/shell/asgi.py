"""The server of ``lookback serve``: Streamlit's ASGI application with our routes, run by uvicorn."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from streamlit.runtime.pages_manager import PagesManager

from s2s import locations, settings
from s2s.errors import UserError
from s2s.sandbox import walls
from s2s.server import temporary
from s2s.settings.checks import listed
from s2s.web.shell import browser_model, messages, models, monitor, outside, routes, style
from s2s.web.shell.deep_address import DeepAddress, asks_for_document
from s2s.web.shell.upload_limit import UploadLimit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_ANSWER = 32  # MB of one message to a browser
# Names of this computer. A page of another site that gives this address a name of its own cannot use the app.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OperatorOnly:
    """ASGI middleware: Streamlit's own metrics, which name functions of the code, are not there for visitors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        hidden = scope["type"] == "http" and scope["path"].rstrip("/").endswith("/_stcore/metrics")
        await (PlainTextResponse("Not Found", 404) if hidden else self.app)(scope, receive, send)


class Framing:
    """ASGI middleware: browsers show the app in frames of its own pages and of those that the setting names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        origins = " ".join(["'self'", *listed(settings.current().frames)])
        self.header = (b"content-security-policy", f"frame-ancestors {origins}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), self.header]}
            await send(message)

        await self.app(scope, receive, with_header)


# Headers with which a browser gets a document compressed, in part, or not at all because it has that of another style.
SHORTER = {b"accept-encoding", b"range", b"if-none-match", b"if-modified-since"}
OF_THE_FILE = {b"content-length", b"etag", b"last-modified"}  # headers that do not hold of a document with the style


class EarlyStyle:
    """ASGI middleware: the style stands in the page's document, so that nothing moves when the app sends it later."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.style = f"<style>{style.sheet()}</style></head>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        held: list[Message] = []  # the beginning of a document whose body has not come

        async def with_style(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                held.append(message)
            elif held and message["type"] == "http.response.body" and not message.get("more_body"):
                start, body = held.pop(), message["body"].replace(b"</head>", self.style, 1)
                size = (b"content-length", str(len(body)).encode())
                headers = [pair for pair in start["headers"] if pair[0].lower() not in OF_THE_FILE]
                await send({**start, "headers": [*headers, size]})
                await send({**message, "body": body})
            else:
                if held:  # it comes in parts: it is passed on as it is
                    await send(held.pop())
                await send(message)

        if asks_for_document(scope):
            headers = [pair for pair in scope["headers"] if pair[0] not in SHORTER]
            await self.app({**scope, "headers": headers}, receive, with_style)
        else:
            await self.app(scope, receive, send)


def _is_document(message: Message) -> bool:
    headers = {name.lower(): value for name, value in message["headers"]}
    plain = b"content-encoding" not in headers and b"content-range" not in headers
    return message["status"] == 200 and plain and headers.get(b"content-type", b"").startswith(b"text/html")


def application() -> st.App:
    """The app as an ASGI application."""
    PagesManager.uses_pages_directory = False  # also before app.py has named its pages for the first time
    limit = Middleware(messages.MessageFilter, most=settings.current().message_mb * settings.MEGABYTE)
    return st.App(
        locations.program() / "app.py",
        lifespan=_lifespan,
        routes=[*routes.routes(), *browser_model.routes()],
        middleware=[
            limit,
            Middleware(UploadLimit),
            Middleware(OperatorOnly),
            Middleware(Framing),
            Middleware(DeepAddress),
            Middleware(EarlyStyle),
        ],
    )


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[dict[str, object]]:
    """At the start remove what killed servers left and look for the walls, at the end remove our temporary files."""
    temporary.directory()
    if sys.platform == "linux":  # elsewhere there are none, as SECURITY.md says
        threading.Thread(target=walls.log_walls, daemon=True).start()
    threading.Thread(target=warm_up, daemon=True).start()
    yield {}
    temporary.end()


def warm_up() -> None:
    """Load the first model, and torch with it, while the first visitor's browser still reads Streamlit's scripts.

    What is wrong with it is said to the visitor whose page loads it.
    """
    with contextlib.suppress(UserError, OSError):
        if models.FIRST in models.shared_names():
            models.load(models.FIRST, models.changed(models.FIRST))


def options() -> dict[str, object]:
    """Streamlit's options that follow from our settings; the others are in .streamlit/config.toml beside app.py."""
    chosen = settings.current()
    hosts = listed(chosen.hosts)
    if not hosts and chosen.profile == "local" and chosen.address in LOOPBACK:
        hosts = [*LOOPBACK]
    return {
        "server.address": chosen.address,
        "server.port": chosen.port,
        "server.baseUrlPath": chosen.base_path.strip("/"),
        "server.allowedHosts": hosts,
        "server.maxMessageSize": max(LARGEST_ANSWER, chosen.message_mb),
        "server.maxUploadSize": settings.largest_upload(chosen),
    }


def serve() -> None:
    """Serve until the process is stopped."""
    sys.argv = [str(locations.program() / "app.py")]  # Streamlit puts its directory on sys.path and reads its settings
    outside.ask_nobody()
    os.environ["FORWARDED_ALLOW_IPS"] = settings.current().trusted_proxies  # read by uvicorn
    monitor.begin()
    application().run(config=options())


if __name__ == "__main__":
    serve()
