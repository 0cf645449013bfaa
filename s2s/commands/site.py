"""The command ``site``: the static site, files for any web host with the model in the visitor's browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from s2s import locations
from s2s.checkpoint.find import find_checkpoint

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_site_command(commands: Commands) -> None:
    """Add the command ``site`` and its options."""
    p = commands.add_parser("site", help="write a site of plain files that needs no server of ours")
    p.set_defaults(run=site)
    p.add_argument("--out", metavar="DIR", type=Path, required=True, help="directory; a site in it is replaced")
    p.add_argument(
        "--models", metavar="CHECKPOINT", nargs="+", help="checkpoints to put on it (all that this program comes with)"
    )


def site(options: argparse.Namespace, command: str) -> int:
    """``site``: build it, and say how large it is."""
    from s2s.site.build import build_site  # imports torch

    found = map(find_checkpoint, options.models) if options.models else _shipped()
    sizes = build_site(options.out, {path.name: path for path in found})
    shell = sum(size for path, size in sizes.items() if not path.startswith(("models/", "tools.json")))
    print(f"{options.out}: {len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB, {shell / 1e6:.1f} MB without models")
    return 0


def _shipped() -> list[Path]:
    """The checkpoints that the program comes with."""
    return sorted(path.parent for path in (locations.program() / "checkpoints").glob("*/config.json"))
