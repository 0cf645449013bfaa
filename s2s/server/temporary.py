"""Temporary files of this server process, in a directory of its own that the next server removes after a kill."""

from __future__ import annotations

import atexit
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from s2s import disk
from s2s.server import folders

PREFIX = "lookback-server-"
ABANDONED = 3_600.0  # seconds without a change after which a file that is being written belongs to a dead process
UNFINISHED = ("*.new", ".*.writing")  # names of what ``disk`` writes before it renames it
_LOCK = threading.Lock()
_held = contextlib.ExitStack()
_directories: list[Path] = []  # at most one


def directory() -> Path:
    """The directory of this process. The first call removes what dead processes left."""
    with _LOCK:
        if not _directories or not _directories[0].is_dir():  # something may have cleaned /tmp
            clean()
            folder = Path(tempfile.gettempdir())
            _directories[:] = [_held.enter_context(disk.locked_directory(folder, PREFIX))]
        return _directories[0]


def subdirectory() -> Path:
    """A new empty directory, which whoever asked for it removes."""
    return Path(tempfile.mkdtemp(dir=directory()))


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new empty directory, removed at the end."""
    with tempfile.TemporaryDirectory(dir=directory()) as folder:
        yield Path(folder)


def clean() -> None:
    """Remove temporary directories of dead processes, and files among the inspections that nobody writes any more."""
    disk.remove_abandoned(Path(tempfile.gettempdir()), PREFIX)
    for pattern in UNFINISHED:
        for path in folders.INSPECTED.rglob(pattern):
            if time.time() - _last_change(path) > ABANDONED:  # a replica with the same folder may be writing others
                disk.remove(path)


def _last_change(path: Path) -> float:
    """The time of the last change in a file or a directory, in seconds since 1970; now if it is gone."""
    try:
        return max(part.lstat().st_mtime for part in (path, *path.rglob("*")))
    except OSError:
        return time.time()


def end() -> None:
    """Remove the directory of this process."""
    _held.close()


atexit.register(end)
