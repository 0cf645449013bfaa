"""The command ``import``: a model of another library becomes a checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands.arguments import WholeNumber
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.adapters.imported import ImportOptions
    from s2s.commands.arguments import Commands

OPTIONS = {  # the options that apply to one kind only
    "keras": {"vocab", "carries_state", "map", "marks", "padded_to"},
    "pytorch-tutorial": {"vocab"},
    "huggingface": {"prefix", "source_language", "target_language"},
}


def add_import_command(commands: Commands) -> None:
    """Add the command ``import`` and its options."""
    p = commands.add_parser("import", help="make a checkpoint of a model of another library (docs/IMPORT.md)")
    p.set_defaults(run=import_model)
    kinds = "joeynmt, opennmt, keras, pytorch-tutorial, huggingface"
    p.add_argument("kind", metavar="KIND", help=f"the library: {kinds}")
    p.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="its files or directory, see docs/IMPORT.md")
    p.add_argument("--name", required=True, help="of the checkpoint")
    p.add_argument("--out", metavar="DIR", type=Path, default=Path("checkpoints"), help="where it goes (checkpoints/)")
    for side in ("source", "target"):
        p.add_argument(
            f"--{side}-text", metavar="CUT", help=f"how the {side} is cut: jieba, latin, characters, spaces …"
        )
        p.add_argument(
            f"--{side}-language", metavar="NAME", help=f"huggingface: the {side}'s, as a multilingual model calls it"
        )
    p.add_argument("--prefix", metavar="TEXT", help="huggingface: put before every source, as T5 was trained")
    p.add_argument(
        "--vocab", metavar=("SOURCE", "TARGET"), nargs=2, type=Path, help="keras, pytorch-tutorial: word lists"
    )
    p.add_argument("--carries-state", choices=("yes", "no"), help="keras: the decoder's GRU is called with its state")
    p.add_argument(
        "--map", metavar="PLACE=PATH", action="append", help="keras: the layer at a path is that of this place"
    )
    p.add_argument("--marks", metavar=("START", "END"), nargs=2, help="keras: the words that begin and end a sentence")
    p.add_argument(
        "--padded-to", type=WholeNumber(1, 400), metavar="N", help="keras: tokens that sources were padded to"
    )


def _import_options(options: argparse.Namespace) -> ImportOptions:
    """The options as a record. UserError for one that does not apply to the kind, or has an invalid value."""
    from s2s.adapters.imported import ImportOptions
    from s2s.adapters.keras_layers import ROLES

    for name in sorted(set().union(*OPTIONS.values()) - OPTIONS.get(options.kind, set())):
        if getattr(options, name) is None:
            continue
        raise UserError("option_conflict", option=f"--{name.replace('_', '-')}", other=options.kind)
    layers = dict[str, str]()
    for text in options.map or ():
        place, equals, path = text.partition("=")
        if not (equals and path.strip("/")) or place not in ROLES:
            raise UserError("keras_map_option", found=text, known=", ".join(ROLES))
        layers[place] = path.strip("/")
    return ImportOptions(
        source=options.source_text,
        target=options.target_text,
        vocabularies=tuple(options.vocab or ()),
        layers=layers,
        carries_state=None if options.carries_state is None else options.carries_state == "yes",
        marks=tuple(options.marks or ()),
        padded_to=options.padded_to or 0,
    )


def import_model(options: argparse.Namespace, command: str) -> int:
    """``import``: read a model, convert it and write the checkpoint; notes go to stderr."""
    from s2s.adapters import READERS
    from s2s.adapters.imported import ImportOptions, write_imported
    from s2s.text.segmenters import SEGMENTERS

    if options.kind not in READERS and options.kind != "huggingface":
        raise UserError("import_kind", found=options.kind, known=", ".join([*READERS, "huggingface"]))
    if Path(options.name).name != options.name or options.name.startswith("."):
        raise UserError("import_name", name=options.name)
    import_options = _import_options(options)
    for name in (import_options.source, import_options.target):
        if name is not None and name not in SEGMENTERS:
            raise UserError("segmenter_unknown", found=name, known=", ".join(SEGMENTERS))
    if options.kind == "huggingface":
        from s2s.checkpoint import huggingface

        if len(options.paths) > 1 or import_options != ImportOptions():
            raise UserError("import_huggingface")
        texts = (options.prefix, options.source_language, options.target_language)
        notes: Sequence[str] = huggingface.import_huggingface(
            str(options.paths[0]), options.out / options.name, *(text or "" for text in texts)
        )
    else:
        imported = READERS[options.kind](options.paths, import_options)
        write_imported(imported, options.out / options.name)
        notes = imported.origin.notes
    for note in notes:
        print(f"- {note}", file=sys.stderr)
    print(f"Wrote {options.out / options.name}.", file=sys.stderr)
    return 0
