"""Atomic writes: a reader sees the old content of a file or a directory, or the new, also after a power cut."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from s2s.errors import UserError, reason

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # constants of renameat2 (Linux)
INHERITED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # files that the caller opened, such as a shell's <(…)


def refuse_special(path: Path) -> Path:
    """The path of an input. UserError for a FIFO, a socket or a device, which may block or never end, and a long name.

    A missing file passes: its reader says so. So does a pipe that the caller opened, such as a shell's ``<(…)``.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise UserError("file_missing", file=str(path)) from None
        return path
    inherited = stat.S_ISFIFO(mode) and str(path).startswith(INHERITED)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or inherited):
        raise UserError("file_special", file=str(path))
    return path


def directory_files(directory: Path) -> list[Path]:
    """All files below a directory, in order; links are followed to files, not to directories.

    UserError as ``refuse_special`` raises it.
    """
    entries = sorted(directory.rglob("*"))
    return [entry for entry in map(refuse_special, entries) if entry.is_file()]


def write_text(path: Path, text: str) -> None:
    """Replace a file's text atomically. UserError if it cannot be written."""

    def fill(fresh: Path) -> None:
        fresh.write_text(text, encoding="utf-8", newline="")

    write_file(path, fill)


def write_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Replace a file atomically; ``fill`` writes the new content to the path it gets. UserError if that fails."""
    try:
        replace_file(path, fill)
    except OSError as error:
        raise UserError("disk_write", directory=str(path.parent), reason=reason(error)) from None


def replace_file(path: Path, fill: Callable[[Path], object]) -> None:
    """Like ``write_file``, but an OSError is raised unchanged, for callers with a message of their own."""
    fresh = Path(f"{path}.new")
    try:
        fill(fresh)
        sync(fresh)
        os.replace(fresh, path)
        _sync_one(path.parent)
    finally:
        remove(fresh)


@contextmanager
def fresh_files(directory: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield a scratch directory and an empty list; at the end, the files named in the list are moved to ``directory``.

    They are moved one right after the other, or not at all after an exception.
    """
    directory.mkdir(parents=True, exist_ok=True)
    remove_abandoned(directory, ".new-")
    with locked_directory(directory, ".new-") as scratch:
        names = list[str]()
        yield scratch, names
        for name in names:
            sync(scratch / name)
        for name in names:
            os.replace(scratch / name, directory / name)
        _sync_one(directory)


@contextmanager
def locked_directory(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new directory, deleted at the end; until then, or until this process has ended, it is locked (flock)."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        descriptor = None
        with suppress(OSError):  # gone, or on a file system without locks, where nothing is taken for abandoned
            descriptor = _lock(directory, wait=True)
        if directory.exists():  # else somebody took it for abandoned before it was locked
            break
        _unlock(descriptor)
    try:
        yield directory
    finally:
        remove(directory)
        _unlock(descriptor)


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Delete the directories of ``locked_directory`` whose process has ended; one that is in use is not touched."""
    for directory in parent.glob(f"{prefix}*"):
        if directory.is_symlink() or not directory.is_dir():
            continue
        try:
            descriptor = _lock(directory, wait=False)
        except OSError:  # in use, or another user's
            continue
        if descriptor is not None:
            remove(directory)
            _unlock(descriptor)


def _lock(directory: Path, wait: bool) -> int | None:
    """Lock a directory and return the descriptor that holds the lock; None on a system without flock (Windows)."""
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _unlock(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def scratch(directory: Path) -> Path:
    """The hidden path beside ``directory`` in which its next content is assembled.

    It is two levels deep, so that a search for ``*/config.json`` does not find it.
    """
    return directory.with_name(f".{directory.name}.writing") / "new"


def write_directory(directory: Path, fill: Callable[[Path], None]) -> None:
    """Replace a directory atomically; ``fill`` writes the new files to the path it gets.

    UserError if that fails; the old directory is then unchanged.
    """
    recover(directory)
    fresh = scratch(directory)
    try:
        remove(fresh.parent)
        fresh.mkdir(parents=True)
        fill(fresh)
        sync(fresh)
        _swap(fresh, directory)
        _sync_one(directory.parent)
    except OSError as error:
        recover(directory)
        raise UserError("disk_write", directory=str(directory), reason=reason(error)) from None
    finally:
        if directory.exists() or not fresh.with_name("old").exists():
            remove(fresh.parent)


def unwrap(inner: Path, outer: Path) -> None:
    """Replace a directory by one inside it. OSError for a link or a special file, which ``inner`` must not hold."""
    for path in (inner, *inner.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    aside = outer.with_name("inner")
    os.replace(inner, aside)
    remove(outer)
    os.replace(aside, outer)


def readable(directory: Path) -> Path:
    """The path to read a directory from: its own, or that of the old content while it is being replaced."""
    old = scratch(directory).with_name("old")
    return old if old.is_dir() and not directory.exists() else directory


def identity(directory: Path) -> tuple[int, int] | None:
    """A value that changes when the directory is replaced or a file is added or removed; None without a directory."""
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return (status.st_ino, status.st_mtime_ns) if stat.S_ISDIR(status.st_mode) else None


def recover(directory: Path) -> None:
    """Restore a directory whose writer was killed between two renames, on a system that cannot exchange two paths."""
    old = scratch(directory).with_name("old")
    if not directory.exists() and old.exists():
        os.replace(old, directory)


def _swap(fresh: Path, directory: Path) -> None:
    """Move the new directory to the path of the old one."""
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


def sync(path: Path) -> None:
    """Flush a file, or a directory with all below it, to the disk: a rename may reach it before what was written."""
    if path.is_dir() and not path.is_symlink():
        for below in path.iterdir():
            sync(below)
    _sync_one(path)


def _sync_one(path: Path) -> None:
    if os.name == "nt" or not (path.is_file() or path.is_dir()):  # Windows opens no directory, and flushes by itself
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_or_copy(old: str, new: str) -> None:
    """Make a hard link, or a copy where the file system has none; the files must be replaced, never written into."""
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        shutil.copy2(old, new)


def size(path: Path) -> int:
    """The bytes of a file; 0 for a directory, and for what is deleted meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def remove(path: Path) -> None:
    """Delete a file or a directory, ignoring errors."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read_bounded(path: Path, megabytes: int) -> bytes:
    """A file's content. UserError if it is missing, special, or larger than ``megabytes`` million bytes."""
    try:
        with refuse_special(path).open("rb") as file:
            content = file.read(megabytes * 1_000_000 + 1)
    except OSError:
        raise UserError("file_missing", file=str(path)) from None
    if len(content) > megabytes * 1_000_000:
        raise UserError("file_too_large", file=str(path), limit=megabytes)
    return content
