"""What pages call the models of a folder."""

from __future__ import annotations

from pathlib import Path

from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.find import VIEW
from s2s.checkpoint.title import contrasted, model_title


def title_of(path: Path, language: str) -> str:
    """The title of a checkpoint, whose path may end in a layer and a head."""
    facts = read_facts(path.with_name(path.name.partition(VIEW)[0]))
    return model_title(path.name, facts["config"], language)


def contrasts_of(folder: Path, names: list[str], language: str) -> list[str]:
    """What tells these models of a folder apart where they stand beside each other."""
    return list(contrasted({name: title_of(folder / name, language) for name in names}).values())
