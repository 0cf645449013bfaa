"""The command ``import``: a model of another library becomes a checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add(commands: Commands) -> None:
    """The parser."""
    p = commands.add_parser("import", help="make a checkpoint of a model of another library (docs/IMPORT.md)")
    p.set_defaults(run=import_model)
    p.add_argument("kind", metavar="KIND", help="the library: joeynmt, opennmt, huggingface")
    p.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="its files or directory, see docs/IMPORT.md")
    p.add_argument("--name", required=True, help="of the checkpoint")
    p.add_argument("--out", metavar="DIR", type=Path, default=Path("checkpoints"), help="where it goes (checkpoints/)")
    for side in ("source", "target"):
        p.add_argument(
            f"--{side}-text", metavar="CUT", help=f"how the {side} is cut: jieba, latin, characters, spaces …"
        )
    p.add_argument(
        "--prefix", default="", metavar="TEXT", help="huggingface: put before every source, as T5 was trained"
    )


def import_model(options: argparse.Namespace, command: str) -> int:
    """``import``: read, convert, write."""
    from s2s.adapters import READERS, Texts
    from s2s.adapters.imported import write
    from s2s.text import SEGMENTERS

    if options.kind not in READERS and options.kind != "huggingface":
        raise UserError("import_kind", found=options.kind, known=", ".join([*READERS, "huggingface"]))
    if Path(options.name).name != options.name or options.name.startswith("."):
        raise UserError("import_name", name=options.name)
    texts = Texts(options.source_text, options.target_text)
    for name in (texts.source, texts.target):
        if name is not None and name not in SEGMENTERS:
            raise UserError("segmenter_unknown", found=name, known=", ".join(SEGMENTERS))
    if options.kind == "huggingface":
        from s2s.adapters import huggingface

        if len(options.paths) > 1 or texts != Texts():
            raise UserError("import_huggingface")
        notes: Sequence[str] = huggingface.bring(str(options.paths[0]), options.out / options.name, options.prefix)
    else:
        imported = READERS[options.kind](options.paths, texts)
        write(imported, options.out / options.name)
        notes = imported.origin.notes
    for note in notes:
        print(f"- {note}", file=sys.stderr)
    print(f"Wrote {options.out / options.name}.", file=sys.stderr)
    return 0
