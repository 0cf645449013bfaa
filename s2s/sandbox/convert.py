"""Tasks of the confined child that convert another library's model to a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from s2s.adapters import READERS, ImportOptions, tf_archive
from s2s.adapters.imported import write_imported
from s2s.errors import UserError


def convert_model(kind: str, paths: list[str], options: Mapping[str, Any], into: str) -> list[str]:
    """Convert a model of one of ``READERS`` to the directory ``into``; returns notes, in sentences."""
    imported = READERS[kind](list(map(Path, paths)), _options(options, map(Path, options["vocabularies"])))
    write_imported(imported, Path(into))
    return list(imported.origin.notes)


def convert_archive(title: str, content: bytes, into: Path, options: Mapping[str, Any]) -> None:
    """Convert the TensorFlow checkpoint in a visitor's zip to the directory ``into``; errors name the zip's files."""
    theirs = into.with_name("theirs")
    try:
        path, vocabularies = tf_archive.unpack(title, content, theirs, options["vocabularies"])
        imported = READERS["tf-checkpoint"]([path], _options(options, vocabularies))
    except UserError as error:
        if "file" in error.values and str(error.values["file"]) != title:
            error.values["file"] = f"{title}/{Path(str(error.values['file'])).name}"
        raise
    finally:
        shutil.rmtree(theirs, ignore_errors=True)
    made = into.with_name(into.name.rpartition("-")[0] or "model")  # the card calls it as its visitor does
    write_imported(imported, made)
    made.rename(into)


def _options(values: Mapping[str, Any], vocabularies: Iterable[Path]) -> ImportOptions:
    """The options again from plain values."""
    return ImportOptions(**{**values, "vocabularies": tuple(vocabularies), "marks": tuple(values["marks"])})


def convert_huggingface(files: str, origin: str, settings: Mapping[str, str], into: str) -> list[str]:
    """Convert a directory of Hugging Face, named ``origin``, to the directory ``into``; returns notes, in sentences."""
    from s2s.checkpoint.huggingface import import_huggingface

    return import_huggingface(files, Path(into), origin=origin, **settings)
