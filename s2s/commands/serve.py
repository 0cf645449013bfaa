"""The command ``serve``: the pages in a browser."""

from __future__ import annotations

import argparse
import errno
import os
import runpy
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from s2s import settings
from s2s.commands.arguments import WholeNumber
from s2s.errors import UserError, reason

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands

PORTS = 100  # ports that are tried one after the other where nobody chose one


def add_serve_command(commands: Commands) -> None:
    """Add the command ``serve`` and its options; ``app`` is its earlier name."""
    p = commands.add_parser("serve", aliases=["app"], help="serve the app's pages to browsers")
    p.set_defaults(run=serve)
    p.add_argument(
        "--profile", choices=settings.PROFILES, help="defaults for your own computer (local) or for a class (class)"
    )
    p.add_argument(
        "--port", type=WholeNumber(1, 65_535), metavar="N", help="port of the server (8501, or the next free one)"
    )
    p.add_argument("--address", metavar="HOST", help="address to listen at (localhost); 0.0.0.0 for every address")
    p.add_argument("--base-path", metavar="PATH", help="path that a proxy puts before the pages")
    p.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="change a setting; may be repeated"
    )
    p.add_argument("--settings", action="store_true", help="print every setting with its value, then exit")


def serve(options: argparse.Namespace, command: str) -> int:
    """``serve``: run the server in this process until it is stopped, or print its settings; both check them alike.

    The settings go into the environment, from where this process and those that it starts read them.
    """
    from s2s.store import database

    named = {name: getattr(options, name) for name in ("profile", "address", "port", "base_path")}
    given = [f"{name}={value}" for name, value in named.items() if value is not None]
    os.environ.update(map(settings.assignment, [*options.set, *given]))
    settings.check_names(os.environ)
    settings.current.cache_clear()
    chosen = settings.current()
    database.default_url()  # raises UserError for an address of no database
    _check_folders()
    if options.settings:
        for name, _, _, unit, off, meaning in settings.table():
            notes = filter(None, (unit, meaning, off and f"0: no {off}"))
            print(f"{name}={settings.shown(chosen, name)}  # {', '.join(notes)}")
        return 0
    os.environ[settings.variable("port")] = str(_find_port(chosen))
    settings.current.cache_clear()
    runpy.run_module("s2s.web.shell.asgi", run_name="__main__")  # in this process, which gets Ctrl-C and SIGTERM
    return 0


def _find_port(chosen: settings.Settings) -> int:
    """The port of the settings; if nobody chose it, the next that is free. Raises UserError if none can be had."""
    beyond = 1 if settings.variable("port") in os.environ else PORTS
    for port in range(chosen.port, chosen.port + beyond):
        try:
            with socket.socket(socket.AF_INET6 if ":" in chosen.address else socket.AF_INET) as test:
                if os.name != "nt":  # where it would let two servers listen at one port
                    test.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                test.bind((chosen.address, port))
                test.listen()
            return port
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _refused_port(chosen.address, port, error) from None
    raise UserError("port_taken", port=chosen.port)


def _refused_port(address: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EACCES:
        return UserError("port_forbidden", port=port)
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return UserError("address_elsewhere", address=address)
    return UserError("setting_listen", name="address", found=f"{address}:{port}", reason=reason(error))


def _check_folders() -> None:
    """Raise UserError for a variable with a folder that is not there, or into which the server cannot write."""
    for place in ("CHECKPOINTS", "DATA", "HOME", "INSPECTED"):
        path = os.environ.get(name := settings.PREFIX + place)
        if path and place in ("HOME", "INSPECTED"):  # the server makes these itself
            try:
                Path(path).mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=path):
                    pass
            except OSError as error:
                raise UserError("setting_unwritable", name=name, found=path, reason=reason(error)) from None
        elif path and not Path(path).is_dir():
            raise UserError("setting_folder", name=name, found=path)
