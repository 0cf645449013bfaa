"""Files and directories that are there whole, before, during and after they are written."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from s2s.errors import UserError

AT_FDCWD, RENAME_EXCHANGE = -100, 2


def write_text(path: Path, text: str) -> None:
    """A file that a reader sees as it was or as it is now; UserError where it cannot be written."""

    def fill(fresh: Path) -> None:
        fresh.write_text(text, encoding="utf-8", newline="")

    write_file(path, fill)


def write_file(path: Path, fill: Callable[[Path], None]) -> None:
    """The same for what ``fill`` writes to the path that it is given."""
    fresh = path.with_name(path.name + ".new")
    try:
        fill(fresh)
        os.replace(fresh, path)
    except OSError as error:
        raise UserError("disk_write", directory=str(path.parent), reason=error.strerror) from None
    finally:
        remove(fresh)


def scratch(directory: Path) -> Path:
    """Where the next content of ``directory`` is put together: beside it, hidden, two levels deep.

    So deep that nobody who lists ``*/config.json`` takes it for a checkpoint.
    """
    return directory.with_name(f".{directory.name}.writing") / "new"


def write_directory(directory: Path, fill: Callable[[Path], None]) -> None:
    """A directory that a reader sees with its old files or its new ones, never with some or none.

    ``fill`` writes the new files. Raises UserError where that fails; the old directory is then as it was.
    """
    recover(directory)
    fresh = scratch(directory)
    try:
        remove(fresh.parent)
        fresh.mkdir(parents=True)
        fill(fresh)
        _swap(fresh, directory)
    except OSError as error:
        recover(directory)
        raise UserError("disk_write", directory=str(directory), reason=error.strerror or str(error)) from None
    finally:
        if directory.exists() or not fresh.with_name("old").exists():
            remove(fresh.parent)


def readable(directory: Path) -> Path:
    """Where the directory's content is: there, or beside it for the moment in which it is replaced."""
    old = scratch(directory).with_name("old")
    return old if old.is_dir() and not directory.exists() else directory


def identity(directory: Path) -> tuple[int, int] | None:
    """Another value once the directory or its list of files is another; None where there is none."""
    try:
        found = os.stat(directory)
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns) if stat.S_ISDIR(found.st_mode) else None


def recover(directory: Path) -> None:
    """Put back a directory whose writer was killed where the system cannot exchange two at once."""
    old = scratch(directory).with_name("old")
    if not directory.exists() and old.exists():
        os.replace(old, directory)


def _swap(fresh: Path, directory: Path) -> None:
    """The fresh directory takes the other's place."""
    if not directory.exists():
        os.replace(fresh, directory)
    elif not _exchange(fresh, directory):
        os.replace(directory, fresh.with_name("old"))
        os.replace(fresh, directory)


def _exchange(one: Path, other: Path) -> bool:
    """Two paths change places in one step (renameat2, Linux); False where that cannot be done."""
    if platform.system() != "Linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and not rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)


def remove(path: Path) -> None:
    """Take a file or a directory away, as far as the system lets us."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
