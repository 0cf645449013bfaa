"""Atomic writes: a reader sees the old content of a file or a directory, or the new."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from s2s.errors import UserError

AT_FDCWD, RENAME_EXCHANGE = -100, 2


def write_text(path: Path, text: str) -> None:
    """Replace a file's text; UserError where it cannot be written."""

    def fill(fresh: Path) -> None:
        fresh.write_text(text, encoding="utf-8", newline="")

    write_file(path, fill)


def write_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Replace a file by what ``fill`` writes to the path that it is given; UserError where that fails."""
    try:
        replace_file(path, fill)
    except OSError as error:
        raise UserError("disk_write", directory=str(path.parent), reason=error.strerror) from None


def replace_file(path: Path, fill: Callable[[Path], object]) -> None:
    """``write_file`` for callers that have another message for the OSError, which is raised as it is."""
    fresh = Path(f"{path}.new")
    try:
        fill(fresh)
        os.replace(fresh, path)
    finally:
        remove(fresh)


@contextmanager
def fresh_files(directory: Path) -> Iterator[tuple[Path, list[str]]]:
    """A scratch directory and an empty list: the files that the list names at the end replace the directory's own.

    They are replaced one right after the other; after an exception none is.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=directory) as scratch:
        names = list[str]()
        yield Path(scratch), names
        for name in names:
            os.replace(Path(scratch) / name, directory / name)


def scratch(directory: Path) -> Path:
    """Where the next content of ``directory`` is assembled: beside it, hidden, two levels deep.

    So deep that a search for ``*/config.json`` does not take it for a checkpoint.
    """
    return directory.with_name(f".{directory.name}.writing") / "new"


def write_directory(directory: Path, fill: Callable[[Path], None]) -> None:
    """Replace a directory: a reader sees its old files or its new ones, never some or none.

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
    """The path of the directory's content: its own, or one beside it for the moment in which it is replaced."""
    old = scratch(directory).with_name("old")
    return old if old.is_dir() and not directory.exists() else directory


def identity(directory: Path) -> tuple[int, int] | None:
    """A value that changes when the directory is replaced or a file is added or removed; None without a directory."""
    try:
        found = os.stat(directory)
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns) if stat.S_ISDIR(found.st_mode) else None


def recover(directory: Path) -> None:
    """Put back a directory whose writer was killed between two renames, on a system that cannot exchange two paths."""
    old = scratch(directory).with_name("old")
    if not directory.exists() and old.exists():
        os.replace(old, directory)


def _swap(fresh: Path, directory: Path) -> None:
    """Put the fresh directory in the other's place."""
    if not directory.exists():
        os.replace(fresh, directory)
    elif not _exchange(fresh, directory):
        os.replace(directory, fresh.with_name("old"))
        os.replace(fresh, directory)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two paths in one step (renameat2, Linux); False where the system cannot."""
    if platform.system() != "Linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and not rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)


def remove(path: Path) -> None:
    """Delete a file or a directory, as far as the system permits."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
