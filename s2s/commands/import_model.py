"""The command ``import``: a model of another library becomes a checkpoint."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s import disk
from s2s.commands.arguments import WholeNumber
from s2s.errors import UserError
from s2s.sandbox import stated

if TYPE_CHECKING:
    from s2s.adapters.imported import ImportOptions
    from s2s.commands.arguments import Commands

HUB = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)  # a model's name on huggingface.co
OPTIONS = {  # the options that apply to some kinds only
    "keras": stated.OPTIONS,
    "tf-checkpoint": stated.OPTIONS,
    "pytorch-tutorial": {"vocab"},
    "huggingface": {"prefix", "source_language", "target_language"},
}


def add_import_command(commands: Commands) -> None:
    """Add the command ``import`` and its options."""
    p = commands.add_parser("import", help="convert a model of another library to a checkpoint (docs/IMPORT.md)")
    p.set_defaults(run=import_model)
    kinds = "joeynmt, opennmt, keras, tf-checkpoint, pytorch-tutorial, huggingface"
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
            f"--{side}-language",
            metavar="NAME",
            help=f"huggingface: the {side} language, as a multilingual model calls it",
        )
    p.add_argument(
        "--prefix", metavar="TEXT", help="huggingface: text to put before every source, as in the training of T5"
    )
    stated.add_options(p, WholeNumber(1, stated.LONGEST))


def _stated(options: argparse.Namespace) -> ImportOptions:
    """The options as a record. UserError for one that does not apply to the kind, or has an invalid value."""
    for name in sorted(set().union(*OPTIONS.values()) - OPTIONS.get(options.kind, set())):
        if getattr(options, name) is not None:
            raise UserError("option_conflict", option=f"--{name.replace('_', '-')}", other=options.kind)
    return stated.import_options(options)


def import_model(options: argparse.Namespace, command: str) -> int:
    """``import``: convert a model in a confined child process and write the checkpoint; notes go to stderr."""
    from s2s.adapters import READERS, recognise_kind

    if options.kind not in READERS and options.kind != "huggingface":
        raise UserError("import_kind", found=options.kind, known=", ".join([*READERS, "huggingface"]))
    if Path(options.name).name != options.name or options.name.startswith("."):
        raise UserError("import_name", name=options.name)
    told = _stated(options)
    for path in (*options.paths, *told.vocabularies):
        if not (path.exists() or _is_known(options.kind, path)):
            raise UserError("file_missing", file=str(path))
    found = recognise_kind(options.paths[0])
    if found not in (None, options.kind):
        names = {"file": str(options.paths[0]), "kind": found, "given": options.kind, "name": options.name}
        raise UserError("import_other_kind", **names)
    directory = options.out / options.name
    if directory.exists():
        raise UserError("import_exists", directory=str(directory))
    conversion = _huggingface if options.kind == "huggingface" else _other_library
    for note in _convert(conversion(options, told), directory):
        print(f"- {note}", file=sys.stderr)
    print(f"Wrote {directory}.", file=sys.stderr)
    return 0


def _is_known(kind: str, path: Path) -> bool:
    """Whether a path that is no file names a model: one of the hub, or a TensorFlow checkpoint without its ending."""
    if kind == "huggingface":
        return HUB.fullmatch(str(path)) is not None
    return kind == "tf-checkpoint" and path.with_name(f"{path.name}.index").exists()


@dataclass(frozen=True)
class Conversion:
    """A task of ``s2s.sandbox.convert``, its values without ``into``, the files that it reads, the model's name."""

    task: str
    values: Mapping[str, Any]
    reads: Sequence[Path]
    model: str


def _other_library(options: argparse.Namespace, told: ImportOptions) -> Conversion:
    from s2s.adapters import input_files

    values = stated.plain(told)
    paths = list(map(str, options.paths))
    reads = input_files(options.kind, options.paths, told)
    return Conversion("convert_model", {"kind": options.kind, "paths": paths, "options": values}, reads, paths[0])


def _huggingface(options: argparse.Namespace, told: ImportOptions) -> Conversion:
    """A model in a local directory, or of the hub, from which it is downloaded first."""
    from s2s.adapters.imported import ImportOptions
    from s2s.model.huggingface.loading import download

    if len(options.paths) > 1 or told != ImportOptions():
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
