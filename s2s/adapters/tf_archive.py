"""A zip with a TensorFlow checkpoint and its vocabulary: the files that are read of it, unpacked side by side."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from s2s.adapters.tf_checkpoint import STATE_FILE
from s2s.checkpoint import archive
from s2s.errors import UserError

READ = re.compile(r"checkpoint|.+\.index|.+\.data-\d{5}-of-\d{5}|.+\.(txt|json)", re.ASCII)
WORDS = (".txt", ".json")
SIDES = (r"source|src|inp|enc", r"target|tgt|trg|targ|out|dec")  # in the name of a vocabulary


def holds_checkpoint(content: bytes) -> bool:
    """Whether a zip lists the index of a TensorFlow checkpoint; False for what is no sound zip."""
    try:
        archive.check_end("", content)
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
    except (UserError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return any(name.endswith(".index") for name in names) and not any(n.endswith("config.json") for n in names)


def unpack(name: str, content: bytes, into: Path, stated: Sequence[str]) -> tuple[Path, tuple[Path, ...]]:
    """The checkpoint, a directory or an index, and its vocabularies: those that are ``stated``, or that names tell.

    UserError for anything unsafe, several checkpoints, and vocabularies of which it is not known whose they are.
    """
    archive.unpack(name, content, into, _members)
    indices = sorted(into.glob("*.index"))
    if len(indices) > 1 and not (into / STATE_FILE).exists():
        raise UserError("archive_several", file=name)
    found = sorted(path.name for path in into.iterdir() if path.suffix in WORDS)
    chosen = list(stated) or found[: len(found) == 1] or _by_side(found)
    if not chosen or not set(chosen) <= set(found):
        raise UserError("archive_words", file=name, found=", ".join(found)[:200] or "–")
    return into if (into / STATE_FILE).exists() else indices[0], tuple(into / word for word in chosen)


def _by_side(names: Sequence[str]) -> list[str]:
    """Source and target, if each side's name is that of exactly one of two files."""
    found = [[name for name in names if re.search(side, name.lower())] for side in SIDES]
    sides = [those[0] for those in found if len(those) == 1]
    return sides if len(names) == len(set(sides)) == 2 else []


def _members(name: str, found: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    members = dict[str, zipfile.ZipInfo]()
    for info in found:
        path = archive.member_path(name, info)
        if info.is_dir() or "__MACOSX" in path.parts or path.name[:1] == "." or not READ.fullmatch(path.name):
            continue
        if info.flag_bits & 0x1:
            raise UserError("archive_encrypted", file=name)
        if path.name in members:
            raise UserError("archive_twice", file=name, member=archive.shown(info))
        members[path.name] = info
    return members
