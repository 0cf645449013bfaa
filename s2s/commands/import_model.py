"""The command ``import``: a model of another library becomes a checkpoint."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s import disk
from s2s.commands.arguments import WholeNumber
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.adapters.imported import ImportOptions
    from s2s.commands.arguments import Commands

HUB = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)  # a model's name on huggingface.co
OPTIONS = {  # the options that apply to one kind only
    "keras": {"vocab", "carries_state", "map", "marks", "padded_to"},
    "pytorch-tutorial": {"vocab"},
    "huggingface": {"prefix", "source_language", "target_language"},
}


def add_import_command(commands: Commands) -> None:
    """Add the command ``import`` and its options."""
    p = commands.add_parser("import", help="convert a model of another library to a checkpoint (docs/IMPORT.md)")
    p.set_defaults(run=import_model)
    kinds = "joeynmt, opennmt, keras, pytorch-tutorial, huggingface"
    p.add_argument("kind", metavar="KIND", help=f"the library: {kinds}")
    p.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="the model's files or directory, see docs/IMPORT.md"
    )
    p.add_argument("--name", required=True, help="name of the checkpoint")
    p.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("checkpoints"), help="where to write it (checkpoints/)"
    )
    for side in ("source", "target"):
        p.add_argument(
            f"--{side}-text", metavar="CUT", help=f"segmentation of the {side}: jieba, latin, characters, spaces …"
        )
        p.add_argument(
            f"--{side}-language",
            metavar="NAME",
            help=f"huggingface: the {side} language, as a multilingual model calls it",
        )
    p.add_argument(
        "--prefix", metavar="TEXT", help="huggingface: text to put before every source, as in the training of T5"
    )
    p.add_argument(
        "--vocab", metavar=("SOURCE", "TARGET"), nargs=2, type=Path, help="keras, pytorch-tutorial: word lists"
    )
    p.add_argument(
        "--carries-state", choices=("yes", "no"), help="keras: whether the decoder's GRU is called with its last state"
    )
    p.add_argument(
        "--map", metavar="PLACE=PATH", action="append", help="keras: the path of the layer for this place in the model"
    )
    p.add_argument("--marks", metavar=("START", "END"), nargs=2, help="keras: the words that begin and end a sentence")
    p.add_argument(
        "--padded-to",
        type=WholeNumber(1, 400),
        metavar="N",
        help="keras: the length in tokens to which sources were padded",
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
    """``import``: convert a model in a confined child process and write the checkpoint; notes go to stderr."""
    from s2s.adapters import READERS, recognise_kind
    from s2s.text.segmenters import SEGMENTERS

    if options.kind not in READERS and options.kind != "huggingface":
        raise UserError("import_kind", found=options.kind, known=", ".join([*READERS, "huggingface"]))
    if Path(options.name).name != options.name or options.name.startswith("."):
        raise UserError("import_name", name=options.name)
    import_options = _import_options(options)
    for name in (import_options.source, import_options.target):
        if name is not None and name not in SEGMENTERS:
            raise UserError("segmenter_unknown", found=name, known=", ".join(SEGMENTERS))
    for path in (*options.paths, *import_options.vocabularies):
        if not (path.exists() or (options.kind == "huggingface" and HUB.fullmatch(str(path)))):
            raise UserError("file_missing", file=str(path))
    found = recognise_kind(options.paths[0])
    if found not in (None, options.kind):
        names = {"file": str(options.paths[0]), "kind": found, "given": options.kind, "name": options.name}
        raise UserError("import_other_kind", **names)
    directory = options.out / options.name
    if directory.exists():
        raise UserError("import_exists", directory=str(directory))
    conversion = _huggingface if options.kind == "huggingface" else _other_library
    for note in _convert(conversion(options, import_options), directory):
        print(f"- {note}", file=sys.stderr)
    print(f"Wrote {directory}.", file=sys.stderr)
    return 0


@dataclass(frozen=True)
class Conversion:
    """A task of ``s2s.sandbox.convert``, its values without ``into``, the files that it reads, the model's name."""

    task: str
    values: Mapping[str, Any]
    reads: Sequence[Path]
    model: str


def _other_library(options: argparse.Namespace, stated: ImportOptions) -> Conversion:
    from s2s.adapters import input_files

    values = {**asdict(stated), "vocabularies": list(map(str, stated.vocabularies))}
    paths = list(map(str, options.paths))
    reads = input_files(options.kind, options.paths, stated)
    return Conversion("convert_model", {"kind": options.kind, "paths": paths, "options": values}, reads, paths[0])


def _huggingface(options: argparse.Namespace, stated: ImportOptions) -> Conversion:
    """A model in a local directory, or of the hub, from which it is downloaded first."""
    from s2s.adapters.imported import ImportOptions
    from s2s.model.huggingface.loading import download

    if len(options.paths) > 1 or stated != ImportOptions():
        raise UserError("import_huggingface")
    origin = str(options.paths[0])
    files = options.paths[0] if options.paths[0].exists() else download(origin)
    if not (files / "config.json").is_file():
        disk.refuse_special(files / "config.json")
        raise UserError("file_missing", file=str(files / "config.json"))
    names = ("prefix", "source_language", "target_language")
    settings = {name: getattr(options, name) or "" for name in names}
    values = {"files": str(files), "origin": origin, "settings": settings}
    return Conversion("convert_huggingface", values, [files, *disk.directory_files(files)], origin)


def _convert(conversion: Conversion, directory: Path) -> list[str]:
    """Run the conversion, which may read its files and write to a scratch directory, and move the result into place."""
    from s2s import settings
    from s2s.sandbox.limits import Limits
    from s2s.sandbox.run import LOG, run

    LOG.addHandler(logging.NullHandler())  # on a command's stderr the refusal stands alone
    size = sum(path.stat().st_size for path in conversion.reads if path.is_file()) // 1_000_000  # MB
    most = settings.current()
    memory, file = (1_000_000 * (most.import_memory_mb + times * size) for times in (6, 4))
    limits = Limits(seconds=most.import_seconds + size, memory=memory, file=file, descriptors=1_000)
    notes = list[str]()

    def fill(fresh: Path) -> None:
        made = fresh / directory.name
        task, values = f"s2s.sandbox.convert:{conversion.task}", {**conversion.values, "into": str(made)}
        notes.extend(map(str, run(task, conversion.model, values, conversion.reads, [fresh], limits)))
        disk.unwrap(made, fresh)

    disk.write_directory(directory, fill)
    return notes
