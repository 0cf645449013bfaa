"""The server's folders: checkpoints, test files that a visitor may name by their path, inspections."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from s2s import locations
from s2s.errors import UserError

HOME = locations.home()
# A folder that the environment variable names is listed alone, without the standard ones.
_LISTED = slice(1 if os.environ.get(locations.CHECKPOINTS) else None)
CHECKPOINTS = tuple(folder.absolute() for folder in locations.checkpoint_folders()[_LISTED])
DATA = Path(os.environ.get("LOOKBACK_DATA") or HOME / "data")
INSPECTED = locations.inspected()
MAX_PATH = 1_000  # characters of a typed path


def resolve_inside(typed: str, folder: Path | None = None) -> Path:
    """The file that a visitor's relative path names inside the allowed folder (default: ``DATA``).

    Raises UserError if the path is absolute, contains ``..``, leaves the folder by a symbolic link, or names no file.
    The message is the same in all these cases, so it does not reveal which other files the server has.
    """
    if not typed.strip():
        raise UserError("path_empty")
    folder = (folder or DATA).resolve()
    path = PurePosixPath(typed.strip())
    try:
        if len(typed) > MAX_PATH or not path.parts or path.is_absolute() or ".." in path.parts:
            raise ValueError(typed)
        file = (folder / path).resolve(strict=True)
        if not file.is_relative_to(folder) or not file.is_file():
            raise ValueError(typed)
    except (OSError, ValueError, RuntimeError):  # also a NUL byte, and symbolic links in a circle
        raise UserError("path_outside", path=typed[:100]) from None
    return file
