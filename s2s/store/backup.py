"""All that people left on a server as one file: the database, if it is SQLite, and the folder of inspections."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from s2s import disk
from s2s.errors import UserError
from s2s.store import database

DATABASE = "database.sqlite"  # members of the tar file: this one, and those below INSPECTED
INSPECTED = "inspected"
UNFINISHED = (".new", ".writing", "-wal", "-shm", "-journal")  # ends of names that a writer or SQLite makes meanwhile


def sqlite_file(url: str | None = None) -> Path | None:
    """The file of a URL's database (default: LOOKBACK_DATABASE); None for PostgreSQL. Raises UserError for others."""
    parsed = database.default_url(url)
    return Path(str(parsed.database)).absolute() if parsed.get_backend_name() == "sqlite" else None


def back_up(file: Path, inspected: Path, source: Path | None) -> int:
    """Write the tar file of a folder and of an SQLite database, while both may be in use; returns the number of files.

    Labels name inspections, and not the reverse: the database comes first, so that each inspection it names is there.
    Raises UserError if the tar file cannot be written or the database cannot be read.
    """
    count = 0

    def fill(fresh: Path) -> None:
        nonlocal count
        with (
            tarfile.open(fresh, "w:gz", compresslevel=1) as tar,
            tempfile.TemporaryDirectory(prefix="lookback-") as scratch,
        ):
            if source is not None and source.exists():
                _copy_database(source, Path(scratch) / DATABASE)
                tar.add(Path(scratch) / DATABASE, DATABASE)
            for path in _files(inspected):
                if path not in (source, file.absolute()) and not path.is_relative_to(Path(scratch).absolute()):
                    with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                        tar.add(path, f"{INSPECTED}/{path.relative_to(inspected).as_posix()}")
            count = len(tar.getmembers())

    disk.write_file(file, fill)
    return count


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as of one moment (SQLite's online backup), even while others write."""
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            if new.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise sqlite3.DatabaseError("integrity_check")
    except sqlite3.Error:
        raise UserError("database_lost", database=str(source)) from None


def _files(folder: Path) -> Iterator[Path]:
    """The finished regular files below a folder, sorted; no link."""
    for path in sorted(folder.absolute().rglob("*")):
        parts = path.relative_to(folder.absolute()).parts
        if path.is_file() and not path.is_symlink() and not any(part.endswith(UNFINISHED) for part in parts):
            yield path


def restore(file: Path, inspected: Path, target: Path | None) -> int:
    """Unpack the tar file of ``back_up`` into an empty folder and a new SQLite file; returns the number of files.

    Raises UserError if something is there already, if ``file`` is no whole backup, or if it has a database of SQLite
    and ``target`` is None.
    """
    for path in (inspected, target):
        if path is not None and (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            raise UserError("restore_occupied", path=str(path))
    inspected.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=inspected.parent) as scratch:
        members = _unpack(file, Path(scratch))
        unpacked = Path(scratch) / DATABASE
        if unpacked.exists() and target is None:
            raise UserError("restore_postgresql", file=str(file))
        (Path(scratch) / INSPECTED).mkdir(exist_ok=True)
        disk.write_directory(inspected, lambda fresh: _move(Path(scratch) / INSPECTED, fresh))
        if unpacked.exists() and target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            disk.write_file(target, lambda fresh: _move(unpacked, fresh))
    return members


def _move(old: Path, new: Path) -> None:
    disk.remove(new)
    shutil.move(old, new)


def _unpack(file: Path, folder: Path) -> int:
    """Unpack a tar file and return the number of its members; only files of the two names are accepted."""
    try:
        with gzip.open(file) as content, tarfile.open(fileobj=content, mode="r:") as tar:
            members = tar.getmembers()
            for member in members:
                first, *rest = PurePosixPath(member.name).parts
                if not member.isfile() or (first, bool(rest)) not in ((DATABASE, False), (INSPECTED, True)):
                    raise UserError("backup_broken", file=str(file))
            tar.extractall(folder, members, filter="data")
            while content.read(1 << 20):  # to the end, where the checksum is
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, ValueError, EOFError):
        raise UserError("backup_broken", file=str(file)) from None
    return len(members)
