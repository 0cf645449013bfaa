"""The commands ``backup`` and ``restore``: what people left on a server as one file, and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from s2s import locations
from s2s.commands.arguments import Parser
from s2s.errors import fill

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands

POSTGRESQL = "The database is PostgreSQL's: use {tool} for it."


def add_backup_command(commands: Commands) -> None:
    """Add the command ``backup`` and its options."""
    p = commands.add_parser("backup", help="write a server's labels, rooms and inspections to one file")
    p.set_defaults(run=backup)
    _arguments(p)


def add_restore_command(commands: Commands) -> None:
    """Add the command ``restore`` and its options."""
    p = commands.add_parser("restore", help="unpack a backup into an empty place")
    p.set_defaults(run=restore)
    _arguments(p)


def _arguments(p: Parser) -> None:
    p.add_argument("file", metavar="FILE", type=Path, help="a compressed tar file (.tar.gz)")
    p.add_argument(
        "--database", metavar="URL", help="where labels are stored (LOOKBACK_DATABASE, otherwise an SQLite file)"
    )


def backup(options: argparse.Namespace, command: str) -> int:
    """``backup``: also while the server runs."""
    from s2s.store.backup import back_up, sqlite_file

    source = sqlite_file(options.database)
    count = back_up(options.file, locations.inspected(), source)
    print(fill("Wrote {file}: {count:,} {count:file|files}.", file=options.file, count=count), file=sys.stderr)
    if source is None:
        print(POSTGRESQL.format(tool="pg_dump"), file=sys.stderr)
    return 0


def restore(options: argparse.Namespace, command: str) -> int:
    """``restore``: before the server starts."""
    from s2s.store.backup import restore as unpack
    from s2s.store.backup import sqlite_file

    target = sqlite_file(options.database)
    count = unpack(options.file, locations.inspected(), target)
    print(fill("Restored {count:,} {count:file|files} from {file}.", file=options.file, count=count), file=sys.stderr)
    if target is None:
        print(POSTGRESQL.format(tool="pg_restore"), file=sys.stderr)
    return 0
