"""The server's folders: checkpoints, test files that a visitor may name by their path, inspections."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from s2s import locations
from s2s.errors import UserError

HOME = locations.home()
_ALONE = slice(
    1 if os.environ.get(locations.CHECKPOINTS) else None
)  # who names a folder wants the app to list no other
CHECKPOINTS = tuple(folder.absolute() for folder in locations.checkpoint_folders()[_ALONE])
DATA = Path(os.environ.get("LOOKBACK_DATA") or HOME / "data")
INSPECTED = Path(os.environ.get("LOOKBACK_INSPECTED") or HOME / "inspected")
MAX_PATH = 1_000  # characters at most, of a typed path


def within(typed: str, folder: Path | None = None) -> Path:
    """The file of the allowed folder (``DATA``) that a visitor's relative path names.

    Raises UserError, one sentence for all, where there is none: the path is absolute, holds ``..``, leads
    out of the folder by a symbolic link, or names no file. So nobody learns what else the server holds.
    """
    folder = (folder or DATA).resolve()
    path = PurePosixPath(typed.strip())
    try:
        if len(typed) > MAX_PATH or not path.parts or path.is_absolute() or ".." in path.parts:
            raise ValueError(typed)
        found = (folder / path).resolve(strict=True)
        if not found.is_relative_to(folder) or not found.is_file():
            raise ValueError(typed)
    except (OSError, ValueError, RuntimeError):  # also a byte 0, a loop of links
        raise UserError("path_outside", path=typed[:100]) from None
    return found
