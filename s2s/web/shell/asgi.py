"""The server of ``lookback serve``: Streamlit's ASGI application with our routes, run by uvicorn."""

from __future__ import annotations

import sys

import streamlit as st

from s2s import locations, settings
from s2s.web.shell import outside

# Names of this computer. A page of another site that gives this address a name of its own cannot use the app.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def application() -> st.App:
    """The app as an ASGI application."""
    return st.App(locations.program() / "app.py")


def options() -> dict[str, object]:
    """Streamlit's options that follow from our settings; the others are in .streamlit/config.toml beside app.py."""
    chosen = settings.current()
    hosts = [host.strip() for host in chosen.hosts.split(",") if host.strip()]
    if not hosts and chosen.profile == "local" and chosen.address in LOOPBACK:
        hosts = [*LOOPBACK]
    return {
        "server.address": chosen.address,
        "server.port": chosen.port,
        "server.baseUrlPath": chosen.base_path.strip("/"),
        "server.allowedHosts": hosts,
        "server.maxUploadSize": max(chosen.checkpoint_mb, chosen.test_file_mb, chosen.small_file_mb, 1),
    }


def serve() -> None:
    """Serve until the process is stopped."""
    sys.argv = [str(locations.program() / "app.py")]  # Streamlit puts its directory on sys.path and reads its settings
    outside.ask_nobody()
    application().run(config=options())


if __name__ == "__main__":
    serve()
