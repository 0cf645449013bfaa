"""The command ``app``: the pages in a browser, served by Streamlit."""

from __future__ import annotations

import argparse
import runpy
import sys
from typing import TYPE_CHECKING

from s2s import locations
from s2s.commands.arguments import whole_number

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_app_command(commands: Commands) -> None:
    """Add the command ``app`` and its options."""
    p = commands.add_parser("app", help="serve the app's pages to browsers")
    p.set_defaults(run=app)
    p.add_argument(
        "--port", type=whole_number(1, 65_535), metavar="N", help="of the server (8501, or the next that is free)"
    )
    p.add_argument("--address", metavar="HOST", help="listen at this address alone (at all of this computer's)")


def app(options: argparse.Namespace, command: str) -> int:
    """``app``: run ``streamlit run app.py`` in this process until it is stopped.

    Streamlit reads its settings from .streamlit/config.toml beside app.py, whatever the current directory is.
    """
    settings = {"--server.port": options.port, "--server.address": options.address}
    given = [text for name, value in settings.items() if value is not None for text in (name, str(value))]
    sys.argv = ["streamlit", "run", str(locations.program() / "app.py"), *given]
    runpy.run_module("streamlit", run_name="__main__")  # in this process, which gets Ctrl-C and SIGTERM
    return 0
