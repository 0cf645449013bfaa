"""Tasks of the confined child that convert another library's model to a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s2s.adapters import READERS, ImportOptions
from s2s.adapters.imported import write_imported


def convert_model(kind: str, paths: list[str], options: Mapping[str, Any], into: str) -> list[str]:
    """Convert a model of one of ``READERS`` to the directory ``into``; returns notes, in sentences."""
    tuples = {"vocabularies": tuple(map(Path, options["vocabularies"])), "marks": tuple(options["marks"])}
    imported = READERS[kind](list(map(Path, paths)), ImportOptions(**{**options, **tuples}))
    write_imported(imported, Path(into))
    return list(imported.origin.notes)


def convert_huggingface(files: str, origin: str, settings: Mapping[str, str], into: str) -> list[str]:
    """Convert a directory of Hugging Face, named ``origin``, to the directory ``into``; returns notes, in sentences."""
    from s2s.checkpoint.huggingface import import_huggingface

    return import_huggingface(files, Path(into), origin=origin, **settings)
